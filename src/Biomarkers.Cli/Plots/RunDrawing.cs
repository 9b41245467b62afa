using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Cli.Plots;

/// <summary>Makes drawings of the curves of a run.</summary>
internal static class RunDrawing
{
    /// <summary>The curve of one analyte with its calibrators, the samples that were read off it, and the range that it reports.</summary>
    /// <param name="curve">The curve.</param>
    /// <param name="results">Results of the run.</param>
    /// <param name="plate">Barcode.</param>
    /// <param name="kind">What the detector counted.</param>
    /// <param name="scale">Spacing of responses; null to see from the calibrators.</param>
    public static CurveDrawing Of(StandardCurve curve, IReadOnlyList<SampleResult> results, string plate, ResponseKind kind, ResponseScale? scale)
    {
        CalibratorResult[] levels = [.. curve.Calibrators.Where(calibrator => calibrator.MeanResponse is not null)];
        double[] positive = [.. levels.Select(level => level.Nominal).Where(nominal => nominal > 0)];
        return new CurveDrawing
        {
            Title = $"{plate}: {curve.Analyte}, {curve.Fit.Model.Id}, weights {curve.Fit.Weighting.Id}{(!curve.Fit.IsUsable ? " - no usable curve" : curve.IsAccepted ? "" : " - curve rejected")}",
            Scale = scale,
            ConcentrationTitle = $"{curve.Analyte} ({curve.Unit.Code})",
            ResponseTitle = $"Response ({CommandConsole.WordOf(kind).Replace('-', ' ')})",
            Curve = positive.Length > 0 ? FitDrawing.CurveOf(curve.Fit, positive.Min(), positive.Max()) : [],
            ZeroResponse = FitDrawing.ZeroOf(curve.Fit),
            // The points of the fit where they are at hand, else the means of the levels.
            Calibrators = curve.Diagnosis is { } diagnosis
                ? [.. diagnosis.Points.Select(point => new DrawnPoint(point.Concentration, point.Response))]
                : [.. levels.Select(level => new DrawnPoint(level.Nominal, level.MeanResponse!.Value))],
            Samples =
            [
                .. from result in results
                   where result.Analyte == curve.Analyte && result.Concentration is not null && result.MeanResponse is not null
                   select new DrawnSample(
                       result.Concentration!.Value / result.DilutionFactor, result.MeanResponse!.Value, result.Lower / result.DilutionFactor, result.Upper / result.DilutionFactor),
            ],
            Lloq = curve.Range?.Lloq,
            Uloq = curve.Range?.Uloq,
        };
    }
}

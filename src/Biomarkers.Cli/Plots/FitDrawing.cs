using Biomarkers.Cli.Fitting;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Intervals;

namespace Biomarkers.Cli.Plots;

/// <summary>Makes drawings of fits.</summary>
internal static class FitDrawing
{
    private const int PlaceCount = 201;

    /// <summary>The answer of <c>biomarkers fit</c>; the file gives concentrations and responses no unit.</summary>
    public static CurveDrawing Of(FittedCurve fitted, FitAnswer answer, string fileName, ResponseScale? scale)
    {
        double[] positive = [.. fitted.Problem.Concentrations.Where(concentration => concentration > 0)];
        return new CurveDrawing
        {
            Title = $"{fileName}: {answer.Model}, weights {answer.Weights}{(answer.RobustLoss is { } loss ? $", robust ({CommandConsole.WordOf(loss)})" : "")}"
                + (fitted.Fit.IsUsable ? "" : " - no usable curve"),
            Scale = scale,
            ConcentrationTitle = "Concentration (unit of the file)",
            ResponseTitle = "Response (unit of the file)",
            Curve = positive.Length > 0 ? CurveOf(fitted.Fit, positive.Min(), positive.Max()) : [],
            ZeroResponse = ZeroOf(fitted.Fit),
            Calibrators = [.. fitted.Problem.Concentrations.Select((concentration, i) => new DrawnPoint(concentration, fitted.Problem.Responses[i], IsLessened(fitted, i)))],
            Samples =
            [
                .. from prediction in answer.Predictions ?? []
                   where prediction.Concentration is not null
                   select new DrawnSample(prediction.Concentration!.Value, prediction.Response, prediction.Lower, prediction.Upper),
            ],
            Lloq = null,
            Uloq = null,
        };
    }

    private static bool IsLessened(FittedCurve fitted, int point) => fitted.Robust?.PointWeights is { Count: > 0 } weights && weights[point] < 0.5;

    /// <summary>Response at 0 of a curve that has one.</summary>
    public static double? ZeroOf(CurveFit fit) => fit.IsUsable && fit.Model.AllowsZeroConcentration ? fit.Response(0) : null;

    /// <summary>Places of a curve at equal distances of ln concentration, ends included.</summary>
    public static CurvePlace[] CurveOf(CurveFit fit, double lowest, double highest)
    {
        if (!fit.IsUsable)
        {
            return [];
        }

        var places = new CurvePlace[PlaceCount];
        for (int i = 0; i < places.Length; i++)
        {
            double part = (double)i / (places.Length - 1);
            double concentration = i == 0 ? lowest : i == places.Length - 1 ? highest : Math.Exp((Math.Log(lowest) * (1 - part)) + (Math.Log(highest) * part));
            CurveBand? band = FitIntervals.BandAt(fit, concentration);
            places[i] = new CurvePlace(concentration, fit.Response(concentration), band?.Curve, band?.Well);
        }

        return places;
    }
}

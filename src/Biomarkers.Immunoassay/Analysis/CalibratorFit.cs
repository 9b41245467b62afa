using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Immunoassay.QualityControl.Rules;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>A curve fitted to some calibrator levels, and the levels judged by it.</summary>
/// <param name="Fit">The fit.</param>
/// <param name="Problem">What was fitted.</param>
/// <param name="Points">The points of the fit, in the order of the problem.</param>
/// <param name="Calibrators">Every level, by concentration.</param>
/// <param name="WeightlessWells">Wells that were left out, because the weighting gives them no weight.</param>
internal sealed record CalibratorFit(
    CurveFit Fit, CurveFitProblem Problem, IReadOnlyList<CalibratorPoint> Points, CalibratorResult[] Calibrators, WellPosition[] WeightlessWells)
{
    /// <summary>Fits and judges.</summary>
    public static CalibratorFit Of(AnalyteSpecification analyte, CurveModel model, Weighting weighting, IReadOnlyList<CalibratorLevel> levels, RuleEntry? recoveryRule)
    {
        bool HasWeight(CalibratorPoint point) => weighting.IsDefinedFor(point.Response) && (point.Response > 0 || !model.FitsLnResponse);
        CalibratorPoint[] points = [.. levels.SelectMany(level => level.Points(analyte.FitBasis))];
        CalibratorPoint[] placed = [.. points.Where(point => HasWeight(point) && (point.Nominal > 0 || model.AllowsZeroConcentration))];
        var problem = new CurveFitProblem(
            model, weighting, [.. placed.Select(point => point.Nominal)], [.. placed.Select(point => point.Response)], analyte.FixedParameters)
        {
            WellCounts = [.. placed.Select(point => point.Wells.Count)],
        };
        CurveFit fit = placed.Length > 0 ? CurveFitter.Fit(problem, CurveFitOptions.Default) : WithoutPoints(problem);
        var inFit = placed.Select(point => point.Level).ToHashSet();
        return new CalibratorFit(
            fit,
            problem,
            placed,
            [.. levels.Select(level => Result(analyte, level, fit, inFit.Contains(level.Name), recoveryRule))],
            [.. points.Where(point => !HasWeight(point)).SelectMany(point => point.Wells).Order()]);
    }

    private static CurveFit WithoutPoints(CurveFitProblem problem) => new()
    {
        Model = problem.Model,
        Weighting = problem.Weighting,
        Parameters = [],
        Covariance = null,
        WeightedSumOfSquares = 0,
        DegreesOfFreedom = 0,
        Termination = FitTermination.TooFewLevels,
        IterationCount = 0,
        ConditionNumber = null,
        ParametersAtBound = [],
        Failure = "No calibrator well gives a point to fit.",
    };

    private static CalibratorResult Result(AnalyteSpecification analyte, CalibratorLevel level, CurveFit fit, bool inFit, RuleEntry? recoveryRule)
    {
        double[] responses = level.Responses;
        double? backCalculated = fit.IsUsable && level.MeanResponse is { } mean ? ConcentrationOf(fit, mean) : null;
        double? recovery = level.Nominal > 0 ? 100 * backCalculated / level.Nominal : null;
        bool isJudged = level.Kind == CalibratorKind.Calibrator && fit.IsUsable && !level.IsMasked && recoveryRule is not null;
        double?[] wellConcentrations = [.. responses.Select(response => fit.IsUsable ? ConcentrationOf(fit, response) : null)];
        double?[] wellRecoveries = isJudged ? [.. wellConcentrations.Select(concentration => 100 * concentration / level.Nominal)] : [];
        return new CalibratorResult(
            level.Name,
            level.Kind,
            level.Nominal,
            level.Positions,
            level.MeanResponse,
            ReplicateStatistics.CvPercent(responses),
            backCalculated,
            recovery,
            inFit,
            // A level that a rule masked failed before the curve was fitted without it, whatever that curve makes of it.
            isJudged ? !level.IsMaskedByRule && CalibratorRecoveryRule.IsMet(analyte, level.Nominal, recovery, wellRecoveries, recoveryRule!) : null,
            wellConcentrations);
    }

    private static double? ConcentrationOf(CurveFit fit, double response) =>
        fit.Invert(response) is { Status: InversionStatus.Found } inversion && double.IsFinite(inversion.Concentration) ? inversion.Concentration : null;
}

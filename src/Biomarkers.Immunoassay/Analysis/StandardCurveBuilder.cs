using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Immunoassay.QualityControl.Rules;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>From calibrator wells to a fitted curve, its calibrators and its range.</summary>
internal static class StandardCurveBuilder
{
    /// <summary>Fits the curve of one analyte and judges its calibrators by the limits of the pack. Rejected calibrators stay in the fit:
    /// to leave one out is a reviewer's decision.</summary>
    /// <exception cref="ArgumentException">The model or the weighting is not known: the assay was not checked, a bug of the caller.</exception>
    public static AnalyteEvidence Build(AnalyteSpecification analyte, AnalyteResponses responses, IReadOnlyList<CalibratorGroup> groups, RulePack pack)
    {
        if (!CurveModels.TryFind(analyte.CurveModel, out CurveModel? model) || !Weighting.TryParse(analyte.Weights, out Weighting? weighting))
        {
            throw new ArgumentException($"Expected a checked assay, got model '{analyte.CurveModel}' with weights '{analyte.Weights}'.", nameof(analyte));
        }

        Level[] levels = [.. LevelsOf(analyte, responses, groups)];
        List<Point> points = PointsOf(analyte.FitBasis, levels);
        bool HasWeight(Point point) => weighting.IsDefinedFor(point.Response) && (point.Response > 0 || !model.FitsLnResponse);
        List<Point> weightless = [.. points.Where(point => !HasWeight(point))];
        List<Point> placed = [.. points.Where(point => HasWeight(point) && (point.Nominal > 0 || model.AllowsZeroConcentration))];
        var problem = new CurveFitProblem(
            model, weighting, [.. placed.Select(point => point.Nominal)], [.. placed.Select(point => point.Response)], analyte.FixedParameters)
        {
            WellCounts = [.. placed.Select(point => point.Wells.Count)],
        };
        CurveFit fit = placed.Count > 0 ? CurveFitter.Fit(problem, CurveFitOptions.Default) : WithoutPoints(problem);

        var inFit = placed.Select(point => point.Level).ToHashSet();
        RuleEntry? recoveryRule = pack.Find(CalibratorRecoveryRule.RuleId);
        CalibratorResult[] calibrators = [.. levels.Select(level => Result(analyte, level, fit, inFit.Contains(level.Name), recoveryRule))];
        QuantificationRange? range = fit.IsUsable ? QuantificationLimits.Of(analyte, calibrators) : null;
        RuleEntry? acceptanceRule = pack.Find(CurveAcceptanceRule.RuleId);
        bool isAccepted = fit.IsUsable && range is not null && (acceptanceRule is null || CurveAcceptanceRule.HasEnoughLevels(calibrators, acceptanceRule));
        var curve = new StandardCurve(analyte.Analyte, analyte.Unit, fit, calibrators, isAccepted, range, responses.BlankMeanResponse);
        return new AnalyteEvidence(analyte, responses, curve, [.. weightless.SelectMany(point => point.Wells).Order()]);
    }

    // An analyte without an assigned concentration takes no point from a calibrator. One order of the levels gives the fit one set of bits.
    private static IEnumerable<Level> LevelsOf(AnalyteSpecification analyte, AnalyteResponses responses, IReadOnlyList<CalibratorGroup> groups) =>
        from calibratorGroup in groups
        let nominal = calibratorGroup.Calibrator.Nominals.FirstOrDefault(candidate => candidate.Analyte == analyte.Analyte)
        where nominal is not null
        let concentration = nominal.Concentration.In(analyte.Unit).Value
        orderby concentration, calibratorGroup.Wells[0]
        select new Level(
            calibratorGroup.Calibrator.Name,
            calibratorGroup.Calibrator.Kind,
            concentration,
            responses.Measured(calibratorGroup.Wells),
            calibratorGroup.Wells.All(well => responses.Wells[well].Status == WellStatus.Masked));

    private static List<Point> PointsOf(FitBasis basis, IEnumerable<Level> levels) => basis switch
    {
        FitBasis.Wells => [.. levels.SelectMany(level => level.Wells.Select(well => new Point(level.Name, level.Nominal, well.Response!.Value, [well.Position])))],
        FitBasis.ReplicateMeans =>
        [
            .. levels.Where(level => level.Wells.Count > 0)
                .Select(level => new Point(level.Name, level.Nominal, level.MeanResponse!.Value, level.Positions)),
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(basis), basis, "The basis of the fit is not known."),
    };

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

    private static CalibratorResult Result(AnalyteSpecification analyte, Level level, CurveFit fit, bool inFit, RuleEntry? recoveryRule)
    {
        double? backCalculated = fit.IsUsable && level.MeanResponse is { } mean ? ConcentrationOf(fit, mean) : null;
        double? recovery = level.Nominal > 0 ? 100 * backCalculated / level.Nominal : null;
        bool isJudged = level.Kind == CalibratorKind.Calibrator && fit.IsUsable && !level.IsMasked && recoveryRule is not null;
        double?[] wellConcentrations = [.. level.Responses.Select(response => fit.IsUsable ? ConcentrationOf(fit, response) : null)];
        double?[] wellRecoveries = isJudged ? [.. wellConcentrations.Select(concentration => 100 * concentration / level.Nominal)] : [];
        return new CalibratorResult(
            level.Name,
            level.Kind,
            level.Nominal,
            level.Positions,
            level.MeanResponse,
            ReplicateStatistics.CvPercent(level.Responses),
            backCalculated,
            recovery,
            inFit,
            isJudged ? CalibratorRecoveryRule.IsMet(analyte, level.Nominal, recovery, wellRecoveries, recoveryRule!) : null,
            wellConcentrations);
    }

    private static double? ConcentrationOf(CurveFit fit, double response) =>
        fit.Invert(response) is { Status: InversionStatus.Found } inversion && double.IsFinite(inversion.Concentration) ? inversion.Concentration : null;

    /// <summary>One point of the fit: a well, or the mean of a level.</summary>
    private sealed record Point(string Level, double Nominal, double Response, IReadOnlyList<WellPosition> Wells);

    /// <summary>One calibrator level of one analyte.</summary>
    private sealed record Level(string Name, CalibratorKind Kind, double Nominal, IReadOnlyList<WellResponse> Wells, bool IsMasked)
    {
        public IReadOnlyList<WellPosition> Positions { get; } = [.. Wells.Select(well => well.Position)];

        public double[] Responses { get; } = [.. Wells.Select(well => well.Response!.Value)];

        public double? MeanResponse => Responses.Length > 0 ? ReplicateStatistics.Mean(Responses) : null;
    }
}

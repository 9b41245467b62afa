using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Cli.Servers;

/// <summary>Runs and results that a server answered, as the domain has them: a run is shown the same way wherever it was computed.</summary>
internal static class RunMessages
{
    /// <summary>A whole run.</summary>
    /// <param name="run">The run with curves, controls and findings.</param>
    /// <param name="results">Its results.</param>
    public static AnalyticalRun ToRun(V1.AnalyticalRun run, IEnumerable<V1.Result> results) => new(
        ContentHash.Parse(run.InputsSha256),
        run.EngineVersion,
        Names.LastOf(run.Assay),
        run.RulePack,
        Names.ToDomain<RunVerdict>(run.Verdict),
        [.. run.Criteria.Select(ToCriterion)],
        [.. run.Curves.Select(ToCurve)],
        [.. run.Controls.Select(ToControl)],
        [.. results.Select(ToResult)],
        [.. run.Flags.Select(ToFlag)]);

    /// <summary>One acceptance criterion.</summary>
    public static AcceptanceCriterion ToCriterion(V1.AcceptanceCriterion criterion) => new(
        criterion.Code,
        Names.NullIfEmpty(criterion.Analyte),
        Names.ToDomain<CriterionOutcome>(criterion.Outcome),
        criterion.HasObserved ? criterion.Observed : null,
        criterion.HasLimit ? criterion.Limit : null,
        Names.NullIfEmpty(criterion.Clause),
        criterion.Text);

    /// <summary>One result.</summary>
    public static SampleResult ToResult(V1.Result result) => new()
    {
        SampleId = result.SampleId,
        Analyte = result.Analyte,
        Unit = UnitOf(result.Unit),
        DilutionFactor = result.DilutionFactor,
        Wells = WellsOf(result.Wells),
        RangeStatus = Names.ToDomain<RangeStatus>(result.RangeStatus),
        Concentration = result.HasConcentration ? result.Concentration : null,
        Limit = result.HasLimit ? result.Limit : null,
        Lower = result.HasLower ? result.Lower : null,
        Upper = result.HasUpper ? result.Upper : null,
        CvPercent = result.HasCvPercent ? result.CvPercent : null,
        ExtrapolatedConcentration = result.HasExtrapolatedConcentration ? result.ExtrapolatedConcentration : null,
        MeanResponse = result.HasMeanResponse ? result.MeanResponse : null,
        ResponseVariance = result.HasResponseVariance ? result.ResponseVariance : null,
        LnConcentrationGradient = result.LnConcentrationGradient.Count == 0 ? null : [.. result.LnConcentrationGradient],
        FlagCodes = result.FlagCodes,
    };

    private static StandardCurve ToCurve(V1.StandardCurve curve)
    {
        var fit = new CurveFit
        {
            Model = CurveModels.TryFind(curve.Model, out CurveModel? model) ? model : throw Names.Unknown("model", curve.Model),
            Weighting = Weighting.TryParse(curve.Weights, out Weighting? weighting) ? weighting : throw Names.Unknown("weights", curve.Weights),
            Parameters = [.. curve.Parameters.Select(parameter => parameter.Value)],
            Covariance = curve.Covariance.Count == 0 ? null : [.. curve.Covariance],
            WeightedSumOfSquares = curve.WeightedSumOfSquares,
            DegreesOfFreedom = curve.DegreesOfFreedom,
            Termination = Names.ToDomain<FitTermination>(curve.Termination),
            IterationCount = curve.IterationCount,
            ConditionNumber = curve.HasConditionNumber ? curve.ConditionNumber : null,
            ParametersAtBound = [.. curve.Parameters.Where(parameter => parameter.AtBound).Select(parameter => parameter.Name)],
            Failure = Names.NullIfEmpty(curve.Failure),
        };
        return new StandardCurve(
            curve.Analyte,
            UnitOf(curve.Unit),
            fit,
            [.. curve.Calibrators.Select(ToCalibrator)],
            curve.Accepted,
            curve.Range is null ? null : new QuantificationRange(curve.Range.Lloq, curve.Range.Uloq),
            curve.HasBlankMeanResponse ? curve.BlankMeanResponse : null);
    }

    private static CalibratorResult ToCalibrator(V1.CalibratorResult calibrator) => new(
        calibrator.Name,
        Names.ToDomain<CalibratorKind>(calibrator.Kind),
        calibrator.Nominal,
        WellsOf(calibrator.Wells),
        calibrator.HasMeanResponse ? calibrator.MeanResponse : null,
        calibrator.HasResponseCvPercent ? calibrator.ResponseCvPercent : null,
        calibrator.HasBackCalculated ? calibrator.BackCalculated : null,
        calibrator.HasRecoveryPercent ? calibrator.RecoveryPercent : null,
        calibrator.InFit,
        calibrator.HasAccepted ? calibrator.Accepted : null,
        [.. calibrator.WellConcentrations.Select(well => well.HasConcentration ? well.Concentration : (double?)null)]);

    private static ControlResult ToControl(V1.ControlResult control) => new(
        control.Level,
        control.SetNumber,
        Names.NullIfEmpty(control.LotNumber),
        control.Analyte,
        control.HasNominal ? control.Nominal : null,
        WellsOf(control.Wells),
        control.HasMeanResponse ? control.MeanResponse : null,
        control.HasConcentration ? control.Concentration : null,
        control.HasRecoveryPercent ? control.RecoveryPercent : null,
        control.HasCvPercent ? control.CvPercent : null,
        control.HasAccepted ? control.Accepted : null);

    private static QcFlag ToFlag(V1.QcFlag flag) => new(
        flag.Code,
        Names.ToDomain<FlagLevel>(flag.Level),
        Names.ToDomain<FlagSeverity>(flag.Severity),
        flag.Rule,
        Names.NullIfEmpty(flag.Analyte),
        Names.NullIfEmpty(flag.Subject),
        flag.HasObserved ? flag.Observed : null,
        flag.HasLimit ? flag.Limit : null,
        Names.NullIfEmpty(flag.Clause),
        WellsOf(flag.Wells),
        flag.Text);

    private static ConcentrationUnit UnitOf(string code) => ConcentrationUnit.TryParse(code, out ConcentrationUnit? unit) ? unit : throw Names.Unknown("unit", code);

    private static WellPosition[] WellsOf(IEnumerable<string> wells) =>
        [.. wells.Select(well => WellPosition.TryParse(well, out WellPosition position) ? position : throw Names.Unknown("well", well))];
}

using System.Globalization;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;

namespace Biomarkers.Storage;

/// <summary>Rows of a run, both ways: what is read back equals what was saved, to the last bit.</summary>
internal static class RunMapping
{
    public static StandardCurveTable ToRow(long runKey, int ordinal, StandardCurve curve) => new()
    {
        RunKey = runKey,
        Ordinal = ordinal,
        Analyte = curve.Analyte,
        Unit = curve.Unit.Code,
        Model = curve.Fit.Model.Id,
        Weights = curve.Fit.Weighting.Id,
        Parameters = RowMapping.ToBytes(curve.Fit.Parameters),
        Covariance = curve.Fit.Covariance is { } covariance ? RowMapping.ToBytes(covariance) : null,
        // A fit that could not begin has no residuals: absent, not zero.
        WeightedSumOfSquares = curve.Fit.Parameters.Length > 0 ? curve.Fit.WeightedSumOfSquares : null,
        DegreesOfFreedom = curve.Fit.DegreesOfFreedom,
        Termination = (int)curve.Fit.Termination,
        IterationCount = curve.Fit.IterationCount,
        ConditionNumber = curve.Fit.ConditionNumber,
        ParametersAtBound = string.Join(' ', curve.Fit.ParametersAtBound),
        Failure = curve.Fit.Failure,
        IsAccepted = curve.IsAccepted,
        Lloq = curve.Range?.Lloq,
        Uloq = curve.Range?.Uloq,
        BlankMeanResponse = curve.BlankMeanResponse,
        Calibrators = RowMapping.ToJson(curve.Calibrators),
    };

    public static StandardCurve ToCurve(StandardCurveTable row) => new(
        row.Analyte,
        UnitOf(row.Unit),
        new CurveFit
        {
            Model = CurveModels.TryFind(row.Model, out CurveModel? model) ? model : throw new InvalidDataException($"A stored curve has the unknown model '{row.Model}'."),
            Weighting = Weighting.TryParse(row.Weights, out Weighting? weighting) ? weighting : throw new InvalidDataException($"A stored curve has the unknown weighting '{row.Weights}'."),
            Parameters = RowMapping.ToDoubles(row.Parameters),
            Covariance = row.Covariance is { } covariance ? RowMapping.ToDoubles(covariance) : null,
            WeightedSumOfSquares = row.WeightedSumOfSquares ?? 0,
            DegreesOfFreedom = row.DegreesOfFreedom,
            Termination = (FitTermination)row.Termination,
            IterationCount = row.IterationCount,
            ConditionNumber = row.ConditionNumber,
            ParametersAtBound = RowMapping.Words(row.ParametersAtBound),
            Failure = row.Failure,
        },
        RowMapping.FromJson<IReadOnlyList<CalibratorResult>>(row.Calibrators),
        row.IsAccepted,
        row.Lloq is { } lloq && row.Uloq is { } uloq ? new QuantificationRange(lloq, uloq) : null,
        row.BlankMeanResponse);

    public static ControlPointTable ToRow(long runKey, int ordinal, ControlResult control) => new()
    {
        RunKey = runKey,
        Ordinal = ordinal,
        Analyte = control.Analyte,
        Level = control.Level,
        SetNumber = control.SetNumber,
        LotNumber = control.LotNumber,
        Nominal = control.Nominal,
        MeanResponse = control.MeanResponse,
        Concentration = control.Concentration,
        RecoveryPercent = control.RecoveryPercent,
        CvPercent = control.CvPercent,
        IsAccepted = control.IsAccepted,
        Wells = RowMapping.ToText(control.Wells),
    };

    public static ControlResult ToControl(ControlPointTable row) => new(
        row.Level,
        row.SetNumber,
        row.LotNumber,
        row.Analyte,
        row.Nominal,
        RowMapping.ToWells(row.Wells),
        row.MeanResponse,
        row.Concentration,
        row.RecoveryPercent,
        row.CvPercent,
        row.IsAccepted);

    public static LotReference ToLot(RunLotTable row) =>
        new((LotKind)row.Kind, row.LotNumber, row.ExpiryDate is { } date ? DateOnly.Parse(date, CultureInfo.InvariantCulture) : null);

    public static RunLotTable ToRow(long runKey, int ordinal, LotReference lot) => new()
    {
        RunKey = runKey,
        Ordinal = ordinal,
        Kind = (int)lot.Kind,
        LotNumber = lot.LotNumber,
        ExpiryDate = lot.ExpiryDate?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
    };

    public static QcFlagTable ToRow(long runKey, int ordinal, QcFlag flag) => new()
    {
        RunKey = runKey,
        Ordinal = ordinal,
        Code = flag.Code,
        Level = (int)flag.Level,
        Severity = (int)flag.Severity,
        Rule = flag.Rule,
        Analyte = flag.Analyte,
        Subject = flag.Subject,
        Observed = flag.Observed,
        LimitValue = flag.Limit,
        Clause = flag.Clause,
        Wells = RowMapping.ToText(flag.Wells),
        Text = flag.Text,
    };

    public static QcFlag ToFlag(QcFlagTable row) => new(
        row.Code,
        (FlagLevel)row.Level,
        (FlagSeverity)row.Severity,
        row.Rule,
        row.Analyte,
        row.Subject,
        row.Observed,
        row.LimitValue,
        row.Clause,
        RowMapping.ToWells(row.Wells),
        row.Text);

    public static ResultVersionTable ToRow(long versionKey, long resultKey, int version, long runKey, int ordinal, SampleResult result, long now) => new()
    {
        VersionKey = versionKey,
        ResultKey = resultKey,
        Version = version,
        RunKey = runKey,
        Ordinal = ordinal,
        Status = (int)ResultStatus.Preliminary,
        SupersedesVersion = version > 1 ? version - 1 : null,
        Unit = result.Unit.Code,
        RangeStatus = (int)result.RangeStatus,
        Concentration = result.Concentration,
        LimitValue = result.Limit,
        LowerBound = result.Lower,
        UpperBound = result.Upper,
        CvPercent = result.CvPercent,
        ExtrapolatedConcentration = result.ExtrapolatedConcentration,
        MeanResponse = result.MeanResponse,
        ResponseVariance = result.ResponseVariance,
        LnConcentrationGradient = result.LnConcentrationGradient is { } gradient ? RowMapping.ToBytes(gradient) : null,
        Wells = RowMapping.ToText(result.Wells),
        FlagCodes = string.Join(' ', result.FlagCodes),
        Specimen = result.Specimen is { } specimen ? RowMapping.ToJson(specimen) : null,
        CreateTime = now,
    };

    /// <summary>Leaves a version without anything that could be read as a value: it is said to be not determined.</summary>
    public static void TakeValues(ResultVersionTable row)
    {
        row.RangeStatus = (int)RangeStatus.NotDetermined;
        row.Concentration = row.LimitValue = row.LowerBound = row.UpperBound = row.CvPercent = row.ExtrapolatedConcentration = null;
        row.LnConcentrationGradient = null;
    }

    public static SampleResult ToResult(ResultTable identity, ResultVersionTable row) => new()
    {
        SampleId = identity.SampleId,
        Analyte = identity.Analyte,
        Unit = UnitOf(row.Unit),
        DilutionFactor = identity.DilutionFactor,
        Wells = RowMapping.ToWells(row.Wells),
        MeanResponse = row.MeanResponse,
        ResponseVariance = row.ResponseVariance,
        RangeStatus = (RangeStatus)row.RangeStatus,
        Concentration = row.Concentration,
        Limit = row.LimitValue,
        Lower = row.LowerBound,
        Upper = row.UpperBound,
        CvPercent = row.CvPercent,
        ExtrapolatedConcentration = row.ExtrapolatedConcentration,
        LnConcentrationGradient = row.LnConcentrationGradient is { } gradient ? RowMapping.ToDoubles(gradient) : null,
        Specimen = row.Specimen is { } specimen ? RowMapping.FromJson<Specimen>(specimen) : null,
        FlagCodes = RowMapping.Words(row.FlagCodes),
    };

    private static ConcentrationUnit UnitOf(string code) =>
        ConcentrationUnit.TryParse(code, out ConcentrationUnit? unit) ? unit : throw new InvalidDataException($"A stored row has the unknown unit '{code}'.");
}

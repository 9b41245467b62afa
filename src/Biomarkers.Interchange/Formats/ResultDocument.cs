using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Interchange.Writing;
using Biomarkers.Results;
using Biomarkers.Results.Delivery;

namespace Biomarkers.Interchange.Formats;

/// <summary>The message that an object came in.</summary>
internal sealed record MessageDocument(string ControlId, string Time, MessageParty Sender, MessageParty? Receiver, MessagePurpose Purpose);

/// <summary>What is reported: the digits, as text because zeros at the end count.</summary>
internal sealed record ReportedDocument(string? Comparator, string Value);

/// <summary>When things happened, ISO 8601 to the microsecond with offset.</summary>
internal sealed record TimesDocument(string? Collected, string? Received, string? Measured, string Reported);

/// <summary>A specimen without its time of collection, which stands among the times.</summary>
internal sealed record SpecimenDocument(
    string? StudyId,
    string? SubjectId,
    string? Visit,
    string? Timepoint,
    string? SpecimenType,
    string? Anticoagulant,
    double? HaemolysisIndex,
    bool? Fasting,
    int? FreezeThawCount);

internal sealed record SignatureDocument(string Name, string Time, string Meaning);

internal sealed record TokenDocument(long Sequence, string Hash);

internal sealed record HoldDocument(string PlacedTime, string Reason)
{
    public static HoldDocument Of(HoldNotice hold) => new(TimeTexts.Iso(hold.PlacedTime), hold.Reason);
}

/// <summary>A result version as JSON; names and words are those of the project, and the order is the contract.</summary>
internal sealed record ResultDocument(
    MessageDocument Message,
    string Result,
    int Version,
    ResultStatus Status,
    int? SupersededVersion,
    string? Reason,
    string SampleId,
    string PlateBarcode,
    IReadOnlyList<WellPosition> Wells,
    double DilutionFactor,
    string Analyte,
    string DisplayName,
    string? Loinc,
    RangeStatus RangeStatus,
    ReportedDocument? Reported,
    ConcentrationUnit Unit,
    double? Concentration,
    double? Limit,
    int SignificantDigits,
    double? Lower,
    double? Upper,
    double? CvPercent,
    double? MeanResponse,
    IReadOnlyList<string> FlagCodes,
    SpecimenDocument? Specimen,
    TimesDocument Times,
    string Instrument,
    string? Operator,
    string Run,
    string Assay,
    string MethodHash,
    IReadOnlyList<LotReference> Lots,
    SignatureDocument? Signature,
    TokenDocument? VerificationToken,
    IReadOnlyList<HoldDocument> Holds)
{
    public static ResultDocument Of(ReportedResult result, InterchangeOptions options)
    {
        (ReportedVersion version, ReportedSample sample, ReportedMeasurement measurement) = (result.Version, result.Sample, result.Measurement);
        ReportedAssurance assurance = result.Assurance;
        return new ResultDocument(
            new(options.ControlId, TimeTexts.Iso(options.MessageTime), options.Sender, options.Receiver, options.Purpose),
            version.Name,
            version.Version,
            version.Status,
            version.SupersededVersion,
            version.Reason,
            sample.SampleId,
            sample.PlateBarcode,
            sample.Wells,
            sample.DilutionFactor,
            result.Analyte.Analyte,
            result.Analyte.DisplayName,
            options.Loinc.CodeOf(result),
            measurement.RangeStatus,
            ReportedNumber.ValueOf(result) is { } value ? new(ReportedNumber.ComparatorOf(result), value) : null,
            result.Analyte.Unit,
            measurement.Concentration,
            measurement.Limit,
            result.Analyte.SignificantDigits,
            measurement.Lower,
            measurement.Upper,
            measurement.CvPercent,
            measurement.MeanResponse,
            measurement.FlagCodes,
            sample.Specimen is { } specimen ? Of(specimen) : null,
            new(TimeOf(result.Collected), TimeOf(result.Times.Received), TimeOf(result.Times.Measured), TimeTexts.Iso(result.Times.Reported)),
            result.Origin.Instrument,
            result.Origin.Operator,
            result.Origin.RunName,
            result.Origin.AssayName,
            result.Origin.MethodHash.Hex,
            result.Origin.Lots,
            assurance.Signature is { } signature ? new(signature.Name, TimeTexts.Iso(signature.Time), signature.Meaning) : null,
            assurance.VerificationToken is { } token ? new(token.Sequence, token.Hash.Hex) : null,
            [.. assurance.Holds.Select(HoldDocument.Of)]);
    }

    private static SpecimenDocument Of(Specimen specimen) => new(
        specimen.StudyId,
        specimen.SubjectId,
        specimen.Visit,
        specimen.Timepoint,
        specimen.SpecimenType,
        specimen.Anticoagulant,
        specimen.HaemolysisIndex,
        specimen.Fasting,
        specimen.FreezeThawCount);

    private static string? TimeOf(DateTimeOffset? time) => time is { } known ? TimeTexts.Iso(known) : null;
}

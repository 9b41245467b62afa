using System.Globalization;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Interchange;
using Biomarkers.Results;
using Biomarkers.Results.Delivery;

namespace Biomarkers.Tests.Interchange;

/// <summary>What a decoder must read of a result: flat records of the names that <c>decode_results.py</c> uses, written without the encoders. Absent is absent.</summary>
internal static class ExpectedFields
{
    private const int DiagnosticDigits = 6;

    /// <summary>What <paramref name="format"/> carries of a result.</summary>
    public static SortedDictionary<string, string> Of(string format, ReportedResult result, InterchangeOptions options)
    {
        IEnumerable<(string, string?)> fields = format switch
        {
            "hl7-v2.5.1" => [.. OfMessage(result, options, 1000), .. OfHl7(result, options)],
            "lis2-a2" => [.. OfMessage(result, options, 10_000_000), .. OfLis2(result)],
            "csv" => [.. OfCsv(result, options)],
            "json" => [.. OfJson(result, options)],
            "fhir-r4" => [.. OfFhir(result, options)],
            _ => throw new ArgumentException($"'{format}' is not known.", nameof(format)),
        };
        var record = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, string? value) in fields)
        {
            if (!string.IsNullOrEmpty(value))
            {
                record.Add(name, value);
            }
        }

        return record;
    }

    /// <summary>LOINC codes by hand: code, what its unit must look like, whether the subject must have fasted.</summary>
    private static string? LoincOf(ReportedResult result)
    {
        string unit = result.Analyte.Unit.Code;
        string kind = unit.Contains("mol", StringComparison.Ordinal) ? "substance" : unit.Contains("[IU]", StringComparison.Ordinal) ? "units" : "mass";
        (string Kind, bool Fasting)? entry = result.Analyte.Loinc switch
        {
            "26881-3" or "30522-7" => ("mass", false),
            "14633-2" or "27882-0" => ("substance", false),
            "20448-7" => ("units", false),
            "42180-0" => ("substance", true),
            _ => null,
        };
        bool fits = entry is { } known && known.Kind == kind && (!known.Fasting || result.Sample.Specimen?.Fasting == true) && MatrixOf(result) is not null;
        return fits ? result.Analyte.Loinc : null;
    }

    private static string? MatrixOf(ReportedResult result) => result.Sample.Specimen?.SpecimenType switch
    {
        "serum" or "Serum" or "SERUM" => "SER",
        "plasma" or "EDTA plasma" or "li-heparin plasma" => "PLAS",
        _ => null,
    };

    private static IEnumerable<(string, string?)> OfMessage(ReportedResult result, InterchangeOptions options, int ticks)
    {
        ReportedMeasurement measurement = result.Measurement;
        return
        [
            ("control_id", options.ControlId), ("message_time", Time(options.MessageTime, ticks)), ("purpose", $"{options.Purpose}"[..1]),
            ("parties", $"{options.Sender.Application}|{options.Sender.Facility}|{options.Receiver?.Application}|{options.Receiver?.Facility}"),
            ("result_version", $"{result.Version.Name}@{result.Version.Version}"), ("plate", result.Sample.PlateBarcode), ("dilution", Bits(result.Sample.DilutionFactor)),
            ("lower", Digits(measurement.Lower, result.Analyte.SignificantDigits)), ("upper", Digits(measurement.Upper, result.Analyte.SignificantDigits)),
            ("cv_percent", Digits(measurement.CvPercent, DiagnosticDigits)), ("mean_response", Digits(measurement.MeanResponse, DiagnosticDigits)),
            ("flags", string.Join(' ', measurement.FlagCodes)),
            ("collected", Time(result.Collected, ticks)), ("received", Time(result.Times.Received, ticks)), ("measured", Time(result.Times.Measured, ticks)),
            ("reported", Time(result.Times.Reported, ticks)),
            .. OfTexts(result),
        ];
    }

    private static IEnumerable<(string, string?)> OfTexts(ReportedResult result)
    {
        Specimen specimen = result.Sample.Specimen ?? new Specimen();
        ReportedAssurance assurance = result.Assurance;
        return
        [
            ("status", $"{result.Version.Status}".ToLowerInvariant()), ("superseded", result.Version.SupersededVersion is { } old ? $"{result.Version.Name}@{old}" : null), ("reason", result.Version.Reason),
            ("sample_id", result.Sample.SampleId), ("wells", string.Join(' ', result.Sample.Wells)), ("well_count", $"{result.Sample.Wells.Count}"),
            ("analyte", result.Analyte.Analyte), ("name", result.Analyte.DisplayName), ("loinc", LoincOf(result)), ("unit", result.Analyte.Unit.Code),
            ("comparator", ComparatorOf(result)), ("value", Digits(result.Measurement.Concentration ?? result.Measurement.Limit, result.Analyte.SignificantDigits)),
            ("study", specimen.StudyId), ("subject", specimen.SubjectId), ("visit", specimen.Visit), ("timepoint", specimen.Timepoint), ("specimen_type", specimen.SpecimenType),
            ("anticoagulant", specimen.Anticoagulant), ("haemolysis", Bits(specimen.HaemolysisIndex)), ("fasting", YesNo(specimen.Fasting)), ("freeze_thaw", $"{specimen.FreezeThawCount}"),
            ("instrument", result.Origin.Instrument), ("operator", result.Origin.Operator), ("run", result.Origin.RunName), ("assay", result.Origin.AssayName),
            ("method_hash", result.Origin.MethodHash.Hex), ("lots", LotsOf(result)), ("holds", HoldsOf(result)),
            ("signed_by", assurance.Signature?.Name), ("signed_time", Time(assurance.Signature?.Time)), ("signed_meaning", assurance.Signature?.Meaning),
            ("ledger_sequence", $"{assurance.VerificationToken?.Sequence}"), ("ledger_hash", assurance.VerificationToken?.Hash.Hex),
        ];
    }

    private static IEnumerable<(string, string?)> OfHl7(ReportedResult result, InterchangeOptions options) =>
    [
        ("result", result.Version.Name), ("type", "ORU R01 2.5.1 UNICODE UTF-8"), ("unit_system", "UCUM"), ("specimen_code", MatrixOf(result)),
        ("kind", result.Version.Status is ResultStatus.Final or ResultStatus.Corrected ? (ComparatorOf(result) is null ? "NM" : "SN") : null),
        ("status_codes", result.Version.Status switch { ResultStatus.Final => "F F", ResultStatus.Corrected => "C C", ResultStatus.Withdrawn => "W C", _ => "X X" }),
        ("standard_flags", StandardFlags(result, withQualityControl: true)),
    ];

    private static IEnumerable<(string, string?)> OfLis2(ReportedResult result) =>
    [
        ("type", "LIS2-A2"), ("standard_flags", StandardFlags(result, withQualityControl: false)),
        ("status_codes", result.Version.Status switch { ResultStatus.Final => "F", ResultStatus.Corrected => "C", _ => "X" }),
    ];

    private static IEnumerable<(string, string?)> OfCsv(ReportedResult result, InterchangeOptions options)
    {
        ReportedMeasurement measurement = result.Measurement;
        Dictionary<string, string> names = new()
        {
            ["analyte"] = "analyte",
            ["name"] = "display_name",
            ["value"] = "reported_value",
            ["study"] = "study_id",
            ["subject"] = "subject_id",
            ["haemolysis"] = "haemolysis_index",
            ["freeze_thaw"] = "freeze_thaw_count",
            ["signed_meaning"] = "signature_meaning",
        };
        return
        [
            .. OfTexts(result).Where(field => field.Item1 != "superseded").Select(field => (names.GetValueOrDefault(field.Item1, field.Item1), field.Item2)),
            ("control_id", options.ControlId), ("message_time", Time(options.MessageTime)), ("result", result.Version.Name), ("version", $"{result.Version.Version}"),
            ("superseded_version", $"{result.Version.SupersededVersion}"), ("plate_barcode", result.Sample.PlateBarcode), ("dilution_factor", Bits(result.Sample.DilutionFactor)),
            ("range_status", RangeWord(result)), ("concentration", Bits(measurement.Concentration)), ("limit", Bits(measurement.Limit)), ("significant_digits", $"{result.Analyte.SignificantDigits}"),
            ("lower", Bits(measurement.Lower)), ("upper", Bits(measurement.Upper)), ("cv_percent", Bits(measurement.CvPercent)), ("mean_response", Bits(measurement.MeanResponse)),
            ("flag_codes", string.Join(' ', measurement.FlagCodes)), ("collected_time", Time(result.Collected)), ("received_time", Time(result.Times.Received)),
            ("measured_time", Time(result.Times.Measured)), ("reported_time", Time(result.Times.Reported)),
        ];
    }

    private static IEnumerable<(string, string?)> OfJson(ReportedResult result, InterchangeOptions options)
    {
        Dictionary<string, string> names = new()
        {
            ["display_name"] = "displayName",
            ["sample_id"] = "sampleId",
            ["study_id"] = "specimen.studyId",
            ["subject_id"] = "specimen.subjectId",
            ["visit"] = "specimen.visit",
            ["timepoint"] = "specimen.timepoint",
            ["specimen_type"] = "specimen.specimenType",
            ["anticoagulant"] = "specimen.anticoagulant",
            ["haemolysis_index"] = "specimen.haemolysisIndex",
            ["freeze_thaw_count"] = "specimen.freezeThawCount",
            ["comparator"] = "reported.comparator",
            ["reported_value"] = "reported.value",
            ["method_hash"] = "methodHash",
            ["signed_by"] = "signature.name",
            ["signed_time"] = "signature.time",
            ["signature_meaning"] = "signature.meaning",
            ["ledger_sequence"] = "verificationToken.sequence",
            ["ledger_hash"] = "verificationToken.hash",
            ["control_id"] = "message.controlId",
            ["message_time"] = "message.time",
            ["superseded_version"] = "supersededVersion",
            ["plate_barcode"] = "plateBarcode",
            ["dilution_factor"] = "dilutionFactor",
            ["range_status"] = "rangeStatus",
            ["significant_digits"] = "significantDigits",
            ["cv_percent"] = "cvPercent",
            ["mean_response"] = "meanResponse",
            ["flag_codes"] = "flagCodes",
            ["collected_time"] = "times.collected",
            ["received_time"] = "times.received",
            ["measured_time"] = "times.measured",
            ["reported_time"] = "times.reported",
        };
        return
        [
            .. OfCsv(result, options).Where(field => field.Item1 is not ("fasting" or "well_count")).Select(field => (names.GetValueOrDefault(field.Item1, field.Item1), field.Item2)),
            ("specimen.fasting", result.Sample.Specimen?.Fasting is { } fasting ? (fasting ? "true" : "false") : null),
            ("message.sender.application", options.Sender.Application), ("message.sender.facility", options.Sender.Facility),
            ("message.receiver.application", options.Receiver?.Application), ("message.receiver.facility", options.Receiver?.Facility),
            ("message.purpose", $"{options.Purpose}".ToLowerInvariant()),
        ];
    }

    private static IEnumerable<(string, string?)> OfFhir(ReportedResult result, InterchangeOptions options)
    {
        ReportedMeasurement measurement = result.Measurement;
        return
        [
            .. OfTexts(result).Where(field => field.Item1 is not ("status" or "unit")), ("unit", measurement.RangeStatus == RangeStatus.NotDetermined ? null : result.Analyte.Unit.Code),
            ("control_id", options.ControlId), ("message_time", Time(options.MessageTime)), ("is_test", options.Purpose == MessagePurpose.Production ? null : "HTEST"),
            ("parties", $"{options.Sender.Application}|{options.Sender.Facility}|{options.Receiver?.Application}|{options.Receiver?.Facility}"),
            ("result_version", $"{result.Version.Name}@{result.Version.Version}"), ("version", $"{result.Version.Version}"),
            ("status_codes", result.Version.Status switch { ResultStatus.Withdrawn => "entered-in-error", _ => $"{result.Version.Status}".ToLowerInvariant() }),
            ("absent_reason", result.Version.Status == ResultStatus.Withdrawn || measurement.FlagCodes.Contains("R_REJECTED") ? "error" : result.Version.Status == ResultStatus.Cancelled ? "unknown" : null),
            ("plate", result.Sample.PlateBarcode), ("dilution", Bits(result.Sample.DilutionFactor)), ("unrounded", Bits(measurement.Concentration ?? measurement.Limit)),
            ("significant_digits", $"{result.Analyte.SignificantDigits}"), ("lower", Bits(measurement.Lower)), ("upper", Bits(measurement.Upper)), ("cv_percent", Bits(measurement.CvPercent)),
            ("mean_response", Bits(measurement.MeanResponse)), ("flags", string.Join(' ', measurement.FlagCodes)), ("standard_flags", StandardFlags(result, withQualityControl: true)),
            ("specimen_code", MatrixOf(result)), ("collected", Time(result.Collected)), ("received", Time(result.Times.Received)), ("measured", Time(result.Times.Measured)),
            ("reported", Time(result.Times.Reported)),
        ];
    }

    private static string? ComparatorOf(ReportedResult result) => result.Measurement.RangeStatus switch { RangeStatus.BelowLloq => "<", RangeStatus.AboveUloq => ">", _ => null };

    private static string RangeWord(ReportedResult result) => result.Measurement.RangeStatus switch
    {
        RangeStatus.BelowLloq => "below-lloq",
        RangeStatus.AboveUloq => "above-uloq",
        RangeStatus.NotDetermined => "not-determined",
        _ => "quantified",
    };

    private static string StandardFlags(ReportedResult result, bool withQualityControl)
    {
        bool failed = withQualityControl && result.Version.Status == ResultStatus.Cancelled && result.Measurement.FlagCodes.Any(code => code is "R_REJECTED" or "R_QC_67" or "R_QC_50");
        return $"{ComparatorOf(result)}{(failed ? "QCF" : "")}";
    }

    private static string LotsOf(ReportedResult result) => string.Join(
        '\x1f', result.Origin.Lots.Select(lot => $"{lot.Kind}".ToLowerInvariant() + "|" + (lot.ExpiryDate is { } day ? $"{day.Year:0000}-{day.Month:00}-{day.Day:00}" : "-") + "|" + lot.LotNumber));

    private static string HoldsOf(ReportedResult result) => string.Join('\x1f', result.Assurance.Holds.Select(hold => $"{Time(hold.PlacedTime)} {hold.Reason}"));

    private static string? YesNo(bool? value) => value is { } known ? (known ? "yes" : "no") : null;

    private static string? Digits(double? value, int digits) => value is { } known ? ExactDigits.Significant(known, digits) : null;

    /// <summary>The bits of a number, so that a comparison forgives nothing.</summary>
    public static string? Bits(double? value) => value is { } known ? BitConverter.DoubleToInt64Bits(known + 0.0).ToString("x16", CultureInfo.InvariantCulture) : null;

    /// <summary>Microseconds since 1970 in UTC, cut to what a format can say, and the offset in minutes.</summary>
    public static string? Time(DateTimeOffset? time, int ticks = 10) => time is { } known
        ? $"{(known.Ticks - (known.Ticks % ticks) - known.Offset.Ticks - DateTimeOffset.UnixEpoch.Ticks) / 10}{(known.Offset.TotalMinutes < 0 ? "" : "+")}{known.Offset.TotalMinutes}"
        : null;
}

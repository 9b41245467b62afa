using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Interchange.Writing;
using Biomarkers.Results.Delivery;

namespace Biomarkers.Interchange.Formats;

/// <summary>CSV by RFC 4180: a header, a line per result version, commas, CRLF. Decimal point always, no group separator; cells are quoted where they have to
/// be, and never changed.</summary>
/// <remarks><c>comparator</c> and <c>reported_value</c> are what is reported, in significant digits; <c>concentration</c>, <c>limit</c> and all other numbers have
/// full precision, with an exponent where the shortest form has one. Lists of words are separated by a blank; lots and holds are JSON. An absent value is an empty cell.</remarks>
public sealed class CsvFormat : ResultFormat
{
    private static readonly (string Name, Func<ReportedResult, InterchangeOptions, string?> Cell)[] Columns =
    [
        ("control_id", (_, options) => options.ControlId),
        ("message_time", (_, options) => TimeTexts.Iso(options.MessageTime)),
        ("result", (result, _) => result.Version.Name),
        ("version", (result, _) => $"{result.Version.Version}"),
        ("status", (result, _) => Words.Of(result.Version.Status)),
        ("superseded_version", (result, _) => result.Version.SupersededVersion?.ToString()),
        ("reason", (result, _) => result.Version.Reason),
        ("sample_id", (result, _) => result.Sample.SampleId),
        ("plate_barcode", (result, _) => result.Sample.PlateBarcode),
        ("wells", (result, _) => string.Join(' ', result.Sample.Wells)),
        ("well_count", (result, _) => $"{result.Sample.Wells.Count}"),
        ("dilution_factor", (result, _) => Full(result.Sample.DilutionFactor)),
        ("analyte", (result, _) => result.Analyte.Analyte),
        ("display_name", (result, _) => result.Analyte.DisplayName),
        ("loinc", (result, options) => options.Loinc.CodeOf(result)),
        ("range_status", (result, _) => Words.Of(result.Measurement.RangeStatus)),
        ("comparator", (result, _) => ReportedNumber.ComparatorOf(result)),
        ("reported_value", (result, _) => ReportedNumber.ValueOf(result)),
        ("unit", (result, _) => result.Analyte.Unit.Code),
        ("concentration", (result, _) => Full(result.Measurement.Concentration)),
        ("limit", (result, _) => Full(result.Measurement.Limit)),
        ("significant_digits", (result, _) => $"{result.Analyte.SignificantDigits}"),
        ("lower", (result, _) => Full(result.Measurement.Lower)),
        ("upper", (result, _) => Full(result.Measurement.Upper)),
        ("cv_percent", (result, _) => Full(result.Measurement.CvPercent)),
        ("mean_response", (result, _) => Full(result.Measurement.MeanResponse)),
        ("flag_codes", (result, _) => string.Join(' ', result.Measurement.FlagCodes)),
        ("study_id", (result, _) => result.Sample.Specimen?.StudyId),
        ("subject_id", (result, _) => result.Sample.Specimen?.SubjectId),
        ("visit", (result, _) => result.Sample.Specimen?.Visit),
        ("timepoint", (result, _) => result.Sample.Specimen?.Timepoint),
        ("specimen_type", (result, _) => result.Sample.Specimen?.SpecimenType),
        ("anticoagulant", (result, _) => result.Sample.Specimen?.Anticoagulant),
        ("haemolysis_index", (result, _) => Full(result.Sample.Specimen?.HaemolysisIndex)),
        ("fasting", (result, _) => result.Sample.Specimen?.Fasting is { } fasting ? (fasting ? "yes" : "no") : null),
        ("freeze_thaw_count", (result, _) => result.Sample.Specimen?.FreezeThawCount?.ToString()),
        ("collected_time", (result, _) => TimeOf(result.Collected)),
        ("received_time", (result, _) => TimeOf(result.Times.Received)),
        ("measured_time", (result, _) => TimeOf(result.Times.Measured)),
        ("reported_time", (result, _) => TimeOf(result.Times.Reported)),
        ("instrument", (result, _) => result.Origin.Instrument),
        ("operator", (result, _) => result.Origin.Operator),
        ("run", (result, _) => result.Origin.RunName),
        ("assay", (result, _) => result.Origin.AssayName),
        ("method_hash", (result, _) => result.Origin.MethodHash.Hex),
        ("lots", (result, _) => JsonOf(result.Origin.Lots)),
        ("signed_by", (result, _) => result.Assurance.Signature?.Name),
        ("signed_time", (result, _) => TimeOf(result.Assurance.Signature?.Time)),
        ("signature_meaning", (result, _) => result.Assurance.Signature?.Meaning),
        ("ledger_sequence", (result, _) => result.Assurance.VerificationToken?.Sequence.ToString()),
        ("ledger_hash", (result, _) => result.Assurance.VerificationToken?.Hash.Hex),
        ("holds", (result, _) => JsonOf([.. result.Assurance.Holds.Select(HoldDocument.Of)])),
    ];

    /// <inheritdoc/>
    public override string Id => "csv";

    /// <inheritdoc/>
    public override string MediaType => "text/csv; charset=utf-8; header=present";

    /// <inheritdoc/>
    public override string FileExtension => ".csv";

    /// <inheritdoc/>
    protected override byte[] Write(IReadOnlyList<ReportedResult> results, InterchangeOptions options)
    {
        var text = new StringBuilder();
        text.AppendJoin(',', Columns.Select(column => column.Name)).Append("\r\n");
        foreach (ReportedResult result in results)
        {
            text.AppendJoin(',', Columns.Select(column => Quoted(column.Cell(result, options) ?? ""))).Append("\r\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    // Blanks at the ends belong to a cell, but not every reader keeps them outside quotation marks.
    private static string Quoted(string cell) =>
        cell.AsSpan().IndexOfAny(",\"\r\n") >= 0 || cell.StartsWith(' ') || cell.EndsWith(' ') ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;

    private static string? Full(double? value) => value?.ToString("R", System.Globalization.CultureInfo.InvariantCulture);

    private static string? TimeOf(DateTimeOffset? time) => time is { } known ? TimeTexts.Iso(known) : null;

    private static string? JsonOf<T>(IReadOnlyList<T> values) => values.Count == 0 ? null : Encoding.UTF8.GetString(CanonicalJson.Serialize(values));
}

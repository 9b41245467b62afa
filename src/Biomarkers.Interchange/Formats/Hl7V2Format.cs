using System.Text;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Interchange.Codes;
using Biomarkers.Interchange.Writing;
using Biomarkers.Results.Delivery;

namespace Biomarkers.Interchange.Formats;

/// <summary>HL7 v2.5.1 ORU^R01, one message per result version: a message holds no second subject to whom a result could be ascribed. One result is one message, as
/// MLLP sends it; several are a batch (BHS to BTS), as a file holds them.</summary>
/// <remarks>Fields by HL7 v2.5.1 chapters 2, 4 and 7. Segments end with CR, texts are UTF-8 (MSH-18 <c>UNICODE UTF-8</c>), and delimiters, line ends and tabs in them
/// are escaped. SAC has no place in ORU^R01, so plate, wells and dilution are NTE. A value has the significant digits of its assay. Codes of our own are of the
/// system 99BIO; OBX-8 takes its components from v2.7.</remarks>
public sealed class Hl7V2Format : ResultFormat
{
    private const string LocalSystem = "99BIO";
    private static readonly Delimiters Text = Delimiters.Hl7V2;

    /// <inheritdoc/>
    public override string Id => "hl7-v2.5.1";

    /// <inheritdoc/>
    public override string MediaType => "application/edi-hl7";

    /// <inheritdoc/>
    public override string FileExtension => ".hl7";

    /// <inheritdoc/>
    protected override byte[] Write(IReadOnlyList<ReportedResult> results, InterchangeOptions options)
    {
        if (results.Count == 1)
        {
            return Encoding.UTF8.GetBytes(MessageOf(results[0], options, options.ControlId));
        }

        var batch = new StringBuilder();
        DelimitedRecord header = Header("BHS", options);
        header[10] = options.ControlId;
        batch.Append(header).Append('\r');
        for (int i = 0; i < results.Count; i++)
        {
            batch.Append(MessageOf(results[i], options, $"{options.ControlId}.{i + 1}"));
        }

        return Encoding.UTF8.GetBytes(batch.Append($"BTS|{results.Count}\r").ToString());
    }

    private static string MessageOf(ReportedResult result, InterchangeOptions options, string controlId)
    {
        DelimitedRecord header = Header("MSH", options);
        header[8] = Text.Components("ORU", "R01", "ORU_R01");
        header[9] = controlId;
        header[10] = options.Purpose switch { MessagePurpose.Training => "T", MessagePurpose.Debugging => "D", _ => "P" };
        header[11] = "2.5.1";
        header[17] = "UNICODE UTF-8";
        List<DelimitedRecord> segments = [header];
        if (result.Sample.Specimen?.SubjectId is { } subject)
        {
            segments.Add(SubjectOf(subject, result.Sample.Specimen.StudyId));
        }

        segments.AddRange(OrderOf(result, options));
        segments.Add(ObservationOf(result, options));
        segments.AddRange(ResultNotes.Of(result).Select(NoteOf));
        segments.Add(SpecimenOf(result));
        return string.Concat(segments.Select(segment => $"{segment}\r"));
    }

    // The separator counts as the first field of a header, so that each of its fields stands one place before its number.
    private static DelimitedRecord Header(string name, InterchangeOptions options)
    {
        var header = new DelimitedRecord(name, 1) { [1] = @"^~\&" };
        header[2] = Text.Escaped(options.Sender.Application);
        header[3] = Text.Escaped(options.Sender.Facility);
        header[4] = Text.Escaped(options.Receiver?.Application);
        header[5] = Text.Escaped(options.Receiver?.Facility);
        header[6] = TimeTexts.Hl7(options.MessageTime);
        return header;
    }

    // A subject of a study has a pseudonym (name type S of table 0200) and no name.
    private static DelimitedRecord SubjectOf(string subject, string? study) =>
        new("PID", 1) { [1] = "1", [3] = Text.Components(subject, null, null, study, "PI"), [5] = Text.Components(null, null, null, null, null, null, "S") };

    private static IEnumerable<DelimitedRecord> OrderOf(ReportedResult result, InterchangeOptions options)
    {
        // The same for every version: what a receiver finds the earlier one by, to put this one in its place.
        string filler = Text.Components(result.Version.Name, options.Sender.Application);
        yield return new DelimitedRecord("ORC", 1) { [1] = "RE", [3] = filler };
        yield return new DelimitedRecord("OBR", 1)
        {
            [1] = "1",
            [3] = filler,
            [4] = AnalyteOf(result, options),
            [7] = TimeOf(result.Collected),
            [22] = TimeOf(result.Times.Reported),
            [25] = StatusCodes.Of(result.Version.Status).Order,
        };
    }

    private static DelimitedRecord ObservationOf(ReportedResult result, InterchangeOptions options)
    {
        string? value = ReportedNumber.ValueOf(result);
        string? comparator = ReportedNumber.ComparatorOf(result);
        string unit = result.Analyte.Unit.Code;
        return new DelimitedRecord("OBX", 1)
        {
            [1] = "1",
            [2] = value is null ? "" : comparator is null ? "NM" : "SN",
            [3] = AnalyteOf(result, options),
            [5] = comparator is null ? Text.Escaped(value) : Text.Components(comparator, value),
            [6] = Text.Components(unit, unit, "UCUM"),
            [8] = Text.Repetitions(FlagsOf(result)),
            [11] = StatusCodes.Of(result.Version.Status).Observation,
            [14] = TimeOf(result.Collected),
            [16] = ObserversOf(result),
            [17] = Text.Components(result.Origin.AssayName, null, LocalSystem),
            [18] = Text.Escaped(result.Origin.Instrument),
            [19] = TimeOf(result.Times.Measured),
        };
    }

    private static IEnumerable<string> FlagsOf(ReportedResult result)
    {
        string? range = FlagMap.RangeCodeOf(result);
        IEnumerable<string?> standard = result.Measurement.FlagCodes.Select(code => FlagMap.StandardCodeOf(code, result))
            .Where(code => code is not null && code != range).Distinct();
        return (range is null ? [] : new[] { range })
            .Concat(standard.Select(code => Text.Components(code, null, LocalSystem)))
            .Concat(result.Measurement.FlagCodes.Select(code => Text.Components(code, null, LocalSystem)));
    }

    // The first repetition is the operator, the second the reviewer; an empty first one keeps their places.
    private static string ObserversOf(ReportedResult result) => result.Assurance.Signature is { } signature
        ? Text.Repetitions([Text.Escaped(result.Origin.Operator), Text.Escaped(signature.Name)])
        : Text.Escaped(result.Origin.Operator);

    private static DelimitedRecord NoteOf(ResultNote note, int index) =>
        new("NTE", 1) { [1] = $"{index + 1}", [2] = "L", [3] = Text.Escaped(note.Text), [4] = Text.Components(note.Code, null, LocalSystem) };

    private static DelimitedRecord SpecimenOf(ReportedResult result)
    {
        Specimen? specimen = result.Sample.Specimen;
        return new DelimitedRecord("SPM", 1)
        {
            [1] = "1",
            [2] = Text.Escaped(result.Sample.SampleId),
            [4] = TypeOf(specimen?.SpecimenType),
            [6] = specimen?.Anticoagulant is { } anticoagulant ? Text.Components(anticoagulant, null, LocalSystem) : "",
            [11] = Text.Components("P", "Patient", "HL70369"),
            [17] = TimeOf(result.Collected),
            [18] = TimeOf(result.Times.Received),
        };
    }

    private static string TypeOf(string? specimenType) =>
        specimenType is null ? Text.Components("UNK", "Unknown", "NULLFL")
        : SpecimenMatrices.Of(specimenType) is { } matrix ? Text.Components(matrix.Code, matrix.Text, "HL70487", specimenType, null, LocalSystem)
        : Text.Components(specimenType, null, LocalSystem);

    private static string AnalyteOf(ReportedResult result, InterchangeOptions options)
    {
        ReportedAnalyte analyte = result.Analyte;
        return options.Loinc.CodeOf(result) is { } loinc
            ? Text.Components(loinc, analyte.DisplayName, "LN", analyte.Analyte, analyte.DisplayName, LocalSystem)
            : Text.Components(analyte.Analyte, analyte.DisplayName, LocalSystem);
    }

    private static string TimeOf(DateTimeOffset? time) => time is { } known ? TimeTexts.Hl7(known) : "";
}

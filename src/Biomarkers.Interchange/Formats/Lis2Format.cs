using System.Text;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Interchange.Codes;
using Biomarkers.Interchange.Writing;
using Biomarkers.Results.Delivery;

namespace Biomarkers.Interchange.Formats;

/// <summary>LIS2-A2 (ASTM E1394) records: H, then P, O, R and C for each result, then L. Each result has its own P, so that none is ascribed to the subject before it.</summary>
/// <remarks>Records end with CR and are not framed (that is LIS1's). Texts are UTF-8; delimiters, line ends and tabs in them are escaped. Times are to the second, with
/// their offset. A value has the significant digits of its assay, with <c>&lt;</c> or <c>&gt;</c> before it beyond the range.</remarks>
public sealed class Lis2Format : ResultFormat
{
    private static readonly Delimiters Text = Delimiters.Lis2;

    /// <inheritdoc/>
    public override string Id => "lis2-a2";

    /// <inheritdoc/>
    public override string MediaType => "text/plain; charset=utf-8";

    /// <inheritdoc/>
    public override string FileExtension => ".lis2";

    /// <inheritdoc/>
    protected override byte[] Write(IReadOnlyList<ReportedResult> results, InterchangeOptions options)
    {
        IEnumerable<DelimitedRecord> records = results.SelectMany((result, i) => RecordsOf(result, i + 1, options))
            .Prepend(HeaderOf(options))
            .Append(new DelimitedRecord("L", 2) { [2] = "1", [3] = "N" });
        return Encoding.UTF8.GetBytes(string.Concat(records.Select(record => $"{record}\r")));
    }

    private static DelimitedRecord HeaderOf(InterchangeOptions options) => new("H", 2)
    {
        [2] = @"\^&",
        [3] = Text.Escaped(options.ControlId),
        [5] = Text.Components(options.Sender.Application, options.Sender.Facility),
        [10] = Text.Components(options.Receiver?.Application, options.Receiver?.Facility),
        [12] = options.Purpose switch { MessagePurpose.Training => "T", MessagePurpose.Debugging => "D", _ => "P" },
        [13] = "LIS2-A2",
        [14] = TimeTexts.Lis2(options.MessageTime),
    };

    private static IEnumerable<DelimitedRecord> RecordsOf(ReportedResult result, int sequence, InterchangeOptions options)
    {
        Specimen? specimen = result.Sample.Specimen;
        yield return new DelimitedRecord("P", 2) { [2] = $"{sequence}", [3] = Text.Escaped(specimen?.SubjectId) };
        yield return new DelimitedRecord("O", 2)
        {
            [2] = "1",
            [3] = Text.Escaped(result.Sample.SampleId),
            [4] = Text.Components(result.Sample.PlateBarcode, string.Join(' ', result.Sample.Wells)),
            [5] = AnalyteOf(result, options),
            [8] = TimeOf(result.Collected),
            [15] = TimeOf(result.Times.Received),
            [16] = Text.Escaped(specimen?.SpecimenType),
            [23] = TimeOf(result.Times.Reported),
            [25] = Text.Escaped(result.Origin.RunName),
            [26] = StatusCodes.Of(result.Version.Status).Lis2,
        };
        yield return ResultOf(result, options);
        int note = 0;
        foreach (ResultNote remark in ResultNotes.Of(result))
        {
            yield return new DelimitedRecord("C", 2)
            {
                [2] = $"{++note}",
                [3] = "I",
                [4] = Text.Components(remark.Code, remark.Text),
                [5] = remark.Code == ResultNote.Flag ? "I" : "G",
            };
        }
    }

    private static DelimitedRecord ResultOf(ReportedResult result, InterchangeOptions options)
    {
        string? range = FlagMap.RangeCodeOf(result);
        string measured = TimeOf(result.Times.Measured);
        return new DelimitedRecord("R", 2)
        {
            [2] = "1",
            [3] = AnalyteOf(result, options),
            [4] = Text.Escaped(ReportedNumber.ComparatorOf(result) + ReportedNumber.ValueOf(result)),
            [5] = Text.Escaped(result.Analyte.Unit.Code),
            [7] = Text.Repetitions((range is null ? [] : new[] { range }).Concat(result.Measurement.FlagCodes).Select(Text.Escaped)),
            [9] = StatusCodes.Of(result.Version.Status).Lis2,
            [11] = Text.Components(result.Origin.Operator, result.Assurance.Signature?.Name),
            [12] = measured,
            [13] = measured,
            [14] = Text.Escaped(result.Origin.Instrument),
        };
    }

    private static string AnalyteOf(ReportedResult result, InterchangeOptions options)
    {
        string? loinc = options.Loinc.CodeOf(result);
        return Text.Components(loinc, result.Analyte.DisplayName, loinc is null ? null : "LN", result.Analyte.Analyte);
    }

    private static string TimeOf(DateTimeOffset? time) => time is { } known ? TimeTexts.Lis2(known) : "";
}

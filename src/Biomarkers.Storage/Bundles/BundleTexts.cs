using System.Globalization;
using System.Text;
using System.Text.Json;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Results;
using Biomarkers.Results.Review;
using Biomarkers.Storage.Seals;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage.Bundles;

/// <summary>What a bundle shows to people: a summary, every response that was read, and every version of every result. All are a function of the bundle's rows, so that whoever
/// verifies the rows can write them again and compare.</summary>
internal static class BundleTexts
{
    // RFC 4180, as the product's other CSV.
    private static readonly (string Name, Func<BundleResult, string?> Cell)[] Columns =
    [
        ("result", row => Whole(row.Version.ResultKey)),
        ("version", row => Whole(row.Version.Version)),
        ("status", row => WordOf((ResultStatus)row.Version.Status)),
        ("supersedes_version", row => row.Version.Status == (int)ResultStatus.Preliminary ? null : Whole(row.Version.SupersedesVersion)),
        ("reason", row => row.Version.Reason),
        ("run", row => Whole(row.Version.RunKey)),
        ("verdict", row => WordOf((Immunoassay.Analysis.RunVerdict)row.Run.Run.Verdict)),
        ("created_utc", row => Time(row.Version.CreateTime)),
        ("plate", row => row.Run.Origin.PlateBarcode),
        ("sample_id", row => row.Identity.SampleId),
        ("analyte", row => row.Identity.Analyte),
        ("dilution_factor", row => Number(row.Identity.DilutionFactor)),
        ("wells", row => row.Version.Wells),
        ("range_status", row => WordOf((Immunoassay.Analysis.RangeStatus)row.Version.RangeStatus)),
        ("concentration", row => Number(row.Version.Concentration)),
        ("unit", row => row.Version.Unit),
        ("limit", row => Number(row.Version.LimitValue)),
        ("lower", row => Number(row.Version.LowerBound)),
        ("upper", row => Number(row.Version.UpperBound)),
        ("cv_percent", row => Number(row.Version.CvPercent)),
        ("mean_response", row => Number(row.Version.MeanResponse)),
        ("flag_codes", row => row.Version.FlagCodes),
        ("specimen", row => row.Version.Specimen),
        ("sha256", row => row.Run.HashOf(row.Version).Hex),
        ("signatures", row => string.Join("; ", row.Signatures.Select(SignatureOf))),
        ("holds", row => string.Join("; ", row.Holds.Select(HoldOf))),
    ];

    /// <summary>Writes them.</summary>
    /// <param name="connection">The rows of a bundle.</param>
    /// <param name="subject">What they are about.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static async Task<IReadOnlyList<(string Name, byte[] Content)>> WriteAsync(DataConnection connection, BundleSubject subject, CancellationToken cancellationToken)
    {
        var contents = await BundleContents.ReadAsync(connection, subject, cancellationToken);
        (string Name, string Text)[] texts =
        [
            (BundleArchive.Summary, BundleSummary.Write(contents)), (BundleArchive.Results, TableOf(contents.Results)), (BundleArchive.Responses, ResponsesOf(contents.Reads)),
        ];
        return [.. texts.Select(text => (text.Name, Encoding.UTF8.GetBytes(text.Text)))];
    }

    /// <summary>A word of a closed list, such as <c>below-lloq</c>; the number where it is none of them.</summary>
    public static string WordOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    /// <summary>An instant to the microsecond, in UTC.</summary>
    public static string Time(long microseconds) => Instant.FromMicroseconds(microseconds).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A number in the shortest form that reads back to the same bits; empty where it is absent.</summary>
    public static string? Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>A signature with name, time and meaning (21 CFR 11.50).</summary>
    public static string SignatureOf(ResultSignatureTable row) =>
        $"{row.SignerName}, {WordOf((SignatureMeaning)row.Meaning)}, {Time(row.SignTime)}, by {row.Actor} ({WordOf((SigningMethod)row.Method)}), of SHA-256 {Convert.ToHexStringLower(row.VersionHash)}";

    /// <summary>A hold and how it ended.</summary>
    public static string HoldOf((ResultHoldTable Hold, ResultHoldLiftTable? Lift) held) => string.Create(
        CultureInfo.InvariantCulture,
        $"hold {held.Hold.HoldKey} placed {Time(held.Hold.PlaceTime)} by {held.Hold.Actor}: {held.Hold.Reason}{(held.Lift is { } lift ? $", lifted {Time(lift.LiftTime)} by {lift.Actor}: {lift.Reason}" : ", open")}");

    private static string? Whole(long? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static string TableOf(IEnumerable<BundleResult> results)
    {
        var text = new StringBuilder();
        Append(text, Columns.Select(column => column.Name));
        foreach (BundleResult result in results)
        {
            Append(text, Columns.Select(column => column.Cell(result)));
        }

        return text.ToString();
    }

    // A well without a number says why.
    private static string ResponsesOf(IEnumerable<PlateReadTable> reads)
    {
        var text = new StringBuilder();
        Append(text, ["read_id", "analyte", "purpose", "wavelength_nm", "well", "response", "bead_count", "status", "token"]);
        foreach (PlateReadTable row in reads)
        {
            foreach (ResponseColumn column in PlateReadEncoding.Decode(row.Content).Columns)
            {
                string?[] about = [row.ReadId, column.Analyte, WordOf(column.Purpose), Number(column.WavelengthNm)];
                for (int i = 0; i < column.Positions.Count; i++)
                {
                    string? beads = column.BeadCounts.Count > 0 ? Whole(column.BeadCounts[i]) : null;
                    Append(text, [.. about, column.Positions[i].ToString(), Number(column.Responses[i]), beads, null, null]);
                }

                foreach (WellException well in column.Exceptions)
                {
                    Append(text, [.. about, well.Position.ToString(), null, null, WordOf(well.Status), well.Token]);
                }
            }
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, IEnumerable<string?> cells) => text.AppendJoin(',', cells.Select(cell => Quoted(cell ?? ""))).Append("\r\n");

    private static string Quoted(string cell) =>
        cell.AsSpan().IndexOfAny(",\"\r\n") >= 0 || cell.StartsWith(' ') || cell.EndsWith(' ') ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;
}

/// <summary>A version of a result with what was done to it.</summary>
internal sealed record BundleResult(
    RunContents Run,
    ResultTable Identity,
    ResultVersionTable Version,
    IReadOnlyList<ResultSignatureTable> Signatures,
    IReadOnlyList<(ResultHoldTable Hold, ResultHoldLiftTable? Lift)> Holds);

/// <summary>All that a bundle shows.</summary>
internal sealed record BundleContents(
    BundleSubject Subject,
    IReadOnlyList<RunContents> Runs,
    IReadOnlyList<PlateReadTable> Reads,
    IReadOnlyList<PlateLayoutTable> Layouts,
    IReadOnlyList<AssayTable> Assays,
    IReadOnlyList<RulePackTable> RulePacks,
    IReadOnlyList<(string Stream, StreamEventTable Event)> Originals,
    IReadOnlyList<BundleResult> Results,
    IReadOnlyList<AuditEventTable> Events)
{
    /// <summary>Reads the rows of a bundle.</summary>
    public static async Task<BundleContents> ReadAsync(DataConnection connection, BundleSubject subject, CancellationToken cancellationToken)
    {
        List<RunContents> runs = [];
        foreach (long[] some in subject.RunKeys.Order().Chunk(SealedRuns.AtOnce))
        {
            runs.AddRange((await SealedRuns.LoadAsync(connection, some, cancellationToken)).OrderBy(run => run.Run.RunKey));
        }

        ILookup<long, ResultSignatureTable> signatures =
            (await connection.GetTable<ResultSignatureTable>().OrderBy(row => row.SignatureKey).ToListAsync(cancellationToken)).ToLookup(row => row.VersionKey);
        Dictionary<long, ResultHoldLiftTable> lifts = await connection.GetTable<ResultHoldLiftTable>().ToDictionaryAsync(row => row.HoldKey, cancellationToken);
        ILookup<long, ResultHoldTable> holds =
            (await connection.GetTable<ResultHoldTable>().OrderBy(row => row.HoldKey).ToListAsync(cancellationToken)).ToLookup(row => row.ResultKey);
        BundleResult[] results =
        [
            .. from run in runs
               from version in run.Versions
               orderby version.ResultKey, version.Version
               select new BundleResult(
                   run,
                   run.Results.Single(result => result.ResultKey == version.ResultKey),
                   version,
                   [.. signatures[version.VersionKey]],
                   [.. holds[version.ResultKey].Select(hold => (hold, lifts.GetValueOrDefault(hold.HoldKey)))]),
        ];
        var originals = await (
            from row in connection.GetTable<StreamEventTable>()
            join stream in connection.GetTable<ReadStreamTable>() on row.StreamKey equals stream.StreamKey
            where Sql.Length(row.Content) > 0
            orderby row.StreamKey, row.EventOffset
            select new { stream.InstrumentId, stream.StreamId, Row = row }).ToListAsync(cancellationToken);
        List<AuditEventTable> events = [];
        await foreach (AuditEventTable row in connection.GetTable<AuditEventTable>().OrderBy(row => row.Sequence).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            if (subject.IsAbout(Verification.LedgerScan.EventOf(row).Audit))
            {
                events.Add(row);
            }
        }

        return new BundleContents(
            subject,
            runs,
            await connection.GetTable<PlateReadTable>().OrderBy(row => row.ReadKey).ToListAsync(cancellationToken),
            await connection.GetTable<PlateLayoutTable>().OrderBy(row => row.LayoutKey).ToListAsync(cancellationToken),
            await connection.GetTable<AssayTable>().OrderBy(row => row.AssayKey).ToListAsync(cancellationToken),
            await connection.GetTable<RulePackTable>().OrderBy(row => row.Name).ToListAsync(cancellationToken),
            [.. originals.Select(row => (Verification.StreamScan.NameOf(row.InstrumentId, row.StreamId), row.Row))],
            results,
            events);
    }
}

using System.Globalization;
using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Seals;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage.Verification;

/// <summary>Holds every run with its read, layout, assay and rule pack against what the ledger says of it, and computes it again where that is asked for.</summary>
internal sealed class RunCheck(DataConnection connection, LedgerIndex index, VerificationProgress progress, bool recomputes)
{
    private readonly List<Tampering> findings = [];

    /// <summary>Runs that are there.</summary>
    public int RunCount { get; private set; }

    /// <summary>Those that the chain vouches for.</summary>
    public int CoveredCount { get; private set; }

    /// <summary>Those that were computed again and came out the same.</summary>
    public int RecomputedCount { get; private set; }

    /// <summary>Those of another engine.</summary>
    public int OtherEngineCount { get; private set; }

    /// <summary>What was found.</summary>
    public IReadOnlyList<Tampering> Findings => findings;

    /// <summary>Checks all runs and all seals.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var there = new HashSet<long>();
        await SealedRuns.ForAllAsync(
            connection,
            async keys =>
            {
                there.UnionWith(keys);
                await CheckPageAsync(keys, cancellationToken);
            },
            cancellationToken);
        RunCount = there.Count;
        foreach ((long runKey, RunRecord record) in index.RunsByKey)
        {
            if (!there.Contains(runKey))
            {
                long sequence = record.SavedBy > 0 ? record.SavedBy : record.Newest!.Value.Sequence;
                Add(TamperingKind.Deleted, runKey, sequence, string.Create(CultureInfo.InvariantCulture, $"is not there; audit event {sequence} saved it"));
            }
        }

        await CheckSealsAsync(there, cancellationToken);
    }

    private async Task CheckPageAsync(IReadOnlyCollection<long> keys, CancellationToken cancellationToken)
    {
        List<RunContents> runs;
        try
        {
            runs = await SealedRuns.LoadAsync(connection, keys, cancellationToken);
        }
        catch (StoredDataDamagedException exception) when (keys.Count == 1)
        {
            Add(TamperingKind.Changed, keys.First(), SequenceOf(keys.First()), exception.Finding);
            return;
        }
        catch (StoredDataDamagedException)
        {
            foreach (long key in keys)
            {
                await CheckPageAsync([key], cancellationToken);
            }

            return;
        }

        foreach (RunContents run in runs)
        {
            await CheckAsync(run, cancellationToken);
        }

        progress.Add(runs.Count);
    }

    private async Task CheckAsync(RunContents run, CancellationToken cancellationToken)
    {
        long runKey = run.Run.RunKey;
        RunRecord? record = index.RunsByKey.GetValueOrDefault(runKey);
        if (record is null)
        {
            Add(TamperingKind.Inserted, runKey, null, "is there, and no audit event saved it");
            return;
        }

        if (run.Seal is not { } seal)
        {
            Add(TamperingKind.Deleted, runKey, SequenceOf(runKey), "has no seal");
            return;
        }

        PlateReadTable? read = await connection.GetTable<PlateReadTable>().FirstOrDefaultAsync(row => row.ReadKey == run.Run.ReadKey, cancellationToken);
        bool fits = CheckSeal(run, seal, record) && CheckRead(run, read, record) && await CheckInputsAsync(run, read!, cancellationToken);
        CoveredCount += record.Newest is null ? 0 : 1;
        if (fits && recomputes)
        {
            await RecomputeAsync(run, read!, cancellationToken);
        }
    }

    private bool CheckSeal(RunContents run, RunSealTable seal, RunRecord record)
    {
        long runKey = run.Run.RunKey;
        if (record.Newest is { } newest && newest.Coverage.Ordinal != seal.Ordinal)
        {
            // Told by the check of all seals.
            seal = run.MakeSeal(newest.Coverage.Ordinal);
        }

        RunSealTable found = run.MakeSeal(seal.Ordinal);
        ContentHash expected = record.Newest?.Coverage.Seal ?? LedgerScan.HashOf(seal.ContentHash);
        var actual = ContentHash.FromBytes(found.ContentHash);
        if (actual != expected)
        {
            // The number of rows says more where the seal is still the right one.
            int more = LedgerScan.HashOf(seal.ContentHash) == expected ? found.RowCount - seal.RowCount : 0;
            TamperingKind kind = more > 0 ? TamperingKind.Inserted : more < 0 ? TamperingKind.Deleted : TamperingKind.Changed;
            Add(kind, runKey, SequenceOf(runKey), string.Create(CultureInfo.InvariantCulture, $"is not what was saved: its {found.RowCount} rows have another hash"), expected, actual);
            return false;
        }

        if (found.RowCount != seal.RowCount)
        {
            Add(TamperingKind.Changed, runKey, SequenceOf(runKey), string.Create(CultureInfo.InvariantCulture, $"has {found.RowCount} rows; its seal says {seal.RowCount}"));
            return false;
        }

        return true;
    }

    private bool CheckRead(RunContents run, PlateReadTable? read, RunRecord record)
    {
        if (read is null)
        {
            Add(TamperingKind.Deleted, run.Run.RunKey, SequenceOf(run.Run.RunKey), "rests on a plate read that is not there");
            return false;
        }

        if (record.Newest is { } newest && ReadSeal.Of(read) is var found && found != newest.Coverage.Read)
        {
            Add(TamperingKind.Changed, run.Run.RunKey, SequenceOf(run.Run.RunKey), "rests on a plate read that is not what was stored", newest.Coverage.Read, found);
            return false;
        }

        return true;
    }

    // The seal covers their hashes, so that the bytes must have these.
    private async Task<bool> CheckInputsAsync(RunContents run, PlateReadTable read, CancellationToken cancellationToken)
    {
        string? layout = await connection.GetTable<PlateLayoutTable>()
            .Where(row => row.LayoutKey == run.Run.LayoutKey).Select(row => row.Definition).FirstOrDefaultAsync(cancellationToken);
        string? assay = await connection.GetTable<AssayTable>().Where(row => row.AssayKey == run.Run.AssayKey).Select(row => row.Definition).FirstOrDefaultAsync(cancellationToken);
        RulePackTable? pack = await connection.GetTable<RulePackTable>().FirstOrDefaultAsync(row => row.Name == run.Run.RulePack, cancellationToken);
        (string What, byte[]? Content, byte[] Hash)[] inputs =
        [
            ("plate read", read.Content, run.Run.ReadHash), ("layout", BytesOf(layout), run.Run.LayoutHash), ("assay", BytesOf(assay), run.Run.AssayHash),
            ("rule pack", BytesOf(pack?.Definition), pack?.ContentHash ?? run.Run.RulePackHash), ("rule pack", BytesOf(pack?.Definition), run.Run.RulePackHash),
        ];
        foreach ((string what, byte[]? content, byte[] hash) in inputs)
        {
            ContentHash expected = LedgerScan.HashOf(hash);
            if (content is null || ContentHash.Of(content) != expected)
            {
                TamperingKind kind = content is null ? TamperingKind.Deleted : TamperingKind.Changed;
                Add(kind, run.Run.RunKey, SequenceOf(run.Run.RunKey), $"rests on a {what} that is not what it was", expected, content is null ? null : ContentHash.Of(content));
                return false;
            }
        }

        return true;
    }

    private async Task RecomputeAsync(RunContents run, PlateReadTable read, CancellationToken cancellationToken)
    {
        if (run.Run.EngineVersion != PlateAnalyzer.EngineVersion)
        {
            OtherEngineCount++;
            return;
        }

        var rows = await (
            from layout in connection.GetTable<PlateLayoutTable>()
            from assay in connection.GetTable<AssayTable>()
            from pack in connection.GetTable<RulePackTable>()
            where layout.LayoutKey == run.Run.LayoutKey && assay.AssayKey == run.Run.AssayKey && pack.Name == run.Run.RulePack
            select new { Layout = layout.Definition, Assay = assay.Definition, Pack = pack.Definition }).SingleAsync(cancellationToken);
        var stored = new StoredInputs(run.Origin.PlateBarcode ?? "", read.Content, read.ReadTime, rows.Layout, rows.Assay, rows.Pack);
        (AnalysisInputs? inputs, string? damage) = stored.Read(run.Run.InputsHash);
        if ((damage ?? Recomputation.Difference(run, inputs!)) is { } difference)
        {
            Add(TamperingKind.Changed, run.Run.RunKey, SequenceOf(run.Run.RunKey), $"is not what its inputs give: {difference}");
            return;
        }

        RecomputedCount++;
    }

    // Every seal was named by the event that made it; those of a time before events did are of runs whose saving names none.
    private async Task CheckSealsAsync(HashSet<long> there, CancellationToken cancellationToken)
    {
        var seen = new HashSet<(long, int)>();
        foreach (RunSealTable seal in await connection.GetTable<RunSealTable>().OrderBy(row => row.RunKey).ThenBy(row => row.Ordinal).ToListAsync(cancellationToken))
        {
            RunRecord? record = index.RunsByKey.GetValueOrDefault(seal.RunKey);
            seen.Add((seal.RunKey, seal.Ordinal));
            if (record is not null && record.Seals.TryGetValue(seal.Ordinal, out (long Sequence, RunCoverage Coverage) named))
            {
                if (named.Coverage.Seal != LedgerScan.HashOf(seal.ContentHash))
                {
                    Add(TamperingKind.Changed, seal.RunKey, named.Sequence, $"has another seal {seal.Ordinal} than its audit event names", named.Coverage.Seal, LedgerScan.HashOf(seal.ContentHash));
                }
            }
            else if (record is null || record.Seals.Keys.Any(ordinal => ordinal < seal.Ordinal) || seal.Ordinal < 1)
            {
                Add(TamperingKind.Inserted, seal.RunKey, record?.Newest?.Sequence, string.Create(CultureInfo.InvariantCulture, $"has a seal {seal.Ordinal} that no audit event names"));
            }
        }

        foreach ((long runKey, RunRecord record) in index.RunsByKey.Where(pair => there.Contains(pair.Key)))
        {
            foreach ((int ordinal, (long sequence, RunCoverage _)) in record.Seals.Where(pair => !seen.Contains((runKey, pair.Key))))
            {
                Add(TamperingKind.Deleted, runKey, sequence, string.Create(CultureInfo.InvariantCulture, $"lacks its seal {ordinal}"));
            }
        }
    }

    private static byte[]? BytesOf(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);

    private long? SequenceOf(long runKey) =>
        index.RunsByKey.GetValueOrDefault(runKey) is { } record ? record.Newest?.Sequence ?? record.SavedBy : null;

    private void Add(TamperingKind kind, long runKey, long? sequence, string text, ContentHash? expected = null, ContentHash? actual = null) =>
        findings.Add(new Tampering(kind, SealedRuns.NameOf(runKey), sequence, $"{SealedRuns.NameOf(runKey)} {text}") { Expected = expected, Actual = actual });
}

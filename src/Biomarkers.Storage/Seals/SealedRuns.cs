using Biomarkers.Pipeline.Store;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage.Seals;

/// <summary>Reads runs and holds them against their seals: what does not fit is refused, never served.</summary>
internal static class SealedRuns
{
    /// <summary>Runs that are read at once; bounds the memory of a long list.</summary>
    public const int AtOnce = 32;

    /// <summary>Runs as they are stored, each held against its seal, by key.</summary>
    /// <param name="connection">One snapshot.</param>
    /// <param name="runKeys">At most <see cref="AtOnce"/> keys.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="StoredDataDamagedException">One of them is not as it was saved.</exception>
    public static async Task<Dictionary<long, RunContents>> ReadAsync(DataConnection connection, IReadOnlyCollection<long> runKeys, CancellationToken cancellationToken)
    {
        List<RunContents> runs = await LoadAsync(connection, runKeys, cancellationToken);
        foreach (long runKey in runKeys)
        {
            Verify(runKey, runs.Find(run => run.Run.RunKey == runKey));
        }

        return runs.ToDictionary(run => run.Run.RunKey);
    }

    /// <summary>Seals a run anew after rows were added to it.</summary>
    /// <returns>The new seal.</returns>
    /// <exception cref="StoredDataDamagedException">It has no seal, or is not as it was sealed.</exception>
    public static async Task<RunSealTable> AddSealAsync(DataConnection connection, long runKey, IEnumerable<ResultVersionTable> added, CancellationToken cancellationToken)
    {
        HashSet<long> addedKeys = [.. added.Select(version => version.VersionKey)];
        RunContents run = (await LoadAsync(connection, [runKey], cancellationToken)).Single();
        // What was there before must be what was sealed: a new seal would vouch for damage.
        Verify(runKey, run with { Versions = [.. run.Versions.Where(version => !addedKeys.Contains(version.VersionKey))] });
        RunSealTable seal = run.MakeSeal(run.Seal!.Ordinal + 1);
        await connection.InsertAsync(seal, token: cancellationToken);
        return seal;
    }

    /// <summary>Seals runs as they are, whatever they are.</summary>
    public static async Task SealAsync(DataConnection connection, IReadOnlyCollection<long> runKeys, CancellationToken cancellationToken)
    {
        foreach (RunContents run in await LoadAsync(connection, runKeys, cancellationToken))
        {
            await connection.InsertAsync(run.MakeSeal((run.Seal?.Ordinal ?? 0) + 1), token: cancellationToken);
        }
    }

    /// <summary>Does something with all runs, page by page.</summary>
    public static async Task ForAllAsync(DataConnection connection, Func<IReadOnlyCollection<long>, Task> use, CancellationToken cancellationToken)
    {
        long after = 0;
        while (true)
        {
            long[] page = await connection.GetTable<AnalyticalRunTable>()
                .Where(run => run.RunKey > after)
                .OrderBy(run => run.RunKey)
                .Take(AtOnce)
                .Select(run => run.RunKey)
                .ToArrayAsync(cancellationToken);
            if (page.Length == 0)
            {
                return;
            }

            await use(page);
            after = page[^1];
        }
    }

    /// <summary>The name of a run to whoever reads of it.</summary>
    public static string NameOf(long runKey) => $"analyticalRuns/{runKey}";

    private static void Verify(long runKey, RunContents? run)
    {
        if (run is null)
        {
            throw new StoredDataDamagedException(NameOf(runKey), "its row is not there; expected what its seal, its results or the feed name.");
        }

        if (run.Seal is not { } seal)
        {
            throw new StoredDataDamagedException(NameOf(runKey), "it has no seal; every run was sealed when it was saved.");
        }

        RunSealTable found = run.MakeSeal(seal.Ordinal);
        if (found.RowCount != seal.RowCount)
        {
            throw new StoredDataDamagedException(NameOf(runKey), $"it has {found.RowCount} rows; expected {seal.RowCount} as when it was sealed.");
        }

        if (!found.ContentHash.AsSpan().SequenceEqual(seal.ContentHash))
        {
            throw new StoredDataDamagedException(
                NameOf(runKey), $"its {found.RowCount} rows have SHA-256 {Convert.ToHexStringLower(found.ContentHash)}; expected {Convert.ToHexStringLower(seal.ContentHash)} as when it was sealed.");
        }
    }

    /// <summary>Runs as they are stored, whatever they are; those that are not there are left out.</summary>
    /// <exception cref="StoredDataDamagedException">A row of one of them can't be read.</exception>
    public static Task<List<RunContents>> LoadAsync(DataConnection connection, IReadOnlyCollection<long> runKeys, CancellationToken cancellationToken) =>
        Damage.GuardAsync(runKeys.Count == 1 ? NameOf(runKeys.First()) : "a run", () => LoadRowsAsync(connection, [.. runKeys], cancellationToken));

    private static async Task<List<RunContents>> LoadRowsAsync(DataConnection connection, long[] keys, CancellationToken cancellationToken)
    {
        List<AnalyticalRunTable> runs = await connection.GetTable<AnalyticalRunTable>().Where(row => keys.Contains(row.RunKey)).ToListAsync(cancellationToken);
        Dictionary<long, RunOrigin> origins = await OriginsAsync(connection, keys, cancellationToken);
        ILookup<long, StandardCurveTable> curves = (await connection.GetTable<StandardCurveTable>()
            .Where(row => keys.Contains(row.RunKey)).OrderBy(row => row.Ordinal).ToListAsync(cancellationToken)).ToLookup(row => row.RunKey);
        ILookup<long, ControlPointTable> controls = (await connection.GetTable<ControlPointTable>()
            .Where(row => keys.Contains(row.RunKey)).OrderBy(row => row.Ordinal).ToListAsync(cancellationToken)).ToLookup(row => row.RunKey);
        ILookup<long, RunLotTable> lots = (await connection.GetTable<RunLotTable>()
            .Where(row => keys.Contains(row.RunKey)).OrderBy(row => row.Ordinal).ToListAsync(cancellationToken)).ToLookup(row => row.RunKey);
        ILookup<long, QcFlagTable> flags = (await connection.GetTable<QcFlagTable>()
            .Where(row => keys.Contains(row.RunKey)).OrderBy(row => row.Ordinal).ToListAsync(cancellationToken)).ToLookup(row => row.RunKey);
        ITable<ResultVersionTable> versionTable = connection.GetTable<ResultVersionTable>();
        List<ResultVersionTable> versions = await versionTable.Where(row => keys.Contains(row.RunKey)).OrderBy(row => row.VersionKey).ToListAsync(cancellationToken);
        Dictionary<long, ResultTable> results = await connection.GetTable<ResultTable>()
            .Where(row => versionTable.Any(version => version.ResultKey == row.ResultKey && keys.Contains(version.RunKey)))
            .ToDictionaryAsync(row => row.ResultKey, cancellationToken);
        Dictionary<long, RunSealTable> seals = (await connection.GetTable<RunSealTable>().Where(row => keys.Contains(row.RunKey)).ToListAsync(cancellationToken))
            .GroupBy(row => row.RunKey)
            .ToDictionary(group => group.Key, group => group.MaxBy(row => row.Ordinal)!);
        ILookup<long, ResultVersionTable> versionsOf = versions.ToLookup(row => row.RunKey);
        return runs.ConvertAll(run => new RunContents
        {
            Run = run,
            Origin = origins[run.RunKey],
            Curves = [.. curves[run.RunKey]],
            Controls = [.. controls[run.RunKey]],
            Lots = [.. lots[run.RunKey]],
            Flags = [.. flags[run.RunKey]],
            Results = [.. versionsOf[run.RunKey].Select(version => version.ResultKey).Distinct().Order().Where(results.ContainsKey).Select(key => results[key])],
            Versions = [.. versionsOf[run.RunKey]],
            Seal = seals.GetValueOrDefault(run.RunKey),
        });
    }

    // Outer joins: a run whose plate is not there any more is damaged, and must not vanish.
    private static async Task<Dictionary<long, RunOrigin>> OriginsAsync(DataConnection connection, long[] keys, CancellationToken cancellationToken) =>
        await (
            from run in connection.GetTable<AnalyticalRunTable>()
            from plate in connection.GetTable<PlateTable>().LeftJoin(row => row.PlateKey == run.PlateKey)
            from read in connection.GetTable<PlateReadTable>().LeftJoin(row => row.ReadKey == run.ReadKey)
            from layout in connection.GetTable<PlateLayoutTable>().LeftJoin(row => row.LayoutKey == run.LayoutKey)
            from assay in connection.GetTable<AssayTable>().LeftJoin(row => row.AssayKey == run.AssayKey)
            where keys.Contains(run.RunKey)
            select new
            {
                run.RunKey,
                Barcode = (string?)plate.Barcode,
                ReadId = (string?)read.ReadId,
                InstrumentId = (string?)read.InstrumentId,
                LayoutVersion = (int?)layout.Version,
                AssayId = (string?)assay.AssayId,
                AssayVersion = (int?)assay.Version,
            })
        .ToDictionaryAsync(row => row.RunKey, row => new RunOrigin(row.Barcode, row.ReadId, row.InstrumentId, row.LayoutVersion, row.AssayId, row.AssayVersion), cancellationToken);
}

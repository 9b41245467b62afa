using System.Globalization;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage.Bundles;

/// <summary>What a bundle is about: a run's plate with all that was made of it, because the results of a plate share one history over all of its runs.</summary>
internal sealed class BundleSubject
{
    private const string Runs = "analyticalRuns/";
    private const string Results = "results/";

    private readonly HashSet<long> runs;
    private readonly HashSet<long> results;
    private readonly HashSet<string> assays;

    private BundleSubject(long runKey, long plateKey, string barcode, IEnumerable<long> runs, IEnumerable<long> results, IEnumerable<string> assays)
    {
        RunKey = runKey;
        PlateKey = plateKey;
        Plate = $"plates/{barcode}";
        this.runs = [.. runs];
        this.results = [.. results];
        this.assays = [.. assays];
    }

    /// <summary>The run that was asked for.</summary>
    public long RunKey { get; }

    /// <summary>Key of the plate.</summary>
    public long PlateKey { get; }

    /// <summary>Name of the plate.</summary>
    public string Plate { get; }

    /// <summary>Every run of the plate.</summary>
    public IReadOnlySet<long> RunKeys => runs;

    /// <summary>Finds what belongs to a run.</summary>
    /// <returns>Null where there is no such run, or not its plate.</returns>
    public static async Task<BundleSubject?> FindAsync(DataConnection connection, long runKey, CancellationToken cancellationToken)
    {
        var found = await (
            from run in connection.GetTable<AnalyticalRunTable>()
            join plate in connection.GetTable<PlateTable>() on run.PlateKey equals plate.PlateKey
            where run.RunKey == runKey
            select new { plate.PlateKey, plate.Barcode }).FirstOrDefaultAsync(cancellationToken);
        return found is null ? null : await ReadAsync(connection, runKey, found.PlateKey, found.Barcode, cancellationToken);
    }

    /// <summary>What is there of a plate.</summary>
    public static async Task<BundleSubject> ReadAsync(DataConnection connection, long runKey, long plateKey, string barcode, CancellationToken cancellationToken)
    {
        var subject = new BundleSubject(runKey, plateKey, barcode, [], [], []);
        subject.runs.UnionWith(await BundleRows.RunsOf(connection, plateKey).Select(run => run.RunKey).ToListAsync(cancellationToken));
        subject.results.UnionWith(await connection.GetTable<ResultTable>().Where(row => row.PlateKey == plateKey).Select(row => row.ResultKey).ToListAsync(cancellationToken));
        var named = await BundleRows.AssaysOf(connection, plateKey).Select(row => new { row.AssayId, row.Version }).ToListAsync(cancellationToken);
        subject.assays.UnionWith(named.Select(row => string.Create(CultureInfo.InvariantCulture, $"assays/{row.AssayId}@{row.Version}")));
        return subject;
    }

    /// <summary>Whether an event is about the plate, a read, run or result of it, or an assay that it was analysed by. Asked in the order of the events.</summary>
    public bool IsAbout(AuditEvent audit)
    {
        if (audit.Target == Plate || audit.Target.StartsWith($"{Plate}/", StringComparison.Ordinal))
        {
            return true;
        }

        if (KeyOf(audit.Target, Runs) is { } run)
        {
            // Its saving names the plate, so that a run is missed that is not there any more.
            if (audit.Action is AuditActions.RunSaved or AuditActions.RunReinstated && audit.Detail is { } detail
                && (detail.StartsWith($"{Plate},", StringComparison.Ordinal) || detail.StartsWith($"{Plate};", StringComparison.Ordinal)))
            {
                runs.Add(run);
            }

            return runs.Contains(run);
        }

        return KeyOf(audit.Target, Results) is { } result
            ? results.Contains(result)
            : assays.Contains(audit.Target) || IsUseOfHeldRead(audit);
    }

    /// <summary>Whether an event vouches for rows that a bundle has. Decisions on held reads, and links of repeats, which name a result of another plate, are there as events
    /// alone.</summary>
    public bool Concerns(AuditEvent audit) => audit.Action == AuditActions.DatabaseRestored
        || (IsAbout(audit) && !IsUseOfHeldRead(audit) && audit.Action is not (AuditActions.RepeatLinked or AuditActions.RepeatUnlinked));

    private bool IsUseOfHeldRead(AuditEvent audit) =>
        audit.Action == AuditActions.HeldPlateResolved && audit.Detail?.Contains($": used as {Plate}/reads/", StringComparison.Ordinal) == true;

    private static long? KeyOf(string target, string collection)
    {
        if (!target.StartsWith(collection, StringComparison.Ordinal))
        {
            return null;
        }

        ReadOnlySpan<char> rest = target.AsSpan(collection.Length);
        int version = rest.IndexOf('@');
        return long.TryParse(version < 0 ? rest : rest[..version], NumberStyles.None, CultureInfo.InvariantCulture, out long key) ? key : null;
    }
}

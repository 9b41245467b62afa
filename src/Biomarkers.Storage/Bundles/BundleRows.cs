using Biomarkers.Pipeline.Store;
using Biomarkers.Storage.Copies;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage.Bundles;

/// <summary>The rows of one table that a bundle has of a plate.</summary>
internal abstract class BundleRows
{
    /// <summary>Tables of whose rows a bundle has those of its plate, as they are stored. It has parts of the audit log and of read streams beside these, and nothing of any
    /// other table.</summary>
    public static IReadOnlyList<BundleRows> All { get; } =
    [
        new BundleRows<DatabaseIdentityTable>((from, _) => from.GetTable<DatabaseIdentityTable>()),
        new BundleRows<AssayTable>(AssaysOf),
        new BundleRows<RulePackTable>((from, plate) => from.GetTable<RulePackTable>().Where(row => RunsOf(from, plate).Any(run => run.RulePack == row.Name))),
        new BundleRows<PlateTable>((from, plate) => from.GetTable<PlateTable>().Where(row => row.PlateKey == plate)),
        new BundleRows<PlateLayoutTable>((from, plate) => from.GetTable<PlateLayoutTable>().Where(row => row.PlateKey == plate)),
        new BundleRows<PlateReadTable>(ReadsOf),
        new BundleRows<AnalyticalRunTable>(RunsOf),
        new BundleRows<StandardCurveTable>((from, plate) => from.GetTable<StandardCurveTable>().Where(row => RunsOf(from, plate).Any(run => run.RunKey == row.RunKey))),
        new BundleRows<ControlPointTable>((from, plate) => from.GetTable<ControlPointTable>().Where(row => RunsOf(from, plate).Any(run => run.RunKey == row.RunKey))),
        new BundleRows<RunLotTable>((from, plate) => from.GetTable<RunLotTable>().Where(row => RunsOf(from, plate).Any(run => run.RunKey == row.RunKey))),
        new BundleRows<QcFlagTable>((from, plate) => from.GetTable<QcFlagTable>().Where(row => RunsOf(from, plate).Any(run => run.RunKey == row.RunKey))),
        new BundleRows<RunSealTable>((from, plate) => from.GetTable<RunSealTable>().Where(row => RunsOf(from, plate).Any(run => run.RunKey == row.RunKey))),
        new BundleRows<ResultTable>((from, plate) => from.GetTable<ResultTable>().Where(row => row.PlateKey == plate)),
        new BundleRows<ResultVersionTable>(VersionsOf),
        new BundleRows<ResultHoldTable>(HoldsOf),
        new BundleRows<ResultHoldLiftTable>((from, plate) => from.GetTable<ResultHoldLiftTable>().Where(row => HoldsOf(from, plate).Any(hold => hold.HoldKey == row.HoldKey))),
        new BundleRows<ResultSignatureTable>((from, plate) =>
            from.GetTable<ResultSignatureTable>().Where(row => VersionsOf(from, plate).Any(version => version.VersionKey == row.VersionKey))),
        new BundleRows<ChangeFeedTable>((from, plate) => from.GetTable<ChangeFeedTable>().Where(row =>
            (row.Kind == (int)FeedKind.RunSaved && RunsOf(from, plate).Any(run => run.RunKey == row.TargetKey))
            || (row.Kind == (int)FeedKind.ResultVersionLeft && VersionsOf(from, plate).Any(version => version.VersionKey == row.TargetKey))
            || ((row.Kind == (int)FeedKind.HoldPlaced || row.Kind == (int)FeedKind.HoldLifted) && HoldsOf(from, plate).Any(hold => hold.HoldKey == row.TargetKey)))),
    ];

    /// <summary>Tables of which a bundle has parts; see <see cref="BundleLedger"/> and <see cref="BundleStream"/>.</summary>
    public static IReadOnlyList<string> Parts { get; } =
    [
        RowColumns<LedgerHeadTable>.Table, RowColumns<AuditEventTable>.Table, RowColumns<ReadStreamTable>.Table, RowColumns<StreamEventTable>.Table,
    ];

    /// <summary>Its name in the database.</summary>
    public abstract string Name { get; }

    /// <summary>Every run of a plate.</summary>
    public static IQueryable<AnalyticalRunTable> RunsOf(DataConnection from, long plate) => from.GetTable<AnalyticalRunTable>().Where(run => run.PlateKey == plate);

    /// <summary>The reads that they rest on.</summary>
    public static IQueryable<PlateReadTable> ReadsOf(DataConnection from, long plate) =>
        from.GetTable<PlateReadTable>().Where(row => RunsOf(from, plate).Any(run => run.ReadKey == row.ReadKey));

    /// <summary>The assays that they, or layouts of the plate, rest on.</summary>
    public static IQueryable<AssayTable> AssaysOf(DataConnection from, long plate) => from.GetTable<AssayTable>().Where(row =>
        RunsOf(from, plate).Any(run => run.AssayKey == row.AssayKey)
        || from.GetTable<PlateLayoutTable>().Any(layout => layout.PlateKey == plate && layout.AssayKey == row.AssayKey));

    /// <summary>Copies the rows of a plate.</summary>
    public abstract Task CopyAsync(DataConnection source, DataConnection target, long plate, BulkCopyOptions options, CancellationToken cancellationToken);

    /// <summary>Rows that are of something else.</summary>
    public abstract Task<long> CountOthersAsync(DataConnection connection, long plate, CancellationToken cancellationToken);

    private static IQueryable<ResultVersionTable> VersionsOf(DataConnection from, long plate) =>
        from.GetTable<ResultVersionTable>().Where(row => from.GetTable<ResultTable>().Any(result => result.ResultKey == row.ResultKey && result.PlateKey == plate));

    private static IQueryable<ResultHoldTable> HoldsOf(DataConnection from, long plate) =>
        from.GetTable<ResultHoldTable>().Where(row => from.GetTable<ResultTable>().Any(result => result.ResultKey == row.ResultKey && result.PlateKey == plate));
}

/// <summary>The rows of the table of one class.</summary>
/// <param name="rows">The rows of a database that are of a plate.</param>
internal sealed class BundleRows<T>(Func<DataConnection, long, IQueryable<T>> rows) : BundleRows
    where T : class
{
    public override string Name => RowColumns<T>.Table;

    public override Task CopyAsync(DataConnection source, DataConnection target, long plate, BulkCopyOptions options, CancellationToken cancellationToken) =>
        target.BulkCopyAsync(options, rows(source, plate).AsAsyncEnumerable(), cancellationToken);

    public override async Task<long> CountOthersAsync(DataConnection connection, long plate, CancellationToken cancellationToken) =>
        await connection.GetTable<T>().LongCountAsync(cancellationToken) - await rows(connection, plate).LongCountAsync(cancellationToken);
}

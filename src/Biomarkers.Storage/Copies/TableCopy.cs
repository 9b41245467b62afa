using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using Biomarkers.Immunoassay;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using LinqToDB.Mapping;

namespace Biomarkers.Storage.Copies;

/// <summary>Copies one table, row by row in the order of its keys.</summary>
internal abstract class TableCopy
{
    /// <summary>Every table but that of the schema's versions, which each database keeps for itself; each after those that it refers to.</summary>
    public static IReadOnlyList<TableCopy> All { get; } =
    [
        new TableCopy<DatabaseIdentityTable>(), new TableCopy<KeySequenceTable>(), new TableCopy<LedgerHeadTable>(), new TableCopy<AuditEventTable>(),
        new TableCopy<ChangeFeedTable>(), new TableCopy<AssayTable>(), new TableCopy<RulePackTable>(), new TableCopy<ReadStreamTable>(),
        new TableCopy<StreamEventTable>(), new TableCopy<QuarantinedEventTable>(), new TableCopy<PlateTable>(), new TableCopy<PlateLayoutTable>(),
        new TableCopy<PendingReadTable>(), new TableCopy<PendingReadPartTable>(), new TableCopy<PlateReadTable>(),
        new TableCopy<HeldReadTable>(), new TableCopy<HeldReadResolutionTable>(), new TableCopy<QuarantineResolutionTable>(),
        new TableCopy<JoinedReadTable>(), new TableCopy<WorkHolderTable>(),
        new TableCopy<WorkItemTable>(), new TableCopy<AnalyticalRunTable>(), new TableCopy<StandardCurveTable>(), new TableCopy<ControlPointTable>(),
        new TableCopy<ControlSeriesTable>(), new TableCopy<ControlSeriesPointTable>(), new TableCopy<RunLotTable>(), new TableCopy<QcFlagTable>(),
        new TableCopy<ResultTable>(), new TableCopy<ResultVersionTable>(), new TableCopy<RunSealTable>(), new TableCopy<InstrumentTable>(),
        new TableCopy<AccessKeyTable>(), new TableCopy<RevokedCertificateTable>(), new TableCopy<ResultHoldTable>(), new TableCopy<ResultHoldLiftTable>(),
        new TableCopy<ResultSignatureTable>(), new TableCopy<SigningPinTable>(), new TableCopy<SubscriptionTable>(), new TableCopy<DeliveryItemTable>(),
        new TableCopy<RepeatLinkTable>(), new TableCopy<RepeatUnlinkTable>(),
    ];

    /// <summary>Its name in the database.</summary>
    public abstract string Name { get; }

    /// <summary>Its columns.</summary>
    public abstract IReadOnlyList<string> Columns { get; }

    /// <summary>Rows.</summary>
    public abstract Task<long> CountAsync(DataConnection connection, CancellationToken cancellationToken);

    /// <summary>Replaces the rows of the target by those of the source, and reads them back.</summary>
    /// <param name="source">Where the rows are.</param>
    /// <param name="target">Where they go; holds at most what a new schema brings.</param>
    /// <param name="options">How the target takes many rows.</param>
    /// <param name="copied">Is told the rows so far; must return at once.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    public abstract Task<CopiedTable> RunAsync(
        DataConnection source, DataConnection target, BulkCopyOptions options, Action<long> copied, CancellationToken cancellationToken);
}

/// <summary>Copies the table of one class of rows.</summary>
internal sealed class TableCopy<T> : TableCopy
    where T : class
{
    public override string Name { get; } = typeof(T).GetCustomAttribute<TableAttribute>()!.Name!;

    public override IReadOnlyList<string> Columns { get; } =
        [.. typeof(T).GetProperties().Select(property => property.GetCustomAttribute<ColumnAttribute>()?.Name).OfType<string>()];

    public override Task<long> CountAsync(DataConnection connection, CancellationToken cancellationToken) => connection.GetTable<T>().LongCountAsync(cancellationToken);

    public override async Task<CopiedTable> RunAsync(
        DataConnection source, DataConnection target, BulkCopyOptions options, Action<long> copied, CancellationToken cancellationToken)
    {
        // What the schema brings along; the triggers of the tables that must not change refuse this, and those are empty.
        if (await target.GetTable<T>().AnyAsync(cancellationToken))
        {
            await target.GetTable<T>().DeleteAsync(cancellationToken);
        }

        using var read = new RowHash<T>();
        await target.BulkCopyAsync(options, HashedAsync(source, read, copied, cancellationToken), cancellationToken);
        using var written = new RowHash<T>();
        await foreach (T row in InOrder(target.GetTable<T>()).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            written.Add(row);
        }

        return new CopiedTable(Name, read.RowCount, read.Finish(), written.RowCount, written.Finish());
    }

    private static async IAsyncEnumerable<T> HashedAsync(
        DataConnection source, RowHash<T> hash, Action<long> copied, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (T row in InOrder(source.GetTable<T>()).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            hash.Add(row);
            copied(hash.RowCount);
            yield return row;
        }
    }

    private static IQueryable<T> InOrder(ITable<T> table)
    {
        IQueryable<T> rows = table;
        string method = nameof(Queryable.OrderBy);
        foreach (PropertyInfo key in typeof(T).GetProperties().Where(property => property.IsDefined(typeof(PrimaryKeyAttribute)))
            .OrderBy(property => property.GetCustomAttribute<PrimaryKeyAttribute>()!.Order))
        {
            ParameterExpression row = Expression.Parameter(typeof(T));
            LambdaExpression selector = Expression.Lambda(Expression.Property(row, key), row);
            rows = rows.Provider.CreateQuery<T>(Expression.Call(typeof(Queryable), method, [typeof(T), key.PropertyType], rows.Expression, Expression.Quote(selector)));
            method = nameof(Queryable.ThenBy);
        }

        return rows;
    }
}

/// <summary>What became of one table.</summary>
/// <param name="Name">Its name.</param>
/// <param name="SourceRowCount">Rows of the source.</param>
/// <param name="SourceHash">SHA-256 over them.</param>
/// <param name="TargetRowCount">Rows of the target, read back.</param>
/// <param name="TargetHash">SHA-256 over them.</param>
public sealed record CopiedTable(string Name, long SourceRowCount, ContentHash SourceHash, long TargetRowCount, ContentHash TargetHash)
{
    /// <summary>Whether both hold the same rows, to the last bit.</summary>
    public bool IsEqual => SourceRowCount == TargetRowCount && SourceHash == TargetHash;
}

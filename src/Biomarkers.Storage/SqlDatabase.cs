using System.Data.Common;
using Biomarkers.Storage.Tables;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>One product of database: its connections, its dialect points, and what its faults mean. A product is one file of this shape.</summary>
public abstract class SqlDatabase : IAsyncDisposable
{
    /// <summary>Name for messages, such as <c>SQLite</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Where it is, for messages: a file, or a database and its server. Holds no password.</summary>
    public abstract string Place { get; }

    /// <summary>Whether several servers may use this database at once.</summary>
    internal abstract bool IsShared { get; }

    /// <summary>Values of the tokens in the migrations, such as <c>{blob}</c>.</summary>
    internal abstract IReadOnlyDictionary<string, string> Tokens { get; }

    /// <summary>How many rows are written at once.</summary>
    internal abstract BulkCopyOptions BulkCopy { get; }

    /// <summary>Opens the store and checks that it keeps its promises: a commit that returned survives a loss of power.</summary>
    /// <exception cref="StoreException">The store cannot be opened, or is not safe.</exception>
    internal abstract Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Begins the write transaction. Disposing it without a commit rolls it back.</summary>
    internal abstract Task<SqlWriteTransaction> BeginWriteAsync(CancellationToken cancellationToken);

    /// <summary>Opens a connection that sees one snapshot until it is disposed.</summary>
    internal abstract Task<SqlSnapshot> OpenSnapshotAsync(CancellationToken cancellationToken);

    /// <summary>Statements that make a table refuse UPDATE and DELETE.</summary>
    internal abstract IEnumerable<string> AppendOnlyTriggers(string table);

    /// <summary>Names of all tables.</summary>
    internal abstract Task<IReadOnlyList<string>> ListTablesAsync(DataConnection connection, CancellationToken cancellationToken);

    /// <summary>Checks that the server's user may do all that a server does, so that no right is missing only when the first plate comes.</summary>
    /// <exception cref="StoreException">A right is missing.</exception>
    internal abstract Task RequireRightsAsync(DataConnection connection, CancellationToken cancellationToken);

    /// <summary>Columns of all tables, such as <c>plate.barcode</c>.</summary>
    internal abstract Task<IReadOnlyList<string>> ListColumnsAsync(DataConnection connection, CancellationToken cancellationToken);

    /// <summary>Tables that refuse UPDATE and DELETE.</summary>
    internal abstract Task<IReadOnlyList<string>> ListAppendOnlyTablesAsync(DataConnection connection, CancellationToken cancellationToken);

    /// <summary>Keeps other servers from changing the schema until the transaction ends.</summary>
    internal abstract Task LockSchemaAsync(DataConnection connection, CancellationToken cancellationToken);

    /// <summary>Locks the row of a key, where there is one, until the transaction ends: what is read after this is what other servers committed.</summary>
    internal abstract Task LockRowAsync(DataConnection connection, string table, string keyColumn, object key, CancellationToken cancellationToken);

    /// <summary>Locks the row of a key where no other transaction has it locked; false where one has, or there is none.</summary>
    internal abstract Task<bool> TryLockRowAsync(DataConnection connection, string table, string keyColumn, object key, CancellationToken cancellationToken);

    /// <summary>Lifts the time limits of a transaction that copies or changes everything.</summary>
    internal abstract Task LiftLimitsAsync(DataConnection connection, CancellationToken cancellationToken);

    /// <summary>Whether a fault came out of a database of this product.</summary>
    internal abstract bool IsOwn(DbException exception);

    /// <summary>The first rows of a query over work, locked until the transaction ends; those that another server has locked are passed over.</summary>
    internal abstract Task<List<WorkItemTable>> LockWorkAsync(DataConnection connection, IQueryable<WorkItemTable> works, int limit, CancellationToken cancellationToken);

    /// <summary>Reserves consecutive keys for this server alone; a transaction that is rolled back does not give them to another.</summary>
    /// <returns>The first of them.</returns>
    internal abstract Task<long> ReserveKeysAsync(DataConnection connection, string sequence, long count, CancellationToken cancellationToken);

    /// <summary>Tells the other servers, with the commit, that there is something new.</summary>
    internal abstract Task NotifyAsync(DataConnection connection, CancellationToken cancellationToken);

    /// <summary>Waits for what <see cref="NotifyAsync"/> tells, until cancelled.</summary>
    /// <param name="holder">This server, which <see cref="ListListenersAsync"/> names on every server as long as it listens.</param>
    /// <param name="changed">Called after each; must return at once.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DbException">The connection broke: ask the store, and listen again.</exception>
    internal abstract Task ListenAsync(string holder, Action changed, CancellationToken cancellationToken);

    /// <summary>Servers that listen now.</summary>
    internal abstract Task<IReadOnlySet<string>> ListListenersAsync(DataConnection connection, CancellationToken cancellationToken);

    /// <summary>What a fault of the opening means, for whoever starts the server.</summary>
    internal abstract StoreException Explain(DbException exception);

    /// <summary>Whether another server was faster: the same write, tried again at once in a transaction of its own, sees what that one left.</summary>
    internal abstract bool IsConflict(Exception exception);

    /// <summary>Whether the store is out of reach.</summary>
    internal abstract bool IsUnavailable(Exception exception);

    /// <summary>Whether a fault passes by itself.</summary>
    internal abstract bool IsTransient(Exception exception);

    /// <summary>See <see cref="Pipeline.Store.IStore.IsFull"/>.</summary>
    internal abstract bool IsFull(Exception exception);

    /// <summary>Whether a fault means that nothing may be acknowledged any more.</summary>
    internal abstract bool IsFatal(Exception exception);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}

/// <summary>A write transaction of a database, with the connection that sees it.</summary>
/// <param name="Connection">For statements.</param>
/// <param name="Transaction">To commit.</param>
/// <param name="Underlying">The connection of the database's own driver, where it ends with the transaction; null where it goes on.</param>
internal sealed record SqlWriteTransaction(DataConnection Connection, DbTransaction Transaction, DbConnection? Underlying) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        await Transaction.DisposeAsync();
        if (Underlying is not null)
        {
            await Underlying.DisposeAsync();
        }
    }
}

/// <summary>A connection that sees one snapshot until it is disposed.</summary>
/// <param name="Connection">For queries.</param>
/// <param name="Transaction">Holds the snapshot.</param>
/// <param name="Underlying">The connection of the database's own driver.</param>
internal sealed record SqlSnapshot(DataConnection Connection, DbTransaction Transaction, DbConnection Underlying) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        await Transaction.DisposeAsync();
        await Underlying.DisposeAsync();
    }
}

/// <summary>The store cannot be opened or is not safe: a message for whoever starts the server.</summary>
public sealed class StoreException : Exception
{
    /// <summary>Makes the exception.</summary>
    public StoreException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with its cause.</summary>
    public StoreException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes the exception.</summary>
    public StoreException()
    {
    }
}

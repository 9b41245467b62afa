using System.Data.Common;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>One product of database: its connections, its dialect points, and what its faults mean. A product is one file of this shape.</summary>
public abstract class SqlDatabase : IAsyncDisposable
{
    /// <summary>Name for messages, such as <c>SQLite</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Values of the tokens in the migrations, such as <c>{blob}</c>.</summary>
    internal abstract IReadOnlyDictionary<string, string> Tokens { get; }

    /// <summary>Opens the store and checks that it keeps its promises: a commit that returned survives a loss of power.</summary>
    /// <exception cref="StoreException">The store cannot be opened, or is not safe.</exception>
    internal abstract Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Begins the write transaction. Disposing it without a commit rolls it back.</summary>
    internal abstract Task<SqlWriteTransaction> BeginWriteAsync(CancellationToken cancellationToken);

    /// <summary>Opens a connection that sees one snapshot until it is disposed.</summary>
    internal abstract Task<SqlSnapshot> OpenSnapshotAsync(CancellationToken cancellationToken);

    /// <summary>Statements that make a table refuse UPDATE and DELETE.</summary>
    internal abstract IEnumerable<string> AppendOnlyTriggers(string table);

    /// <summary>Whether a table exists.</summary>
    internal abstract Task<bool> HasTableAsync(DataConnection connection, string table, CancellationToken cancellationToken);

    /// <summary>Whether a fault passes by itself.</summary>
    internal abstract bool IsTransient(Exception exception);

    /// <summary>Whether a fault means that nothing may be acknowledged any more.</summary>
    internal abstract bool IsFatal(Exception exception);

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}

/// <summary>A write transaction of a database, with the connection that sees it.</summary>
/// <param name="Connection">For statements.</param>
/// <param name="Transaction">To commit.</param>
internal sealed record SqlWriteTransaction(DataConnection Connection, DbTransaction Transaction) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        await Transaction.DisposeAsync();
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

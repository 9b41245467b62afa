using System.Data.Common;
using Biomarkers.Pipeline.Store;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;

namespace Biomarkers.Storage;

/// <summary>The store over one database product.</summary>
public sealed class SqlStore : IStore
{
    private readonly SqlDatabase database;
    private readonly KeyAllocator keys;

    private SqlStore(SqlDatabase database)
    {
        this.database = database;
        keys = new KeyAllocator(database);
    }

    /// <summary>Opens a database, checks that it is safe, and brings it to the newest schema. Owns the database from here on.</summary>
    /// <exception cref="StoreException">It cannot be opened, is not safe, is newer than this program, of another program, or not whole. Nothing was changed.</exception>
    public static async Task<SqlStore> OpenAsync(SqlDatabase database, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await database.OpenAsync(cancellationToken);
            await Migrations.ApplyAsync(database, time, cancellationToken);
            return new SqlStore(database);
        }
        catch (DbException exception)
        {
            await database.DisposeAsync();
            throw database.Explain(exception);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>What analysts and instruments ask of this store.</summary>
    public SqlQueries Queries => new(database);

    /// <inheritdoc/>
    public bool IsShared => database.IsShared;

    /// <inheritdoc/>
    public async Task<IStoreTransaction> BeginAsync(CancellationToken cancellationToken) =>
        new SqlStoreTransaction(database, await database.BeginWriteAsync(cancellationToken), keys);

    /// <inheritdoc/>
    public async Task<long?> FindBeatAsync(string holder, CancellationToken cancellationToken)
    {
        // In a write transaction and under the row's lock: a commit whose answer was lost may still be under way, and then this waits for it.
        await using SqlWriteTransaction write = await database.BeginWriteAsync(cancellationToken);
        await database.LockRowAsync(write.Connection, "work_holder", "holder", holder, cancellationToken);
        return await write.Connection.GetTable<WorkHolderTable>().Where(row => row.Holder == holder).Select(row => (long?)row.Beat).SingleOrDefaultAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task ListenAsync(string holder, Action changed, CancellationToken cancellationToken) => database.ListenAsync(holder, changed, cancellationToken);

    /// <inheritdoc/>
    public bool IsConflict(Exception exception) => exception is StoreConflictException || database.IsConflict(exception);

    /// <inheritdoc/>
    public bool IsUnavailable(Exception exception) => database.IsUnavailable(exception);

    /// <inheritdoc/>
    public bool IsTransient(Exception exception) => exception is StoreConflictException || database.IsTransient(exception);

    /// <inheritdoc/>
    public bool IsFull(Exception exception) =>
        // A commit that found no room is looked up, and is then told as one that was not made.
        database.IsFull(exception is StoreConflictException { InnerException: { } cause } ? cause : exception);

    /// <inheritdoc/>
    public bool IsFatal(Exception exception) => database.IsFatal(exception);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => database.DisposeAsync();
}

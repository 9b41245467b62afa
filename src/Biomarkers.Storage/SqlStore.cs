using Biomarkers.Pipeline.Store;

namespace Biomarkers.Storage;

/// <summary>The store over one database product.</summary>
public sealed class SqlStore : IStore
{
    private readonly SqlDatabase database;
    private readonly KeyAllocator keys = new();

    private SqlStore(SqlDatabase database) => this.database = database;

    /// <summary>Opens a database, checks that it is safe, and brings it to the newest schema. Owns the database from here on.</summary>
    /// <exception cref="StoreException">It cannot be opened, is not safe, or is newer than this program.</exception>
    public static async Task<SqlStore> OpenAsync(SqlDatabase database, TimeProvider time, CancellationToken cancellationToken)
    {
        await database.OpenAsync(cancellationToken);
        await Migrations.ApplyAsync(database, time, cancellationToken);
        return new SqlStore(database);
    }

    /// <summary>What analysts and instruments ask of this store.</summary>
    public SqlQueries Queries => new(database);

    /// <inheritdoc/>
    public async Task<IStoreTransaction> BeginAsync(CancellationToken cancellationToken) =>
        new SqlStoreTransaction(await database.BeginWriteAsync(cancellationToken), keys);

    /// <inheritdoc/>
    public bool IsTransient(Exception exception) => database.IsTransient(exception);

    /// <inheritdoc/>
    public bool IsFatal(Exception exception) => database.IsFatal(exception);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => database.DisposeAsync();
}

using System.Data.Common;
using Biomarkers.Storage.Backups;
using LinqToDB.Data;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Storage.Verification;

/// <summary>Reads one moment of a database of this program's schema, and changes no byte of it.</summary>
internal static class StoredMoment
{
    /// <summary>Reads a stopped SQLite database.</summary>
    /// <exception cref="VerificationException">It can't be read, a server uses it, or its schema is not this program's.</exception>
    public static async Task<T> ReadAsync<T>(string file, Func<DataConnection, Task<T>> read, CancellationToken cancellationToken)
    {
        using StoppedDatabase stopped = StoppedDatabase.Open(file);
        try
        {
            using SqliteConnection opened = SqliteBackup.OpenUnchanging(stopped.File);
            await using DataConnection connection = SqliteDatabase.Over(opened);
            await RequireSchemaAsync(new SqliteDatabase(file), connection, cancellationToken);
            return await read(connection);
        }
        catch (SqliteException exception)
        {
            throw new VerificationException($"Unable to read '{file}': {exception.Message}", exception);
        }
    }

    /// <summary>Reads a database that servers may be using.</summary>
    /// <exception cref="VerificationException">It can't be read, or its schema is not this program's.</exception>
    public static async Task<T> ReadAsync<T>(SqlDatabase database, Func<DataConnection, Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
            await database.LiftLimitsAsync(snapshot.Connection, cancellationToken);
            snapshot.Connection.CommandTimeout = 0;
            await RequireSchemaAsync(database, snapshot.Connection, cancellationToken);
            return await read(snapshot.Connection);
        }
        catch (DbException exception) when (database.IsOwn(exception))
        {
            throw new VerificationException($"Unable to read the {database.Name} database {database.Place}: {exception.Message}", exception);
        }
    }

    private static async Task RequireSchemaAsync(SqlDatabase database, DataConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            int schema = await Migrations.VersionAsync(database, connection, cancellationToken);
            if (schema < Migrations.NewestVersion)
            {
                throw new VerificationException($"The {database.Name} database {database.Place} has schema {schema}; expected {Migrations.NewestVersion}. Start a server of this version on it once.");
            }
        }
        catch (StoreException exception)
        {
            throw new VerificationException(exception.Message, exception);
        }
    }
}

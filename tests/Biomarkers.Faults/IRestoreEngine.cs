using System.Data.Common;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Biomarkers.Faults;

/// <summary>How a product of database is backed up and restored, by the means that README.md names.</summary>
internal interface IRestoreEngine : IAsyncDisposable
{
    /// <summary>Options of the server that uses it.</summary>
    string[] ServerOptions { get; }

    /// <summary>Makes a backup while the server runs.</summary>
    Task BackUpAsync(string file, CancellationToken cancellationToken);

    /// <summary>Restores a backup while no server runs.</summary>
    /// <returns>The generation of the backup, that of the restored database, and the number of events that the backup lacked.</returns>
    Task<(long BackupGeneration, long Generation, long Lacking)> RestoreAsync(string file, CancellationToken cancellationToken);

    /// <summary>Opens the database that no server uses, for reading.</summary>
    Task<DbConnection> OpenAsync(CancellationToken cancellationToken);
}

/// <summary>SQLite: the verbs do it all.</summary>
internal sealed class SqliteRestore(string dataDirectory) : IRestoreEngine
{
    public string[] ServerOptions => [];

    public Task BackUpAsync(string file, CancellationToken cancellationToken) => ServerVerb.RunAsync(cancellationToken, "backup", "--data", dataDirectory, "--out", file);

    public async Task<(long BackupGeneration, long Generation, long Lacking)> RestoreAsync(string file, CancellationToken cancellationToken)
    {
        JsonElement restored = await ServerVerb.RunAsync(cancellationToken, "restore", "--data", dataDirectory, "--from", file, "--replace");
        long lacking = restored.GetProperty("lacking").GetProperty("offsets").EnumerateArray()
            .Sum(offsets => offsets.GetProperty("endOffset").GetInt64() - offsets.GetProperty("firstOffset").GetInt64());
        return (restored.GetProperty("backupGeneration").GetInt64(), restored.GetProperty("databaseGeneration").GetInt64(), lacking);
    }

    public async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(dataDirectory, "biomarkers.db"),
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
        }.ToString());
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>PostgreSQL: pg_dump and pg_restore, then the verb that completes the restore.</summary>
internal sealed class PostgresRestore : IRestoreEngine
{
    private const string Database = "biomarkers";

    private readonly LocalPostgres server;
    private readonly string passwordFile;

    private PostgresRestore(LocalPostgres server, string passwordFile)
    {
        this.server = server;
        this.passwordFile = passwordFile;
    }

    // The password is in its file, as an operator has it.
    public string[] ServerOptions =>
    [
        "--postgres", new NpgsqlConnectionStringBuilder(server.ConnectionString(Database)) { Password = null }.ToString(), "--postgres-password-file", passwordFile,
    ];

    /// <summary>Starts a server of its own with an empty database.</summary>
    public static async Task<PostgresRestore> StartAsync(string folder, CancellationToken cancellationToken)
    {
        LocalPostgres started = await LocalPostgres.StartAsync(new LocalPostgresOptions(), cancellationToken);
        await started.CreateDatabaseAsync(Database, cancellationToken: cancellationToken);
        string file = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(file, started.Password, cancellationToken);
        return new PostgresRestore(started, file);
    }

    public Task BackUpAsync(string file, CancellationToken cancellationToken) => RunAsync("pg_dump", ["--format=custom", $"--file={file}", Database], cancellationToken);

    public async Task<(long BackupGeneration, long Generation, long Lacking)> RestoreAsync(string file, CancellationToken cancellationToken)
    {
        long before = await EventCountAsync(cancellationToken);
        NpgsqlConnection.ClearAllPools();
        await server.DropDatabaseAsync(Database, cancellationToken);
        await server.CreateDatabaseAsync(Database, cancellationToken: cancellationToken);
        await RunAsync("pg_restore", ["--exit-on-error", $"--dbname={Database}", file], cancellationToken);
        long lacking = before - await EventCountAsync(cancellationToken);
        JsonElement restored = await ServerVerb.RunAsync(cancellationToken, ["restore", .. ServerOptions]);
        return (restored.GetProperty("backupGeneration").GetInt64(), restored.GetProperty("databaseGeneration").GetInt64(), lacking);
    }

    public async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(server.ConnectionString(Database));
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task<long> EventCountAsync(CancellationToken cancellationToken)
    {
        await using DbConnection connection = await OpenAsync(cancellationToken);
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM stream_event";
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Path.Combine(LocalPostgres.FindBinaries()!, program), arguments) { UseShellExecute = false, RedirectStandardError = true };
        start.Environment["PGHOST"] = "127.0.0.1";
        start.Environment["PGPORT"] = server.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        start.Environment["PGUSER"] = LocalPostgres.User;
        start.Environment["PGPASSWORD"] = server.Password;
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"Unable to start {program}.");
        string error = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {error}");
        }
    }
}

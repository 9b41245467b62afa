using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Net.Sockets;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using LinqToDB.DataProvider;
using LinqToDB.DataProvider.PostgreSQL;
using Npgsql;

namespace Biomarkers.Storage;

/// <summary>PostgreSQL 15 or newer, which several servers share: READ COMMITTED with row locks for writing, one snapshot per question.</summary>
/// <remarks>Every session asks for synchronous_commit=on and for limits of its own, so that neither a setting of the database nor a server that hangs
/// weakens what an acknowledgement means. Statements are prepared by use. Poolers in transaction mode break LISTEN and prepared statements:
/// the connection string names PostgreSQL itself, or a pooler in session mode.</remarks>
public sealed class PostgresDatabase : SqlDatabase
{
    private const int OldestMajorVersion = 15;

    private const string Channel = "biomarkers_change";

    // Of the name of a server's listening session.
    private const string ListenerPrefix = "biomarkers-server:";

    // Any number that no other program of the database uses: "biomarke" in ASCII.
    private const long SchemaLock = 0x62696F6D61726B65;

    // Of the writer at once: its transaction, and the reservation of keys beside it.
    private const int WriterPoolSize = 4;

    private static readonly IDataProvider Provider = PostgreSQLTools.GetDataProvider(PostgreSQLVersion.v15);

    // Limits of a session, in PostgreSQL's own words and milliseconds; the keep-alives find a peer that vanished without a word.
    private static readonly string[] SessionSettings =
    [
        "synchronous_commit=on", "statement_timeout=30000", "lock_timeout=10000", "idle_in_transaction_session_timeout=10000",
        "tcp_keepalives_idle=10", "tcp_keepalives_interval=5", "tcp_keepalives_count=3",
    ];

    private readonly NpgsqlDataSource readers;
    private readonly NpgsqlDataSource writer;
    private readonly NpgsqlDataSource keys;
    private readonly NpgsqlDataSource listener;

    /// <summary>Names the database; <see cref="SqlStore.OpenAsync"/> opens it.</summary>
    /// <param name="connectionString">Host, database, user and so on, as Npgsql writes them. A maximum pool size is that of the readers; default 20.</param>
    /// <param name="password">Password of the user, over that of the connection string; null for none.</param>
    /// <exception cref="StoreException">It is no connection string.</exception>
    public PostgresDatabase(string connectionString, string? password = null)
    {
        NpgsqlConnectionStringBuilder given = Parse(connectionString);
        given.Password = password ?? given.Password;
        Place = string.Create(CultureInfo.InvariantCulture, $"'{given.Database}' at {given.Host}:{given.Port}");
        given.Options = string.Join(' ', [.. SessionSettings.Select(setting => $"-c {setting}"), given.Options]).Trim();
        given.ApplicationName ??= "biomarkers-server";
        given.MaxAutoPrepare = given.MaxAutoPrepare == 0 ? 200 : given.MaxAutoPrepare;
        given.AutoPrepareMinUsages = 2;
        given.Timeout = Math.Min(given.Timeout, 5);
        given.CommandTimeout = 35;
        given.NoResetOnClose = true;
        given.IncludeErrorDetail = false;
        readers = DataSource(given, connection => connection.MaxPoolSize = given.ContainsKey("Maximum Pool Size") ? given.MaxPoolSize : 20);
        writer = DataSource(given, connection => (connection.MinPoolSize, connection.MaxPoolSize) = (0, WriterPoolSize));
        keys = DataSource(given, connection => (connection.MaxPoolSize, connection.Options) = (WriterPoolSize, $"{connection.Options} -c synchronous_commit=off"));
        listener = DataSource(given, connection => (connection.Pooling, connection.KeepAlive) = (false, 10));
    }

    /// <inheritdoc/>
    public override string Name => "PostgreSQL";

    /// <inheritdoc/>
    public override string Place { get; }

    internal override bool IsShared => true;

    internal override BulkCopyOptions BulkCopy { get; } = new() { BulkCopyType = BulkCopyType.ProviderSpecific };

    internal override IReadOnlyDictionary<string, string> Tokens { get; } = new Dictionary<string, string>
    {
        ["blob"] = "BYTEA",
        ["text"] = "TEXT COLLATE \"C\"",
        ["zero_hash"] = "decode(repeat('00', 32), 'hex')",
    };

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await readers.DisposeAsync();
        await writer.DisposeAsync();
        await keys.DisposeAsync();
        await listener.DisposeAsync();
    }

    internal override async Task OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using NpgsqlConnection connection = await writer.OpenConnectionAsync(cancellationToken);
            Version version = connection.PostgreSqlVersion;
            if (version.Major < OldestMajorVersion)
            {
                throw new StoreException($"The PostgreSQL server of database {Place} has version {version}; expected {OldestMajorVersion} or newer.");
            }

            await RequireAsync(connection, "fsync", "on", "a commit would not survive a loss of power", cancellationToken);
            await RequireAsync(connection, "full_page_writes", "on", "a loss of power could tear pages", cancellationToken);
            await RequireAsync(connection, "synchronous_commit", "on", "a commit would be answered before it is on disk", cancellationToken);
            await RequireAsync(connection, "transaction_read_only", "off", "it is a standby or set to read only; name the primary", cancellationToken);
            await RequireAsync(connection, "server_encoding", "UTF8", "texts of plates could not be kept; create the database with ENCODING 'UTF8'", cancellationToken);
        }
        catch (NpgsqlException exception)
        {
            throw Explain(exception);
        }
    }

    internal override async Task<SqlWriteTransaction> BeginWriteAsync(CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await writer.OpenConnectionAsync(cancellationToken);
        try
        {
            NpgsqlTransaction transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);
            return new SqlWriteTransaction(Within(transaction), transaction, connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    internal override async Task<SqlSnapshot> OpenSnapshotAsync(CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await readers.OpenConnectionAsync(cancellationToken);
        try
        {
            NpgsqlTransaction transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            return new SqlSnapshot(Within(transaction), transaction, connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    internal override IEnumerable<string> AppendOnlyTriggers(string table)
    {
        yield return """
            CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
            """;
        // Per statement: TRUNCATE has no rows, and a change that would meet none is wrong all the same.
        yield return $"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()";
    }

    internal override async Task<IReadOnlyList<string>> ListTablesAsync(DataConnection connection, CancellationToken cancellationToken) =>
        await connection.QueryToListAsync<string>("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename", cancellationToken);

    internal override async Task RequireRightsAsync(DataConnection connection, CancellationToken cancellationToken)
    {
        List<string> missing = await connection.QueryToListAsync<string>(
            """
            SELECT right_name || ' on ' || t.tablename
            FROM pg_tables t CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) right_name
            WHERE t.schemaname = current_schema()
              AND (right_name IN ('SELECT', 'INSERT') OR t.tablename <> ALL (@append_only))
              AND NOT has_table_privilege(format('%I.%I', t.schemaname, t.tablename), right_name)
            ORDER BY 1
            """,
            cancellationToken,
            new DataParameter("append_only", AppendOnlyTables.All));
        if (missing.Count > 0)
        {
            throw new StoreException($"The PostgreSQL database {Place} does not give its user {missing.Count} rights, the first of them {missing[0]}: make the user the tables' owner, or grant these.");
        }
    }

    internal override async Task<IReadOnlyList<string>> ListColumnsAsync(DataConnection connection, CancellationToken cancellationToken) =>
        await connection.QueryToListAsync<string>(
            "SELECT (table_name || '.' || column_name)::text FROM information_schema.columns WHERE table_schema = current_schema()", cancellationToken);

    internal override async Task<IReadOnlyList<string>> ListAppendOnlyTablesAsync(DataConnection connection, CancellationToken cancellationToken) =>
        await connection.QueryToListAsync<string>(
            """
            SELECT c.relname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND t.tgname = c.relname || '_append_only' AND t.tgenabled <> 'D'
            """,
            cancellationToken);

    internal override async Task LockSchemaAsync(DataConnection connection, CancellationToken cancellationToken)
    {
        // A change of the schema may take long, and waits for another server that makes it.
        await LiftLimitsAsync(connection, cancellationToken);
        await connection.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"SELECT pg_advisory_xact_lock({SchemaLock})"), cancellationToken);
    }

    internal override Task LockRowAsync(DataConnection connection, string table, string keyColumn, object key, CancellationToken cancellationToken) =>
        connection.ExecuteAsync($"SELECT 1 FROM {table} WHERE {keyColumn} = @key FOR UPDATE", cancellationToken, new DataParameter("key", key));

    internal override async Task<bool> TryLockRowAsync(DataConnection connection, string table, string keyColumn, object key, CancellationToken cancellationToken) =>
        await connection.ExecuteAsync<int?>($"SELECT 1 FROM {table} WHERE {keyColumn} = @key FOR UPDATE SKIP LOCKED", cancellationToken, new DataParameter("key", key)) is not null;

    internal override async Task LiftLimitsAsync(DataConnection connection, CancellationToken cancellationToken)
    {
        foreach (string limit in new[] { "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout" })
        {
            await connection.ExecuteAsync($"SET LOCAL {limit} = 0", cancellationToken);
        }
    }

    internal override bool IsOwn(DbException exception) => exception is NpgsqlException;

    internal override Task<List<WorkItemTable>> LockWorkAsync(
        DataConnection connection, IQueryable<WorkItemTable> works, int limit, CancellationToken cancellationToken) =>
        works.Take(limit).AsPostgreSQL().ForUpdateSkipLockedHint().ToListAsync(cancellationToken);

    // On a connection of its own: the lock of the row lasts for this statement and not for the transaction. It needs no flush of its own, because
    // the log is in order: a transaction that is on disk has its keys' reservation before it.
    internal override async Task<long> ReserveKeysAsync(DataConnection connection, string sequence, long count, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection own = await keys.OpenConnectionAsync(cancellationToken);
        await using NpgsqlCommand command = own.CreateCommand();
        command.CommandText = "UPDATE key_sequence SET next_key = next_key + @count WHERE name = @name RETURNING next_key";
        command.Parameters.AddWithValue("count", count);
        command.Parameters.AddWithValue("name", sequence);
        return (long)(await command.ExecuteScalarAsync(cancellationToken) ?? throw new InvalidOperationException($"The sequence '{sequence}' has no row.")) - count;
    }

    internal override Task NotifyAsync(DataConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteAsync($"NOTIFY {Channel}", cancellationToken);

    internal override async Task ListenAsync(string holder, Action changed, CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await listener.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, _) => changed();
        await using (NpgsqlCommand command = connection.CreateCommand())
        {
            command.CommandText = $"SET application_name = '{ListenerPrefix}{holder}'";
            await command.ExecuteNonQueryAsync(cancellationToken);
            command.CommandText = $"LISTEN {Channel}";
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        // What was committed before the LISTEN was told to nobody here.
        changed();
        while (true)
        {
            await connection.WaitAsync(cancellationToken);
        }
    }

    internal override StoreException Explain(DbException exception)
    {
        string advice = exception is PostgresException fault ? fault.SqlState switch
        {
            PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => $"{fault.MessageText}; check the user name and the password file.",
            PostgresErrorCodes.InvalidCatalogName => $"{fault.MessageText}; create it with 'createdb --encoding=UTF8', owned by the server's user.",
            PostgresErrorCodes.InsufficientPrivilege when !fault.MessageText.Contains("schema", StringComparison.Ordinal) && !fault.MessageText.Contains("database", StringComparison.Ordinal) =>
                $"{fault.MessageText}; make the server's user the owner of the tables.",
            PostgresErrorCodes.InsufficientPrivilege => $"{fault.MessageText}; grant the server's user CONNECT on the database, and CREATE and USAGE on its schema.",
            _ => $"{fault.MessageText} (SQLSTATE {fault.SqlState}).",
        }
        : $"{(exception.InnerException ?? exception).Message}; check that the server runs and that the address is right.";
        return new StoreException($"Unable to open the PostgreSQL database {Place}: {advice}", exception);
    }

    // The name of a session is seen by every session of the same user, and goes with it.
    internal override async Task<IReadOnlySet<string>> ListListenersAsync(DataConnection connection, CancellationToken cancellationToken) =>
        (await connection.QueryToListAsync<string>(
            $"SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '{ListenerPrefix}%'", cancellationToken))
        .Select(name => name[ListenerPrefix.Length..]).ToHashSet();

    internal override bool IsConflict(Exception exception) => exception is PostgresException
    {
        SqlState: PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable,
    };

    // What says nothing about the rows that are written is the store's own trouble and is mended by whoever runs it: a connection, a shutdown, a right or a
    // password that was changed, a primary that became a standby, a statement that took too long.
    internal override bool IsUnavailable(Exception exception) => exception switch
    {
        PostgresException fault => !IsConflict(fault) && !IsFatal(fault) && !IsShort(fault) && !SaysSomethingOfTheRows(fault),
        NpgsqlException => true,
        _ => exception is SocketException or TimeoutException,
    };

    internal override bool IsTransient(Exception exception) => IsUnavailable(exception) || IsConflict(exception) || (exception is PostgresException fault && IsShort(fault));

    internal override bool IsFull(Exception exception) => exception is PostgresException { SqlState: PostgresErrorCodes.DiskFull };

    internal override bool IsFatal(Exception exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted or PostgresErrorCodes.IoError };

    private static bool IsShort(PostgresException fault) =>
        fault.SqlState is PostgresErrorCodes.DiskFull or PostgresErrorCodes.OutOfMemory or PostgresErrorCodes.InsufficientResources;

    // Classes 22 and 23: data and constraints; P0: raised by a trigger of ours.
    private static bool SaysSomethingOfTheRows(PostgresException fault) =>
        fault.SqlState[..2] is "22" or "23" or "P0";

    private static NpgsqlConnectionStringBuilder Parse(string connectionString)
    {
        NpgsqlConnectionStringBuilder given;
        try
        {
            given = new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException)
        {
#pragma warning disable MA0054 // neither its text nor the driver's fault, which quotes it: it may hold a password
            throw new StoreException("The PostgreSQL connection string can't be read; expected pairs such as 'Host=db;Database=biomarkers;Username=biomarkers', and no URI.");
#pragma warning restore MA0054
        }

        return string.IsNullOrWhiteSpace(given.Host) || string.IsNullOrWhiteSpace(given.Database)
            ? throw new StoreException("The PostgreSQL connection string names no host or no database; expected one such as 'Host=db;Database=biomarkers;Username=biomarkers'.")
            : given;
    }

    private static NpgsqlDataSource DataSource(NpgsqlConnectionStringBuilder given, Action<NpgsqlConnectionStringBuilder> change)
    {
        var own = new NpgsqlConnectionStringBuilder(given.ConnectionString);
        change(own);
        return NpgsqlDataSource.Create(own);
    }

    private static EngineConnection Within(NpgsqlTransaction transaction) =>
        new(new DataOptions().UseTransaction(Provider, transaction).UseMappingSchema(ColumnTypes.Postgres));

    private async Task RequireAsync(NpgsqlConnection connection, string setting, string expected, string reason, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand command = connection.CreateCommand();
        command.CommandText = $"SHOW {setting}";
        string? answer = (string?)await command.ExecuteScalarAsync(cancellationToken);
        if (answer != expected)
        {
            throw new StoreException($"The PostgreSQL database {Place} has {setting} = {answer}; expected {expected}: {reason}.");
        }
    }
}

using Biomarkers.Faults;
using Biomarkers.Storage;
using Npgsql;
using Xunit;

namespace Biomarkers.Tests.Storage;

/// <summary>A start that can't be made says in one line which database, what is wrong and what to do, and changes nothing.</summary>
public sealed class PostgresStartTests : IAsyncLifetime
{
    private PostgresTestDatabase database = null!;

    // Set where PostgreSQL is there: the facts of this class are skipped where it is not, and are not entered.
    public async Task InitializeAsync() => database = await PostgresTestDatabase.CreateAsync(migrated: false);

    public async Task DisposeAsync() => await database.DisposeAsync();

    [PostgresTheory]
    [InlineData("plates", "can't be read")] // no pair of name and value
    [InlineData("Hots=db;Database=plates", "can't be read")] // a name that Npgsql does not know
    [InlineData("Host=db;Database=plates;Port=many", "can't be read")]
    [InlineData("postgresql://bio:geheim@db/plates", "no URI")] // what other programs take
    [InlineData("Host=db;Password=geheim;geheim", "can't be read")]
    [InlineData("Database=plates", "no host")]
    [InlineData("Host=db", "no database")]
    [InlineData("", "no host")]
    public void ConnectionString_Wrong_IsRefusedWithAnExample(string connectionString, string expected)
    {
        var refused = Assert.Throws<StoreException>(() => new PostgresDatabase(connectionString));

        OneLine(refused.Message);
        Assert.Contains(expected, refused.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Host=db;Database=biomarkers;Username=biomarkers", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    [PostgresFact]
    public async Task Open_ServerDown_SaysWhere()
    {
        using var free = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        free.Start();
        int port = ((System.Net.IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();

        string message = await RefusalAsync(Change(settings => settings.Port = port));

        Assert.Contains($"127.0.0.1:{port}", message, StringComparison.Ordinal);
        Assert.Contains("check that the server runs", message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Open_HostThatIsNone_SaysWhere()
    {
        string message = await RefusalAsync(Change(settings => settings.Host = "no-such-host.invalid"));

        Assert.Contains("no-such-host.invalid", message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Open_WrongPassword_SaysWhatToCheck()
    {
        string message = await RefusalAsync(Change(settings => settings.Password = "not-the-password"));

        Assert.Contains("password", message, StringComparison.Ordinal);
        Assert.DoesNotContain("not-the-password", message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Open_UnknownDatabase_SaysHowItIsMade()
    {
        string message = await RefusalAsync(Change(settings => settings.Database = "nowhere"));

        Assert.Contains("'nowhere'", message, StringComparison.Ordinal);
        Assert.Contains("createdb", message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Open_RoleThatMayNotCreate_SaysWhichRight()
    {
        string message = await RefusalAsync(await OtherRoleAsync());

        Assert.Contains("grant", message, StringComparison.OrdinalIgnoreCase);
    }

    [PostgresTheory]
    [InlineData("")] // no right on any table
    [InlineData("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {0}")] // it reads, and would fail with the first write
    [InlineData("GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {0}")]
    public async Task Open_RoleWithoutTheRightsOfAWriter_IsRefused(string rights)
    {
        await MigrateAsync();
        string connectionString = await OtherRoleAsync();
        if (rights.Length > 0)
        {
            await database.ExecuteAsync(string.Format(rights, new NpgsqlConnectionStringBuilder(connectionString).Username));
        }

        string message = await RefusalAsync(connectionString);

        Assert.Contains("grant", message, StringComparison.OrdinalIgnoreCase);
    }

    [PostgresFact]
    public async Task Open_TablesOfAnotherProgram_AreLeftAlone()
    {
        await database.ExecuteAsync("CREATE TABLE invoices (number int); INSERT INTO invoices VALUES (1)");

        string message = await RefusalAsync(database.ConnectionString);

        Assert.Contains("'invoices'", message, StringComparison.Ordinal);
        Assert.Contains("empty database", message, StringComparison.Ordinal);
    }

    [PostgresTheory]
    [InlineData("qc_flag")]
    [InlineData("ledger_head")]
    [InlineData("work_holder")]
    public async Task Open_TableMissing_IsNamed(string table)
    {
        await MigrateAsync();
        await database.ExecuteAsync($"DROP TABLE {table} CASCADE");

        string message = await RefusalAsync(database.ConnectionString);

        Assert.Contains($"'{table}'", message, StringComparison.Ordinal);
        Assert.Contains("backup", message, StringComparison.Ordinal);
    }

    [PostgresTheory]
    [InlineData("ALTER TABLE result DROP COLUMN dilution_factor CASCADE", "column 'result.dilution_factor'")]
    [InlineData("DROP TRIGGER result_append_only ON result", "guard of table 'result'")]
    [InlineData("ALTER TABLE audit_event DISABLE TRIGGER audit_event_append_only", "guard of table 'audit_event'")]
    [InlineData("DELETE FROM database_identity", "database_identity")]
    [InlineData("DELETE FROM schema_version WHERE number = 1", "schema_version")]
    [InlineData("DELETE FROM schema_version WHERE number = 3", "of a newer one")]
    [InlineData("DROP TABLE schema_version", "schema_version")]
    public async Task Open_SchemaThatIsNotWhole_SaysWhatIsMissing(string damage, string expected)
    {
        await MigrateAsync();
        await database.ExecuteAsync(damage);

        string message = await RefusalAsync(database.ConnectionString);

        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains("Restore it from a backup", message, StringComparison.Ordinal);
    }

    [PostgresTheory]
    [InlineData("default_transaction_read_only", "on", "transaction_read_only")]
    public async Task Open_SettingOfTheDatabaseThatForbidsWriting_IsNamed(string setting, string value, string expected)
    {
        await database.Server.ExecuteAsync($"ALTER DATABASE {database.Name} SET {setting} = {value}");

        Assert.Contains(expected, await RefusalAsync(database.ConnectionString), StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Open_DatabaseThatAnswersBeforeTheDisk_IsOverruledForOurSessions()
    {
        await database.Server.ExecuteAsync($"ALTER DATABASE {database.Name} SET synchronous_commit = off");
        await database.Server.ExecuteAsync($"ALTER DATABASE {database.Name} SET default_transaction_isolation = 'serializable'");

        // The start itself asks for synchronous_commit = on and fails where the answer is another one.
        await MigrateAsync();

        Assert.Equal("off", (await database.ReadAsync("SHOW synchronous_commit", row => row.GetString(0))).Single());
    }

    [PostgresFact]
    public async Task Open_ServerWithoutFsync_IsRefused()
    {
        await using LocalPostgres unsafeServer = await LocalPostgres.StartAsync(new LocalPostgresOptions { Fsync = false }, CancellationToken.None);
        await unsafeServer.CreateDatabaseAsync("plates");

        var refused = await Assert.ThrowsAsync<StoreException>(() => OpenAsync(unsafeServer.ConnectionString("plates")));

        OneLine(refused.Message);
        Assert.Contains("fsync = off", refused.Message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Open_DatabaseOfAnotherEncoding_IsRefused()
    {
        string name = $"{database.Name}_ascii";
        await database.Server.ExecuteAsync($"CREATE DATABASE {name} OWNER {LocalPostgres.User} ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0");
        try
        {
            Assert.Contains("server_encoding = SQL_ASCII", await RefusalAsync(Change(settings => settings.Database = name)), StringComparison.Ordinal);
        }
        finally
        {
            await database.Server.DropDatabaseAsync(name);
        }
    }

    [PostgresFact]
    public async Task Open_SchemaThatIsNone_IsRefused() => await RefusalAsync(Change(settings => settings.SearchPath = "laboratory"));

    [PostgresFact]
    public async Task Open_ByManyAtTheSameTime_MakesTheSchemaOnce()
    {
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => MigrateAsync()));

        List<long> versions = await database.ReadAsync("SELECT number FROM schema_version ORDER BY number", row => row.GetInt64(0));
        Assert.Equal(Enumerable.Range(1, versions.Count).Select(number => (long)number), versions);
    }

    private static void OneLine(string message)
    {
        Assert.DoesNotContain('\n', message);
        Assert.InRange(message.Length, 20, 400);
    }

    private static async Task OpenAsync(string connectionString) =>
        await (await SqlStore.OpenAsync(new PostgresDatabase(connectionString), TimeProvider.System, CancellationToken.None)).DisposeAsync();

    private Task MigrateAsync() => OpenAsync(database.ConnectionString);

    private string Change(Action<NpgsqlConnectionStringBuilder> change)
    {
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        change(settings);
        return settings.ToString();
    }

    // A role that may connect and no more.
    private async Task<string> OtherRoleAsync()
    {
        string role = $"{database.Name}_reader";
        await database.Server.ExecuteAsync($"DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN PASSWORD 'reads'");
        return Change(settings => (settings.Username, settings.Password) = (role, "reads"));
    }

    private async Task<string> RefusalAsync(string connectionString)
    {
        string before = await StateAsync();
        var refused = await Assert.ThrowsAsync<StoreException>(() => OpenAsync(connectionString));
        OneLine(refused.Message);
        Assert.Equal(before, await StateAsync());
        return refused.Message;
    }

    private async Task<string> StateAsync()
    {
        List<string> tables = await database.ListTablesAsync();
        List<string> versions = tables.Contains("schema_version") ? await database.ReadAsync("SELECT v::text FROM schema_version v ORDER BY number", row => row.GetString(0)) : [];
        return string.Join('\n', tables.Concat(versions));
    }
}

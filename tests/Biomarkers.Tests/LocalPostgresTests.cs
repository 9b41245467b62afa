using Biomarkers.Faults;
using Npgsql;
using Xunit;

namespace Biomarkers.Tests;

public sealed class LocalPostgresTests
{
    [Theory]
    [InlineData("14 15 9.6", "15")]
    [InlineData("15 17 16", "17")]
    [InlineData("9 14", null)]
    [InlineData("common", null)]
    public void FindBinaries_SeveralVersions_TakesTheNewestThatIsSupported(string versions, string? expected)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-versions-");
        try
        {
            foreach (string version in versions.Split(' '))
            {
                DirectoryInfo binaries = folder.CreateSubdirectory(Path.Combine(version, "bin"));
                File.Create(Path.Combine(binaries.FullName, "postgres")).Dispose();
                File.Create(Path.Combine(binaries.FullName, "initdb")).Dispose();
            }

            Assert.Equal(expected is null ? null : Path.Combine(folder.FullName, expected, "bin"), LocalPostgres.FindBinaries(folder.FullName, searchPath: string.Empty));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [PostgresFact]
    public async Task Server_CrashedAndStartedAgain_KeepsWhatWasCommittedAndGoesWithItsFolder()
    {
        LocalPostgres server;
        await using (server = await LocalPostgres.StartAsync(new LocalPostgresOptions(), CancellationToken.None))
        {
            await server.CreateDatabaseAsync("plates");
            await AskAsync(server, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (15)");
            int port = server.Port;
            int crashed = server.PostmasterId;

            await server.StopAsync(PostgresStop.Immediate);
            await Assert.ThrowsAsync<NpgsqlException>(() => AskAsync(server, "SELECT 1"));
            await server.StartAgainAsync();

            Assert.NotEqual(crashed, server.PostmasterId);
            Assert.Equal(port, server.Port);
            Assert.Equal("15", await AskAsync(server, "SELECT n FROM kept"));
            Assert.Equal("on", await AskAsync(server, "SHOW fsync"));
            Assert.Equal("(f,t,f)", await AskAsync(server, "SELECT (rolsuper, rolcreatedb, rolcreaterole)::text FROM pg_roles WHERE rolname = current_user"));
        }

        Assert.False(Directory.Exists(Path.GetDirectoryName(server.DataDirectory)));
        await Assert.ThrowsAsync<NpgsqlException>(() => AskAsync(server, "SELECT 1"));
    }

    [PostgresFact]
    public async Task Start_SettingThatIsUnknown_TellsWhatTheServerSaid()
    {
        var options = new LocalPostgresOptions { Settings = new Dictionary<string, string> { ["plates_per_second"] = "1" } };

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => LocalPostgres.StartAsync(options, CancellationToken.None));

        Assert.Contains("plates_per_second", refused.Message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task Connect_WrongPassword_IsRefused()
    {
        await using LocalPostgres server = await LocalPostgres.StartAsync(new LocalPostgresOptions { Fsync = false }, CancellationToken.None);
        var settings = new NpgsqlConnectionStringBuilder(server.ConnectionString("postgres")) { Password = "wrong", Pooling = false };
        await using var connection = new NpgsqlConnection(settings.ToString());

        var refused = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync());

        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
    }

    private static async Task<string?> AskAsync(LocalPostgres server, string sql)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString("plates") + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (await command.ExecuteScalarAsync())?.ToString();
    }
}

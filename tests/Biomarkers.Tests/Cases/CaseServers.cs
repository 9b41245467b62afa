using Biomarkers.Faults.Cases;
using Biomarkers.Server.Verbs;
using Biomarkers.Tests.Server;
using Biomarkers.Tests.Storage;
using Xunit;

namespace Biomarkers.Tests.Cases;

/// <summary>One server in this process for all cases of an engine and a transport; each run has instruments and plates of its own in it.</summary>
public abstract class CaseServerFixture(StoreEngine engine, bool overTls) : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-cases-");
    private readonly MovedClock clock = new();
    private TestDatabase database = null!;
    private TestServer server = null!;
    private CaseServer cases = null!;

    public async Task InitializeAsync()
    {
        if (engine == StoreEngine.Postgres && Tool.SkipReason(Tool.Postgres, File.Exists, Tool.AllRequired) is not null)
        {
            return;
        }

        string certificates = Path.Combine(folder.FullName, "certs");
        if (overTls)
        {
            Assert.Equal(0, await CertificatesVerb.Create().Parse(["init", "--out", certificates]).InvokeAsync());
        }

        database = await TestDatabase.CreateAsync(engine);
        server = await TestServer.StartAsync(
            database is SqliteTestDatabase file ? Path.GetDirectoryName(file.File) : Path.Combine(folder.FullName, "data"),
            change: options => options with
            {
                PostgresConnection = (database as PostgresTestDatabase)?.ConnectionString,
                CertificateFile = overTls ? Path.Combine(certificates, "server.crt") : null,
                CertificateKeyFile = overTls ? Path.Combine(certificates, "server.key") : null,
                Access = options.Access with { ClientAuthorityFile = overTls ? Path.Combine(certificates, "ca.crt") : null },
            },
            time: clock);
        cases = CasesOf(overTls ? certificates : null);
    }

    public async Task DisposeAsync()
    {
        if (server is not null)
        {
            await cases.DisposeAsync();
            await server.DisposeAsync();
            await database.DisposeAsync();
        }

        folder.Delete(recursive: true);
    }

    /// <summary>Runs a case and compares everything with its row, or with another one.</summary>
    internal async Task RunAsync(string name, Func<IngestCase, IngestCase>? change = null)
    {
        IngestCase row = IngestCase.All.Single(row => row.Name == name);
        await using var run = new CaseRun(change?.Invoke(row) ?? row, Guid.NewGuid().ToString("N")[..12], cases);
        await run.RunAsync();
    }

    private CaseServer CasesOf(string? certificates) => new(server.Address, server.Options.KeyFile, certificates, _ => database.OpenAsync(), clock.Move);
}

public sealed class SqliteCaseServer() : CaseServerFixture(StoreEngine.Sqlite, overTls: false);

public sealed class SqliteTlsCaseServer() : CaseServerFixture(StoreEngine.Sqlite, overTls: true);

public sealed class PostgresCaseServer() : CaseServerFixture(StoreEngine.Postgres, overTls: false);

public sealed class PostgresTlsCaseServer() : CaseServerFixture(StoreEngine.Postgres, overTls: true);

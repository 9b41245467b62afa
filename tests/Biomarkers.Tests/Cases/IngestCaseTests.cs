using Biomarkers.Faults.Cases;
using Xunit;

namespace Biomarkers.Tests.Cases;

/// <summary>The forty cases of the ingest contract, on every engine, with and without TLS. With a kill of the server between their steps: <c>biomarkers-faults cases</c>.</summary>
public static class IngestCases
{
    public static TheoryData<string> Ready => [.. IngestCase.ReadyOver(tls: false).Select(row => row.Name)];

    public static TheoryData<string> ReadyOverTls => [.. IngestCase.ReadyOver(tls: true).Select(row => row.Name)];
}

public sealed class SqliteIngestCaseTests(SqliteCaseServer server) : IClassFixture<SqliteCaseServer>
{
    [Theory]
    [MemberData(nameof(IngestCases.Ready), MemberType = typeof(IngestCases))]
    public Task Case_OnSqlite_GoesAsItsRowSays(string name) => server.RunAsync(name);

    public static TheoryData<string, string> Lies => new()
    {
        { "plate", "plate P: expected HELD, got ANALYZED ACCEPTED" },
        { "flag", "plate P: expected ANALYZED ACCEPTED W_NAN, got ANALYZED ACCEPTED" },
        { "result", "result of P S-0: expected ABOVE_ULOQ, got QUANTIFIED" },
        { "row", "rows of stream_event: expected 2, got 1" },
        { "table", "rows of held_read: expected 1, got 0" },
        { "audit", "audit log: expected CLOCK_SKEWED" },
        { "jump", "audit log: expected CLOCK_JUMP" },
        { "answer", "'send 0 P -> HELD' was answered with DUPLICATE" },
        { "reason", "'send 1 P read=r2 A03:NaN -> QUARANTINED WELL_CONFLICT' was answered with QUARANTINED" },
        { "end", "The call ended with OutOfRange (OFFSET_GAP)" },
        { "offset", "The next offset is 1; expected 5" },
    };

    /// <summary>A case that could not fail would show nothing.</summary>
    [Theory]
    [MemberData(nameof(Lies))]
    public async Task Case_RowThatSaysOtherwise_IsFound(string what, string expected)
    {
        var failure = await Assert.ThrowsAsync<CaseFailureException>(() => server.RunAsync("01", row => what switch
        {
            "plate" => row with { Plates = new Dictionary<string, string> { ["P"] = "HELD" } },
            "flag" => row with { Plates = new Dictionary<string, string> { ["P"] = "ANALYZED ACCEPTED W_NAN" } },
            "result" => row with { Results = new Dictionary<string, string> { ["P S-0"] = "ABOVE_ULOQ" } },
            "row" => row with { Rows = new Dictionary<string, long>(row.Rows) { ["stream_event"] = 2 } },
            "table" => row with { Rows = new Dictionary<string, long>(row.Rows) { ["held_read"] = 1 } },
            "audit" => row with { Audit = ["CLOCK_SKEWED"] },
            "jump" => row with { Audit = ["CLOCK_JUMP"] },
            "answer" => row with { Steps = ["open", "send 0 P", "send 0 P -> HELD"] },
            "reason" => row with { Steps = ["open", "send 0 P", "send 1 P read=r2 A03:NaN -> QUARANTINED WELL_CONFLICT"] },
            "end" => row with { Steps = ["open", "send 1 P -> ends ABORTED STALE_EPOCH"] },
            _ => row with { Steps = ["open", "send 0 P", "open -> next 5"] },
        }));

        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }
}

public sealed class SqliteTlsIngestCaseTests(SqliteTlsCaseServer server) : IClassFixture<SqliteTlsCaseServer>
{
    [Theory]
    [MemberData(nameof(IngestCases.ReadyOverTls), MemberType = typeof(IngestCases))]
    public Task Case_OnSqliteOverTls_GoesAsItsRowSays(string name) => server.RunAsync(name);
}

public sealed class PostgresIngestCaseTests(PostgresCaseServer server) : IClassFixture<PostgresCaseServer>
{
    [PostgresTheory]
    [MemberData(nameof(IngestCases.Ready), MemberType = typeof(IngestCases))]
    public Task Case_OnPostgres_GoesAsItsRowSays(string name) => server.RunAsync(name);
}

public sealed class PostgresTlsIngestCaseTests(PostgresTlsCaseServer server) : IClassFixture<PostgresTlsCaseServer>
{
    [PostgresTheory]
    [MemberData(nameof(IngestCases.ReadyOverTls), MemberType = typeof(IngestCases))]
    public Task Case_OnPostgresOverTls_GoesAsItsRowSays(string name) => server.RunAsync(name);
}

using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Tests.Storage;
using Xunit;

namespace Biomarkers.Tests.Pipeline;

public abstract class ClockJumpTests : StoreContract
{
    private readonly MovedClock clock = new();

    [StoreFact]
    public async Task Transaction_AfterAJumpOfTheClock_RecordsItBeforeAllElse()
    {
        await using PipelineHost host = await StartAsync(analyze: false, time: clock);
        DateTimeOffset before = clock.GetUtcNow();

        clock.Move(TimeSpan.FromHours(-1));
        await host.Writer.WriteAsync(new Note("FIRST"), CancellationToken.None);
        await host.Writer.WriteAsync(new Note("SECOND"), CancellationToken.None);
        clock.Move(TimeSpan.FromHours(1));
        await host.Writer.WriteAsync(new Note("THIRD"), CancellationToken.None);

        List<Line> lines = await LinesAsync();
        Assert.Equal([AuditActions.ClockJump, "FIRST", "SECOND", AuditActions.ClockJump, "THIRD"], lines.Select(line => line.Action));
        Assert.All(lines.Take(3), line => Assert.InRange(line.Time, before.AddHours(-1).AddSeconds(-1), before.AddMinutes(-50)));
        Assert.All(lines.Skip(3), line => Assert.InRange(line.Time, before.AddSeconds(-1), before.AddMinutes(10)));
        Assert.Equal($"holders/{host.Writer.Holder}", lines[0].Target);
        Assert.Matches($@"^host {Environment.MachineName}, from 2\S+Z to 2\S+Z, (3600|3599\.9\d*) s back$", lines[0].Detail);
        Assert.Matches(@", (3600|3600\.0\d*|3599\.9\d*) s ahead$", lines[3].Detail);
        await LedgerLine.VerifyAsync(Database);
    }

    [StoreFact]
    public async Task Transaction_ThatFailsAfterAJump_LeavesItToTheNextOne()
    {
        await using PipelineHost host = await StartAsync(analyze: false, time: clock);
        clock.Move(TimeSpan.FromDays(1));

        await Assert.ThrowsAsync<InvalidOperationException>(() => host.Writer.WriteAsync(new Note("FAILS"), CancellationToken.None));
        Assert.True(host.Writer.HasClockJumped);
        await host.Writer.WriteAsync(new Note("NEXT"), CancellationToken.None);

        Assert.False(host.Writer.HasClockJumped);
        Assert.Equal([AuditActions.ClockJump, "NEXT"], (await LinesAsync()).Select(line => line.Action));
    }

    [StoreFact]
    public async Task Jump_WhereNobodyWrites_IsRecordedAfterTheInterval()
    {
        await using PipelineHost host = await StartAsync(limits: PipelineHost.QuickLimits with { ClockInterval = TimeSpan.FromMilliseconds(20) }, time: clock);

        clock.Move(TimeSpan.FromDays(-1));

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await LinesAsync()).Count == 0)
        {
            await Task.Delay(20, limit.Token);
        }

        Assert.Equal([AuditActions.ClockJump], (await LinesAsync()).Select(line => line.Action));
    }

    [StoreFact]
    public async Task Start_WithAClockBeforeTheNewestEvent_RecordsItOnceAndOneThatIsAheadIsRight()
    {
        foreach (int days in new[] { 0, 1, -1, 0 })
        {
            clock.Move(TimeSpan.FromDays(days));
            await using PipelineHost host = await StartAsync(analyze: false, time: clock);
            await host.Writer.WriteAsync(new Note($"START {days}"), CancellationToken.None);
        }

        List<Line> lines = await LinesAsync();
        Assert.Equal(["START 0", "START 1", AuditActions.ClockJump, "START -1", "START 0"], lines.Select(line => line.Action));
        Assert.EndsWith("s back", lines[2].Detail, StringComparison.Ordinal);
    }

    /// <summary>A later reading of a plate is used, whatever the server's clock did in between.</summary>
    [StoreFact]
    public async Task FurtherReadOfAPlate_AfterAJumpBack_IsUsed()
    {
        await using PipelineHost host = await StartAsync(time: clock);
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "test", CancellationToken.None);
        await SendAsync(host, stream, 0, "r1");
        clock.Move(TimeSpan.FromHours(-1));

        EventOutcome outcome = await SendAsync(host, stream, 1, "r2");

        Assert.Single(outcome.Works);
    }

    private async Task<EventOutcome> SendAsync(PipelineHost host, OpenedStream stream, long offset, string readId)
    {
        byte[] bytes = [(byte)offset];
        EventOutcome outcome = await host.Intake.AppendAsync(new StreamEvent(
            stream, offset, ContentHash.Of(bytes), bytes, clock.GetUtcNow(), null, (EventContent)TestPlates.Whole("P-1", readId, factor: 1 + (0.01 * offset))));
        await host.Intake.EnqueueAsync(outcome.Works, CancellationToken.None);
        return outcome;
    }

    private async Task<List<Line>> LinesAsync() => await Database.ReadAsync(
        $"SELECT event_time, action, target, detail FROM audit_event WHERE action <> '{AuditActions.AssayCreated}' ORDER BY sequence",
        row => new Line(Instant.FromMicroseconds(row.GetInt64(0)), row.GetString(1), row.GetString(2), row.IsDBNull(3) ? "" : row.GetString(3)));

    private sealed record Line(DateTimeOffset Time, string Action, string Target, string Detail);

    private sealed record Note(string Action) : IStoreWrite<bool>
    {
        public Task<bool> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
        {
            context.Record("test", Action, "test");
            return Action == "FAILS" ? throw new InvalidOperationException("planned") : Task.FromResult(true);
        }
    }
}

[OnSqlite]
public sealed class SqliteClockJumpTests : ClockJumpTests;

[OnPostgres]
public sealed class PostgresClockJumpTests : ClockJumpTests;

using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Review;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;
using Biomarkers.Results.Review;
using Biomarkers.Storage.Verification;
using Biomarkers.Tests.Storage;
using Xunit;

namespace Biomarkers.Tests.Pipeline.Review;

/// <summary>Repeats on another plate, linked by a reviewer, on every engine.</summary>
public abstract class RepeatTests : StoreContract
{
    private const string Reviewer = "people/kim";

    [StoreFact]
    public async Task Link_OfTheSameOnAnotherPlate_IsShownByBothUntilItIsRemoved()
    {
        await using PipelineHost host = await StartAsync();
        long[] results = await AnalyseAsync(host, plates: 2);

        LinkedRepeat linked = await LinkAsync(host, results[1], results[0]);

        StoredResult repeat = await ResultAsync(host, results[1]), original = await ResultAsync(host, results[0]);
        Assert.Equal(new RepeatLink(linked.Link!.LinkKey, results[1], results[0], Reviewer, "was above the range", linked.Link.LinkTime), linked.Link);
        Assert.Equal((linked.Link, 0), (repeat.RepeatOf, repeat.Repeats.Count));
        Assert.Equal((null, linked.Link), (original.RepeatOf, Assert.Single(original.Repeats)));
        // It is no status: both still wait, and no version was added.
        Assert.Equal((ResultStatus.Preliminary, 1, ResultStatus.Preliminary, 1), (repeat.Status, repeat.Version, original.Status, original.Version));
        AffectedResult waiting = (await host.Store.Queries.ListAffectedResultsAsync("P-2", new PageRequest(1, OldestFirst: true), CancellationToken.None)).Rows[0];
        Assert.Equal(linked.Link, waiting.After!.RepeatOf);

        UnlinkedRepeat unlinked = await UnlinkAsync(host, linked.Link.LinkKey);

        Assert.Equal((true, Reviewer, "another draw"), (unlinked.WasLinked, unlinked.Link!.Unlink!.Actor, unlinked.Link.Unlink.Reason));
        Assert.Null((await ResultAsync(host, results[1])).RepeatOf);
        Assert.Empty((await ResultAsync(host, results[0])).Repeats);
        // A decision is made once; what was unlinked can be linked anew.
        Assert.False((await UnlinkAsync(host, linked.Link.LinkKey)).WasLinked);
        Assert.Null((await UnlinkAsync(host, linked.Link.LinkKey + 100)).Link);
        Assert.NotEqual(linked.Link.LinkKey, (await LinkAsync(host, results[1], results[0])).Link!.LinkKey);
        Assert.Equal(
            [(AuditActions.RepeatLinked, "was above the range"), (AuditActions.RepeatUnlinked, "another draw"), (AuditActions.RepeatLinked, "was above the range")],
            (await EventsAsync(host)).Select(audit => (audit.Audit.Action, audit.Audit.Reason)));
        Assert.All(await EventsAsync(host), audit => Assert.Equal((Reviewer, $"results/{results[1]}"), (audit.Audit.Actor, audit.Audit.Target)));
        Assert.True((await host.Store.Queries.VerifyAsync(new VerificationRequest(), CancellationToken.None)).IsIntact);
    }

    [StoreFact]
    public async Task Link_ThatCantBe_SaysWhyAndChangesNothing()
    {
        await using PipelineHost host = await StartAsync();
        long[] results = await AnalyseAsync(host, plates: 3);
        await LinkAsync(host, results[1], results[0]);
        await LinkAsync(host, results[2], results[1]);
        long other = (await ListAsync(host, "P-3"))[1].ResultKey;

        Assert.Equal(results[0] + 1000, (await TryAsync(host, results[0] + 1000, results[0])).MissingKey);
        Assert.Equal(results[0] + 1000, (await TryAsync(host, results[0], results[0] + 1000)).MissingKey);
        (long Repeat, long Original, string Reason)[] refused =
        [
            (other, results[0], ReviewReasons.SampleMismatch), (results[0], results[0], ReviewReasons.RepeatCycle), (results[0], results[1], ReviewReasons.RepeatCycle),
            (results[0], results[2], ReviewReasons.RepeatCycle), (results[1], results[0], ReviewReasons.AlreadyLinked), (results[2], results[0], ReviewReasons.AlreadyLinked),
        ];
        foreach ((long repeat, long original, string reason) in refused)
        {
            LinkedRepeat answer = await TryAsync(host, repeat, original);
            Assert.Equal((reason, null), (Assert.Single(answer.Faults).Reason, answer.Link));
        }

        Assert.Equal(2, (await EventsAsync(host)).Count);
        Assert.Equal(2, await Database.CountAsync("SELECT COUNT(*) FROM repeat_link"));
        StoredResult middle = await ResultAsync(host, results[1]);
        Assert.Equal((results[0], results[2]), (middle.RepeatOf!.OriginalKey, Assert.Single(middle.Repeats).RepeatKey));
    }

    /// <summary>Two links that share no result would close a circle together.</summary>
    [StoreFact]
    public async Task Links_ThatCloseACircleFromTwoSides_AreNotBothMade()
    {
        await using PipelineHost host = await StartAsync();
        PipelineHost second = Database.IsShared ? await StartAsync(analyze: false) : host;
        long[] results = await AnalyseAsync(host, plates: 4);
        await LinkAsync(host, results[1], results[0]);
        await LinkAsync(host, results[3], results[2]);

        LinkedRepeat[] both = await Task.WhenAll(TryAsync(host, results[2], results[1]), TryAsync(second, results[0], results[3]));

        Assert.Single(both, linked => linked.Link is not null);
        Assert.Equal(ReviewReasons.RepeatCycle, Assert.Single(both.Single(linked => linked.Link is null).Faults).Reason);
        if (second != host)
        {
            await second.DisposeAsync();
        }
    }

    [StoreFact]
    public async Task Unlink_ByTwoReviewers_IsDoneOnce()
    {
        await using PipelineHost host = await StartAsync();
        long[] results = await AnalyseAsync(host, plates: 2);
        long link = (await LinkAsync(host, results[1], results[0])).Link!.LinkKey;

        UnlinkedRepeat[] both = await Task.WhenAll(UnlinkAsync(host, link), UnlinkAsync(host, link));

        Assert.Single(both, unlinked => unlinked.WasLinked);
        Assert.Equal(1, await Database.CountAsync("SELECT COUNT(*) FROM repeat_unlink"));
    }

    // The key of the first sample's result on each of some plates.
    private static async Task<long[]> AnalyseAsync(PipelineHost host, int plates)
    {
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        var keys = new List<long>();
        for (int i = 1; i <= plates; i++)
        {
            await host.SendAsync(stream, i - 1, TestPlates.Whole($"P-{i}"));
            IReadOnlyList<StoredResult> results = await host.UntilAsync(async () => await ListAsync(host, $"P-{i}") is { Count: > 0 } found ? found : null);
            keys.Add(results[0].ResultKey);
        }

        return [.. keys];
    }

    private static async Task<IReadOnlyList<StoredResult>> ListAsync(PipelineHost host, string barcode) =>
        (await host.Store.Queries.ListResultsAsync(new ResultFilter(PlateBarcode: barcode), new PageRequest(10, OldestFirst: true), CancellationToken.None)).Rows;

    private static async Task<StoredResult> ResultAsync(PipelineHost host, long resultKey) =>
        (await host.Store.Queries.GetResultAsync(resultKey, null, CancellationToken.None))!;

    private static async Task<IReadOnlyList<StoredAuditEvent>> EventsAsync(PipelineHost host)
    {
        Page<StoredAuditEvent> events = await host.Store.Queries.ListAuditEventsAsync(new AuditFilter(), new PageRequest(1000, OldestFirst: true), CancellationToken.None);
        return [.. events.Rows.Where(audit => audit.Audit.Action is AuditActions.RepeatLinked or AuditActions.RepeatUnlinked)];
    }

    private static Task<LinkedRepeat> TryAsync(PipelineHost host, long repeat, long original) =>
        host.Writer.WriteAsync(new LinkRepeat(repeat, original, "was above the range", Reviewer), CancellationToken.None);

    private static async Task<LinkedRepeat> LinkAsync(PipelineHost host, long repeat, long original)
    {
        LinkedRepeat linked = await TryAsync(host, repeat, original);
        Assert.Equal((0, null), (linked.Faults.Count, linked.MissingKey));
        return linked;
    }

    private static Task<UnlinkedRepeat> UnlinkAsync(PipelineHost host, long link) =>
        host.Writer.WriteAsync(new UnlinkRepeat(link, "another draw", Reviewer), CancellationToken.None);
}

[OnSqlite]
public sealed class SqliteRepeatTests : RepeatTests;

[OnPostgres]
public sealed class PostgresRepeatTests : RepeatTests;

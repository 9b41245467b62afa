using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Delivery;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Review;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Review;
using Biomarkers.Tests.Storage;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Biomarkers.Tests.Pipeline.Delivery;

/// <summary>What a LIMS pulls, on every engine.</summary>
public abstract class DeliveryTests : StoreContract
{
    private const string Barcode = "P-1";
    private const string Lims = "lims-1";

    private static readonly SubscriptionFilter All = new([], [], []);

    private readonly FakeTimeProvider time = new(TimeProvider.System.GetUtcNow());

    [StoreFact]
    public async Task Pull_OfReleasedVersions_LeasesEachUntilItIsAcknowledged()
    {
        await using PipelineHost host = await SubscribedAsync();
        Assert.Empty((await PullAsync(host)).Items);
        await ReleaseAsync(host);

        PulledDeliveries first = await PullAsync(host);
        Assert.Equal([1, 1, 1], first.Items.Select(item => item.AttemptCount));
        Assert.Empty((await PullAsync(host)).Items);
        Assert.Empty(await AnswerAsync(host, first, new DeliveryAnswer.Acknowledge()));
        // An acknowledgement that is sent again changes nothing.
        Assert.Empty(await AnswerAsync(host, first, new DeliveryAnswer.Acknowledge()));
        time.Advance(TimeSpan.FromHours(1));

        Assert.Empty((await PullAsync(host)).Items);
    }

    [StoreFact]
    public async Task Lease_ThatEnds_DeliversAgainAndOnlyTheNewestDeliveryCounts()
    {
        await using PipelineHost host = await SubscribedAsync();
        await ReleaseAsync(host);
        PulledDeliveries first = await PullAsync(host);
        Assert.Empty(await AnswerAsync(host, first, new DeliveryAnswer.Extend(TimeSpan.FromMinutes(5))));
        time.Advance(TimeSpan.FromMinutes(4));
        Assert.Empty((await PullAsync(host)).Items);
        time.Advance(TimeSpan.FromMinutes(2));

        PulledDeliveries second = await PullAsync(host);

        Assert.Equal(first.Items.Select(item => item.Sequence), second.Items.Select(item => item.Sequence));
        Assert.Equal([2, 2, 2], second.Items.Select(item => item.AttemptCount));
        IReadOnlyList<Fault> late = await AnswerAsync(host, first, new DeliveryAnswer.Acknowledge());
        Assert.All(late, fault => Assert.Equal(DeliveryLimits.LeaseExpired, fault.Reason));
        Assert.Equal(3, late.Count);
        Assert.Empty(await AnswerAsync(host, second, new DeliveryAnswer.Acknowledge()));
    }

    [StoreFact]
    public async Task Correction_OfWhatIsLeased_WaitsForItsAcknowledgement()
    {
        await using PipelineHost host = await SubscribedAsync();
        await ReleaseAsync(host);
        PulledDeliveries first = await PullAsync(host);
        await host.Intake.SubmitAsync(new ReanalyzePlate(Barcode, null, null, [Exclusion()], "bubble", "people/kim"), CancellationToken.None);
        await UntilRunsAsync(host, 2);
        await StepAsync(host, ReviewStep.Correct, "bubble");

        Assert.Empty((await PullAsync(host)).Items);
        // Late, and of the version that was corrected meanwhile: it counts for that one.
        Assert.Empty(await AnswerAsync(host, first, new DeliveryAnswer.Acknowledge()));
        PulledDeliveries second = await PullAsync(host);

        Assert.Equal(3, second.Items.Count);
        Assert.All(await host.Store.Queries.GetVersionsAsync([.. second.Items.Select(item => item.VersionKey)], CancellationToken.None), result =>
            Assert.Equal((ResultStatus.Corrected, (int?)2, "bubble"), (result.Status, result.Supersedes, result.Reason)));
    }

    [StoreFact]
    public async Task RefusedDelivery_ComesAgainAfterItsDelay_AndIsParkedAfterTenAttempts()
    {
        await using PipelineHost host = await SubscribedAsync();
        await ReleaseAsync(host);
        for (int attempt = 1; attempt <= DeliveryLimits.Attempts; attempt++)
        {
            PulledDeliveries pulled = await PullAsync(host);
            Assert.Equal([attempt], pulled.Items.Select(item => item.AttemptCount).Distinct());
            await AnswerAsync(host, pulled, new DeliveryAnswer.Refuse(TimeSpan.FromSeconds(30), "disk full"));
            Assert.Empty((await PullAsync(host)).Items);
            time.Advance(TimeSpan.FromSeconds(31));
        }

        Assert.Empty((await PullAsync(host)).Items);
        await StepAsync(host, ReviewStep.Withdraw, "swapped");
        // What is parked holds up nothing that comes after it.
        Assert.Equal(3, (await PullAsync(host)).Items.Count);
        Assert.Equal(6, await host.Writer.WriteAsync(new SeekSubscription("s1", Lims, null, Lims), CancellationToken.None));
        Assert.All((await PullAsync(host)).Items, item => Assert.Equal(2, item.AttemptCount));
    }

    [StoreFact]
    public async Task Subscription_WithConditionsOrOfAnother_SeesNothingElse()
    {
        await using PipelineHost host = await SubscribedAsync();
        await CreateAsync(host, "other-analyte", new SubscriptionFilter([], ["crp"], []));
        await CreateAsync(host, "study", new SubscriptionFilter(["LARSEN"], ["il-6"], [ResultStatus.Final]));
        await ReleaseAsync(host);
        await StepAsync(host, ReviewStep.Withdraw, "swapped");

        Assert.Empty((await PullAsync(host, "other-analyte")).Items);
        PulledDeliveries study = await PullAsync(host, "study");
        Assert.Equal(3, study.Items.Count);
        await AnswerAsync(host, study, new DeliveryAnswer.Acknowledge(), "study");
        Assert.Empty((await PullAsync(host, "study")).Items);
        Assert.Null(await host.Writer.WriteAsync(new PullDeliveries("s1", "lims-2", 10), CancellationToken.None));
        Assert.Null(await host.Writer.WriteAsync(new AnswerDeliveries("s1", "lims-2", [1], new DeliveryAnswer.Acknowledge()), CancellationToken.None));
    }

    [StoreFact]
    public async Task Pull_AfterTheClockWentBack_DeliversAgainInsteadOfWaiting()
    {
        await using PipelineHost host = await SubscribedAsync();
        await ReleaseAsync(host);
        await PullAsync(host);

        time.AdjustTime(time.GetUtcNow() - TimeSpan.FromDays(1));

        Assert.Equal([2, 2, 2], (await PullAsync(host)).Items.Select(item => item.AttemptCount));
    }

    [StoreFact]
    public async Task RefusedDelivery_AfterTheClockWentBack_ComesAgainInsteadOfWaiting()
    {
        await using PipelineHost host = await SubscribedAsync();
        await ReleaseAsync(host);
        await AnswerAsync(host, await PullAsync(host), new DeliveryAnswer.Refuse(TimeSpan.FromMinutes(10), "disk full"));

        time.AdjustTime(time.GetUtcNow() - TimeSpan.FromDays(1));

        Assert.Equal([2, 2, 2], (await PullAsync(host)).Items.Select(item => item.AttemptCount));
    }

    [StoreFact]
    public async Task Seek_AfterTheClockWentBack_BringsAllThatBearsALaterTime()
    {
        await using PipelineHost host = await SubscribedAsync();
        DateTimeOffset before = time.GetUtcNow();
        time.Advance(TimeSpan.FromHours(1));
        await ReleaseAsync(host);
        await AnswerAsync(host, await PullAsync(host), new DeliveryAnswer.Acknowledge());
        time.AdjustTime(before - TimeSpan.FromHours(1));
        await StepAsync(host, ReviewStep.Withdraw, "swapped");

        Assert.Equal(3, await host.Writer.WriteAsync(new SeekSubscription("s1", Lims, before, Lims), CancellationToken.None));
    }

    [StoreFact]
    public async Task Seek_OverMoreThanOnePullLooksAt_KeepsTheOrderOfEachSample()
    {
        await using PipelineHost host = await SubscribedAsync();
        await ReleaseAsync(host);
        await CreateAsync(host, "late", All);
        await StepAsync(host, ReviewStep.Withdraw, "swapped");
        await AnswerAsync(host, await PullAsync(host, "late"), new DeliveryAnswer.Acknowledge(), "late");
        await host.Writer.WriteAsync(new SeekSubscription("late", Lims, null, Lims), CancellationToken.None);

        // The withdrawals are known; of the releases before them the first has been looked at so far.
        IReadOnlyList<DeliveryItem> due = await host.Writer.WriteAsync(new LookAtOne("late"), CancellationToken.None);

        Assert.Equal([0], due.Select(item => item.AttemptCount));
    }

    [StoreFact]
    public async Task Subscription_FromTheBeginning_BringsWhatWasReleasedBefore()
    {
        await using PipelineHost host = await SubscribedAsync();
        await ReleaseAsync(host);
        await CreateAsync(host, "late", All);
        await CreateAsync(host, "all", All, fromBeginning: true);

        Assert.Empty((await PullAsync(host, "late")).Items);
        Assert.Equal(3, (await PullAsync(host, "all")).Items.Count);
        Assert.Null(await host.Writer.WriteAsync(new CreateSubscription("all", Lims, All, DeliveryLimits.Lease, true, Lims), CancellationToken.None));
    }

    // A pull looks at thousands.
    private sealed record LookAtOne(string SubscriptionId) : IStoreWrite<IReadOnlyList<DeliveryItem>>
    {
        public async Task<IReadOnlyList<DeliveryItem>> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
        {
            SubscriptionRow subscription = (await context.Transaction.FindSubscriptionAsync(SubscriptionId, cancellationToken))!;
            IReadOnlyList<ReleasedChange> released = await context.Transaction.ListReleasedAsync(subscription.FedSequence, 1, cancellationToken);
            await context.Transaction.FeedAsync(subscription.SubscriptionKey, released, released[^1].Sequence, cancellationToken);
            return await context.Transaction.ListDueAsync(subscription.SubscriptionKey, 100, context.Now, cancellationToken);
        }
    }

    private static ExcludedWell Exclusion()
    {
        Assert.True(WellPosition.TryParse("A03", out WellPosition well));
        return new ExcludedWell(well, "bubble", "exclusions[0]");
    }

    private async Task<PipelineHost> SubscribedAsync()
    {
        PipelineHost host = await StartAsync(time: time);
        OpenedStream stream = await host.Intake.OpenAsync("reader-1", "s1", "instruments/reader-1", CancellationToken.None);
        await host.SendAsync(stream, 0, TestPlates.Whole(Barcode));
        await UntilRunsAsync(host, 1);
        await CreateAsync(host, "s1", All);
        return host;
    }

    private static Task CreateAsync(PipelineHost host, string id, SubscriptionFilter filter, bool fromBeginning = false) =>
        host.Writer.WriteAsync(new CreateSubscription(id, Lims, filter, DeliveryLimits.Lease, fromBeginning, Lims), CancellationToken.None);

    private static Task UntilRunsAsync(PipelineHost host, int count) => host.UntilAsync(async () =>
    {
        Page<RunSummary> found = await host.Store.Queries.ListRunsAsync(new RunFilter(Barcode), new PageRequest(10), CancellationToken.None);
        return found.Rows.Count == count ? found : null;
    });

    private static Task ReleaseAsync(PipelineHost host) => StepAsync(host, ReviewStep.Release, null);

    private static async Task StepAsync(PipelineHost host, ReviewStep step, string? reason)
    {
        var filter = new ResultFilter(PlateBarcode: Barcode, IsReleased: step == ReviewStep.Withdraw);
        IReadOnlyList<StoredResult> results = (await host.Store.Queries.ListResultsAsync(filter, new PageRequest(100, OldestFirst: true), CancellationToken.None)).Rows;
        NamedVersion[] named = [.. results.Select((result, i) => new NamedVersion(result.ResultKey, result.Version, $"results[{i}]"))];
        Reviewed reviewed = await host.Writer.WriteAsync(new TakeReviewStep(step, named, reason, "people/kim", null, NeedsSignature: false), CancellationToken.None);
        Assert.Empty(reviewed.Faults);
    }

    private static async Task<PulledDeliveries> PullAsync(PipelineHost host, string id = "s1") =>
        (await host.Writer.WriteAsync(new PullDeliveries(id, Lims, 100), CancellationToken.None))!;

    private static async Task<IReadOnlyList<Fault>> AnswerAsync(PipelineHost host, PulledDeliveries pulled, DeliveryAnswer answer, string id = "s1") =>
        (await host.Writer.WriteAsync(new AnswerDeliveries(id, Lims, [.. pulled.Items.Select(item => item.DeliveryId!.Value)], answer), CancellationToken.None))!.Faults;
}

[OnSqlite]
public sealed class SqliteDeliveryTests : DeliveryTests;

[OnPostgres]
public sealed class PostgresDeliveryTests : DeliveryTests;

using Biomarkers.Client;
using Biomarkers.Results.Ledger;
using Biomarkers.Tests.Pipeline;
using Biomarkers.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;

namespace Biomarkers.Tests.Server;

/// <summary>Delivery over gRPC: what a LIMS gets, when it gets it again, and what it is told where it asks for what is not its own.</summary>
public sealed class ResultDeliveryServiceTests : IAsyncLifetime
{
    private const string Mine = "subscriptions/mine";

    private readonly string folder = Path.Combine(Path.GetTempPath(), $"biomarkers-{Guid.NewGuid():N}");
    private TestServer server = null!;
    private BiomarkersConnection lims = null!;

    private ResultDeliveryService.ResultDeliveryServiceClient Delivery => lims.Delivery;

    public async Task InitializeAsync()
    {
        server = await TestServer.StartAsync(folder);
        lims = await ConnectAsAsync("lims-1", Role.Lims);
        await Delivery.CreateSubscriptionAsync(new CreateSubscriptionRequest { SubscriptionId = "mine" });
    }

    public async Task DisposeAsync()
    {
        lims.Dispose();
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task ReleasedVersions_Pulled_ComeWithWhatTheyRestOnUntilAcknowledged()
    {
        Result[] released = await ReleaseAsync("P1");

        PullResultsResponse pulled = await PullAsync();

        Assert.Equal(released.Select(result => result.Name), pulled.Deliveries.Select(delivery => delivery.Result.Name));
        Delivery first = pulled.Deliveries[0];
        Assert.Equal((1, ResultStatus.Final, "instruments/reader-1", "26881-3"), (first.Attempt, first.Result.Status, first.Origin.Instrument, first.Origin.Loinc));
        Assert.Equal((64, 64), (first.Origin.MethodSha256.Length, first.VerificationToken.Sha256.Length));
        Assert.False(first.Result.HasExtrapolatedConcentration);
        ListAuditEventsResponse events = await server.Connection.Audit.ListAuditEventsAsync(new ListAuditEventsRequest { Action = "RESULT_RELEASED", PageSize = 1000 });
        AuditEvent release = events.AuditEvents.Single(audit => audit.Target == $"{first.Result.Name}@{first.Result.Version}");
        Assert.Equal((first.VerificationToken.Sequence, first.VerificationToken.Sha256), (release.Sequence, release.Sha256));

        Subscription leased = await Delivery.GetSubscriptionAsync(new GetSubscriptionRequest { Name = Mine });
        Assert.Equal((0, released.Length, 0L), (leased.WaitingCount, leased.LeasedCount, leased.AcknowledgedCount));
        await AcknowledgeAsync(pulled);
        await AcknowledgeAsync(pulled);
        Assert.Empty((await PullAsync()).Deliveries);
        Subscription done = await Delivery.GetSubscriptionAsync(new GetSubscriptionRequest { Name = Mine });
        Assert.Equal((0, 0, released.Length, null), (done.WaitingCount, done.LeasedCount, done.AcknowledgedCount, done.OldestWaitingTime));
    }

    [Fact]
    public async Task ResultsOfAnAssayThatReleasesThem_Pulled_ComeWithoutAReviewer()
    {
        Assay assay = await server.Connection.Assays.GetAssayAsync(new GetAssayRequest { Name = "assays/il-6" });
        assay.Release = ResultRelease.Automatic;
        Assay created = await server.Connection.Assays.CreateAssayAsync(new CreateAssayRequest { AssayId = "il-6", Assay = assay });
        Assert.Equal(ResultRelease.Automatic, created.Release);

        await server.AnalyzeAsync("P1", readTime: TestPlates.ReadTime);
        PullResultsResponse pulled = await PullAsync();

        ListResultsResponse computed = await server.Connection.AnalyticalRuns.ListResultsAsync(new ListResultsRequest { Plate = "plates/P1", Order = ListOrder.OldestFirst });
        Assert.Equal(3, pulled.Deliveries.Count);
        Assert.Equal(computed.Results.Select(result => (result.Name, result.Concentration)), pulled.Deliveries.Select(one => (one.Result.Name, one.Result.Concentration)));
        Assert.All(pulled.Deliveries, one => Assert.Equal(
            (ResultStatus.Final, 2, $"automatic release, as assay {created.Name[7..]} says"), (one.Result.Status, one.Result.Version, one.Result.Reason)));
        // Where nobody says when the plate was read, a criterion can't be judged, and a reviewer is asked.
        await server.AnalyzeAsync("P2");
        Assert.Empty((await PullAsync()).Deliveries);
        ListAffectedResultsResponse waiting = await server.Connection.Reviews.ListAffectedResultsAsync(new ListAffectedResultsRequest { Plate = "plates/P2" });
        Assert.Equal(["NOT_ASSESSED (R_LOT_EXPIRED)"], waiting.AffectedResults.Select(affected => affected.Withheld).Distinct());
    }

    [Fact]
    public async Task Pull_ThatWaits_GetsWhatIsReleasedMeanwhileAndTheNewestCheckpoint()
    {
        var patient = new PullResultsRequest { Subscription = Mine, Wait = new Duration { Seconds = 20 } };
        Task<PullResultsResponse> waiting = Delivery.PullResultsAsync(patient).ResponseAsync;

        Result[] released = await ReleaseAsync("P1");

        PullResultsResponse pulled = await waiting;
        Assert.NotEmpty(pulled.Deliveries);
        Assert.True(pulled.Deliveries.Count <= released.Length);
        V1.Checkpoint newest = pulled.Checkpoint;
        var kept = new SignedCheckpoint(newest.Statement, newest.Signature.ToByteArray(), Biomarkers.Immunoassay.ContentHash.Parse(newest.KeySha256));
        Assert.Equal(pulled.Checkpoint.Sequence, kept.ToCheckpoint().Sequence);
    }

    [Fact]
    public async Task Correction_OfWhatIsLeased_ComesAfterItsAcknowledgementAndNamesWhatItReplaces()
    {
        Result[] released = await ReleaseAsync("P1");
        PullResultsResponse first = await PullAsync();
        var withdrawal = new WithdrawResultsRequest { Results = { NameOf(released[0]) }, Reason = "swapped" };
        WithdrawResultsResponse withdrawn = await server.Connection.Reviews.WithdrawResultsAsync(withdrawal);
        Assert.Empty((await PullAsync()).Deliveries);

        await AcknowledgeAsync(first);

        Delivery second = Assert.Single((await PullAsync()).Deliveries);
        Assert.Equal((ResultStatus.Withdrawn, released[0].Version, "swapped"), (second.Result.Status, second.Result.SupersedesVersion, second.Result.Reason));
        Assert.Equal((false, RangeStatus.NotDetermined), (second.Result.HasConcentration, second.Result.RangeStatus));
        // The laboratory itself still sees what was withdrawn.
        Assert.Equal(released[0].HasConcentration, withdrawn.Results[0].HasConcentration);
    }

    [Fact]
    public async Task Delivery_LetGo_ComesAgainAndAnOlderOneNoLongerCounts()
    {
        await ReleaseAsync("P1");
        PullResultsResponse first = await PullAsync();
        var letGo = new ModifyAckDeadlineRequest { Subscription = Mine, DeliveryIds = { IdsOf(first) }, Reason = "disk full" };
        await Delivery.ModifyAckDeadlineAsync(letGo);

        PullResultsResponse second = await PullAsync();

        Assert.Equal(first.Deliveries.Select(delivery => NameOf(delivery.Result)), second.Deliveries.Select(delivery => NameOf(delivery.Result)));
        Assert.All(second.Deliveries, delivery => Assert.Equal(2, delivery.Attempt));
        RpcFault stale = await FaultAsync(() => AcknowledgeAsync(first));
        Assert.Equal((StatusCode.FailedPrecondition, "LEASE_EXPIRED"), (stale.Code, stale.Reason));
        Assert.Equal("delivery_ids[0]", stale.Fields[0].Field);
        await Delivery.ModifyAckDeadlineAsync(new ModifyAckDeadlineRequest { Subscription = Mine, DeliveryIds = { IdsOf(second) }, AckDeadline = new Duration { Seconds = 300 } });
        await AcknowledgeAsync(second);
    }

    [Fact]
    public async Task Version_LetGoTenTimes_IsParkedWithItsReasonAndComesAgainAfterSeek()
    {
        await ReleaseAsync("P1");
        int count = 0;
        for (int attempt = 1; attempt <= 10; attempt++)
        {
            PullResultsResponse pulled = await PullAsync();
            count = pulled.Deliveries.Count;
            Assert.All(pulled.Deliveries, delivery => Assert.Equal(attempt, delivery.Attempt));
            await Delivery.ModifyAckDeadlineAsync(new ModifyAckDeadlineRequest { Subscription = Mine, DeliveryIds = { IdsOf(pulled) }, Reason = "unknown sample" });
        }

        Assert.Empty((await PullAsync()).Deliveries);
        ListParkedDeliveriesResponse parked = await Delivery.ListParkedDeliveriesAsync(new ListParkedDeliveriesRequest { Subscription = Mine });
        Assert.Equal(count, parked.ParkedDeliveries.Count);
        Assert.All(parked.ParkedDeliveries, one => Assert.Equal((10, "unknown sample"), (one.Attempt, one.Reason)));
        Assert.Equal(count, (await Delivery.SeekAsync(new SeekRequest { Subscription = Mine })).WaitingCount);
        Assert.All((await PullAsync()).Deliveries, delivery => Assert.Equal(2, delivery.Attempt));
    }

    [Fact]
    public async Task Subscription_OfAnother_IsNotThereAndARotatedKeyKeepsItsOwn()
    {
        using BiomarkersConnection other = await ConnectAsAsync("lims-2", Role.Lims);
        RpcFault foreign = await FaultAsync(() => other.Delivery.PullResultsAsync(new PullResultsRequest { Subscription = Mine }).ResponseAsync);
        RpcFault none = await FaultAsync(() => other.Delivery.PullResultsAsync(new PullResultsRequest { Subscription = "subscriptions/none" }).ResponseAsync);
        Assert.Equal((StatusCode.NotFound, "SUBSCRIPTION_NOT_FOUND"), (foreign.Code, foreign.Reason));
        Assert.Equal(foreign.Message.Replace("mine", "none", StringComparison.Ordinal), none.Message);
        RpcFault taken = await FaultAsync(() => other.Delivery.CreateSubscriptionAsync(new CreateSubscriptionRequest { SubscriptionId = "mine" }).ResponseAsync);
        Assert.Equal((StatusCode.AlreadyExists, "SUBSCRIPTION_EXISTS"), (taken.Code, taken.Reason));

        using BiomarkersConnection rotated = await ConnectAsAsync("lims-1", Role.Lims);
        Assert.Equal("key lims-1", (await rotated.Delivery.GetSubscriptionAsync(new GetSubscriptionRequest { Name = Mine })).Owner);
        using BiomarkersConnection admin = await ConnectAsAsync("boss", Role.Admin);
        Assert.Equal([Mine], (await admin.Delivery.ListSubscriptionsAsync(new ListSubscriptionsRequest())).Subscriptions.Select(one => one.Name));
        await Delivery.DeleteSubscriptionAsync(new DeleteSubscriptionRequest { Name = Mine, Reason = "moved" });
        Assert.Equal(StatusCode.NotFound, (await FaultAsync(PullAsync)).Code);
    }

    [Fact]
    public async Task BadRequests_AreRefusedWithTheirFieldsAndChangeNothing()
    {
        var wanted = new Subscription { Analytes = { "no analyte!" }, Statuses = { ResultStatus.Preliminary }, AckDeadline = Duration.FromTimeSpan(TimeSpan.FromHours(1)) };
        var bad = new CreateSubscriptionRequest { SubscriptionId = "bad id", Subscription = wanted };
        RpcFault filter = await FaultAsync(() => Delivery.CreateSubscriptionAsync(bad).ResponseAsync);
        Assert.Equal(
            ["subscription_id", "subscription.analytes[0]", "subscription.statuses[0]", "subscription.ack_deadline"], filter.Fields.Select(field => field.Field));
        var greedy = new PullResultsRequest { Subscription = "mine", MaxResults = 5000, Wait = new Duration { Seconds = 21 } };
        RpcFault pull = await FaultAsync(() => Delivery.PullResultsAsync(greedy).ResponseAsync);
        Assert.Equal(["subscription", "max_results", "wait"], pull.Fields.Select(field => field.Field));
        var twice = new AcknowledgeResultsRequest { Subscription = Mine, DeliveryIds = { "1", "01", "1" } };
        RpcFault ids = await FaultAsync(() => Delivery.AcknowledgeResultsAsync(twice).ResponseAsync);
        Assert.Equal(["delivery_ids[1]", "delivery_ids[2]"], ids.Fields.Select(field => field.Field));
        RpcFault unknown = await FaultAsync(() => Delivery.AcknowledgeResultsAsync(new AcknowledgeResultsRequest { Subscription = Mine, DeliveryIds = { "77" } }).ResponseAsync);
        Assert.Equal("LEASE_EXPIRED", unknown.Reason);
        Assert.Equal([Mine], (await Delivery.ListSubscriptionsAsync(new ListSubscriptionsRequest())).Subscriptions.Select(one => one.Name));
    }

    [Fact]
    public async Task Changes_FromACursor_BringReleasesAndHoldsInOrderOnce()
    {
        Result[] released = await ReleaseAsync("P1");
        HoldResultsResponse held = await server.Connection.Reviews.HoldResultsAsync(new HoldResultsRequest { Results = { released[0].Name }, Reason = "was it spun?" });
        var read = new List<StreamResultChangesResponse>();
        await ReadAsync(new StreamResultChangesRequest { Subscription = Mine, FromBeginning = true }, read, released.Length);
        string cursor = read[^1].Cursor;
        await ReadAsync(new StreamResultChangesRequest { Subscription = Mine, Cursor = cursor }, read, 1);

        Assert.Equal(released.Select(NameOf), read.Take(released.Length).Select(change => NameOf(change.Released.Result)));
        Assert.Equal((held.Holds[0].Name, "was it spun?"), (read[^1].Hold.Name, read[^1].Hold.Reason));
        Assert.All(read.Take(released.Length), change => Assert.Equal((string.Empty, 0), (change.Released.DeliveryId, change.Released.Attempt)));
        RpcFault expired = await FaultAsync(() => ReadAsync(new StreamResultChangesRequest { Subscription = Mine, Cursor = "99-1" }, read, 1));
        Assert.Equal((StatusCode.OutOfRange, "CURSOR_EXPIRED"), (expired.Code, expired.Reason));
    }

    // So many changes, signs of life aside.
    private async Task<int> ReadAsync(StreamResultChangesRequest request, List<StreamResultChangesResponse> read, int count)
    {
        using AsyncServerStreamingCall<StreamResultChangesResponse> call = Delivery.StreamResultChanges(request, deadline: TestServer.Deadline);
        for (int found = 0; found < count;)
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            if (call.ResponseStream.Current.ChangeCase != StreamResultChangesResponse.ChangeOneofCase.None)
            {
                read.Add(call.ResponseStream.Current);
                found++;
            }
        }

        return count;
    }

    private static async Task<RpcFault> FaultAsync<T>(Func<Task<T>> call) => RpcFault.Of(await Assert.ThrowsAsync<RpcException>(call));

    private static string NameOf(Result result) => $"{result.Name}@{result.Version}";

    private static IEnumerable<string> IdsOf(PullResultsResponse pulled) => pulled.Deliveries.Select(delivery => delivery.DeliveryId);

    private Task<PullResultsResponse> PullAsync() => Delivery.PullResultsAsync(new PullResultsRequest { Subscription = Mine, MaxResults = 1000 }).ResponseAsync;

    private Task<AcknowledgeResultsResponse> AcknowledgeAsync(PullResultsResponse pulled) =>
        Delivery.AcknowledgeResultsAsync(new AcknowledgeResultsRequest { Subscription = Mine, DeliveryIds = { IdsOf(pulled) } }).ResponseAsync;

    private async Task<Result[]> ReleaseAsync(string barcode)
    {
        await server.AnalyzeAsync(barcode);
        var pending = new ListAffectedResultsRequest { Plate = $"plates/{barcode}", PageSize = 1000 };
        ListAffectedResultsResponse waiting = await server.Connection.Reviews.ListAffectedResultsAsync(pending);
        var request = new ReleaseResultsRequest { Results = { waiting.AffectedResults.Select(result => NameOf(result.After)) } };
        return [.. (await server.Connection.Reviews.ReleaseResultsAsync(request)).Results];
    }

    private async Task<BiomarkersConnection> ConnectAsAsync(string name, Role role)
    {
        CreateKeyResponse made = await server.Connection.Access.CreateKeyAsync(new CreateKeyRequest { DisplayName = name, Roles = { role } });
        string file = Path.Combine(folder, $"{Guid.NewGuid():N}.key");
        await File.WriteAllTextAsync(file, made.Secret);
        return server.Connect(file);
    }
}

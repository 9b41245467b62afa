using System.Security.Cryptography;
using System.Text;
using Biomarkers.Storage.Checkpoints;
using Biomarkers.Tests.Cli;
using Biomarkers.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;

namespace Biomarkers.Tests.Server;

/// <summary>The audit log over gRPC, its checkpoints and its proof.</summary>
public sealed class AuditServiceTests : IAsyncLifetime
{
    private TestServer server = null!;

    private AuditService.AuditServiceClient Audit => server.Connection.Audit;

    public async Task InitializeAsync() => server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task ListAuditEvents_ByEveryCondition_GivesWhatHoldsAllInPages()
    {
        await server.AnalyzeAsync("A-1");
        AuditEvent[] all = [.. (await ListAsync(new ListAuditEventsRequest { PageSize = 1000, Order = ListOrder.OldestFirst })).AuditEvents];
        AuditEvent saved = Assert.Single((await ListAsync(new ListAuditEventsRequest { Action = "RUN_SAVED", Actor = "server", Target = "analyticalRuns/1" })).AuditEvents);
        Timestamp from = all[4].EventTime;

        Assert.Equal(Enumerable.Range(1, all.Length).Select(number => (long)number), all.Select(audit => audit.Sequence));
        Assert.Matches("; read SHA-256 [0-9a-f]{64}; seal 1 SHA-256 [0-9a-f]{64}$", saved.Detail);
        Assert.Equal(
            all.Where(audit => audit.EventTime.CompareTo(from) >= 0).Select(audit => audit.Name).Reverse(),
            (await ListAsync(new ListAuditEventsRequest { StartTime = from, PageSize = 1000 })).AuditEvents.Select(audit => audit.Name));
        Assert.DoesNotContain((await ListAsync(new ListAuditEventsRequest { EndTime = from, PageSize = 1000 })).AuditEvents, audit => audit.EventTime.CompareTo(from) >= 0);
        var request = new ListAuditEventsRequest { PageSize = 3 };
        var paged = new List<long>();
        do
        {
            ListAuditEventsResponse page = await ListAsync(request);
            paged.AddRange(page.AuditEvents.Select(audit => audit.Sequence));
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        Assert.Equal(all.Select(audit => audit.Sequence).Reverse(), paged);
    }

    [Fact]
    public async Task GetCheckpoint_AfterTheStart_IsSignedByTheKeyBesideTheCheckpoints()
    {
        Checkpoint checkpoint = await Audit.GetCheckpointAsync(new GetCheckpointRequest());

        using ECDsa key = PublicKeys.Read(Directory.GetFiles(server.Options.CheckpointDirectory, "*.pem").Single());
        byte[] statement = Encoding.UTF8.GetBytes(checkpoint.Statement);
        Assert.True(key.VerifyData(statement, checkpoint.Signature.ToByteArray(), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        AuditEvent newest = (await ListAsync(new ListAuditEventsRequest { PageSize = 1000 })).AuditEvents.Single(audit => audit.Sequence == checkpoint.Sequence);
        Assert.Equal(newest.Sha256, checkpoint.Sha256);
    }

    [Fact]
    public async Task Checkpoints_OfAServerThatRuns_FollowItsEvents()
    {
        await using TestServer quick = await TestServer.StartAsync(change: options =>
            options with { Checkpoints = new() { EventInterval = 2, PollInterval = TimeSpan.FromMilliseconds(20), TimeInterval = TimeSpan.FromHours(1) } });
        long before = (await quick.Connection.Audit.GetCheckpointAsync(new GetCheckpointRequest())).Sequence;

        await quick.AnalyzeAsync("A-1");

        using var patience = new CancellationTokenSource(TestServer.Patience);
        while ((await quick.Connection.Audit.GetCheckpointAsync(new GetCheckpointRequest())).Sequence < before + 2)
        {
            await Task.Delay(20, patience.Token);
        }

        Assert.True(new CheckpointFolder(quick.Options.CheckpointDirectory).ReadAll().Count() >= 2);
    }

    /// <summary>An analysis comes between the start and the end: the last checkpoint vouches for it.</summary>
    [Fact]
    public async Task Checkpoint_OfAServerThatEnded_VouchesForItsLastEvent()
    {
        using var audited = new AuditedServer();

        await audited.ServeAsync("A-1");

        CommandLine.Outcome outcome = await CommandLine.RunAsync("verify", "--data", audited.Data, "--checkpoints", audited.Checkpoints, "--public-key", audited.PublicKey);
        Assert.Equal(0, outcome.Code);
        Assert.Contains("The 0 events after it", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task VerifyAuditLog_OfAServerThatRuns_SendsOneReportAtTheEnd()
    {
        await server.AnalyzeAsync("A-1");
        var answers = new List<VerifyAuditLogResponse>();
        using AsyncServerStreamingCall<VerifyAuditLogResponse> call = Audit.VerifyAuditLog(new VerifyAuditLogRequest { Recompute = true }, deadline: TestServer.Deadline);
        await foreach (VerifyAuditLogResponse answer in call.ResponseStream.ReadAllAsync())
        {
            answers.Add(answer);
        }

        VerificationReport report = answers[^1].Report;
        Assert.All(answers.SkipLast(1), answer => Assert.Equal(VerifyAuditLogResponse.ContentOneofCase.RowCount, answer.ContentCase));
        Assert.Empty(report.Findings);
        Assert.Equal((1, 1, 1), (report.RunCount, report.CoveredRunCount, report.RecomputedRunCount));
    }

    [Fact]
    public async Task AuditCommands_OfARunningServer_ListKeepAndVerify()
    {
        await server.AnalyzeAsync("A-1");
        using var folder = new CommandLine();
        Task<CommandLine.Outcome> RunAsync(params string[] args) => CommandLine.RunAsync(["audit", .. args, "--server", server.Address.ToString(), "--key-file", server.Options.KeyFile]);

        CommandLine.Outcome list = await RunAsync("list", "--action", "RUN_SAVED");
        CommandLine.Outcome kept = await RunAsync("checkpoint", "--out", folder.Folder);
        CommandLine.Outcome verified = await RunAsync("verify");

        Assert.Equal((0, 0, 0), (list.Code, kept.Code, verified.Code));
        Assert.Contains("analyticalRuns/1", list.Output, StringComparison.Ordinal);
        Assert.StartsWith("biomarkers-checkpoint 1", kept.Output, StringComparison.Ordinal);
        Assert.Single(new CheckpointFolder(folder.Folder).ReadAll());
        Assert.StartsWith("Intact", verified.Output, StringComparison.Ordinal);
    }

    private async Task<ListAuditEventsResponse> ListAsync(ListAuditEventsRequest request) => await Audit.ListAuditEventsAsync(request);
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Biomarkers.Client;
using Biomarkers.Server.Verbs;
using Biomarkers.Storage;
using Biomarkers.V1;
using Grpc.Core;
using Xunit;

namespace Biomarkers.Tests.Server;

/// <summary>Starts, ends and restarts of the server, and what it refuses to start with.</summary>
public sealed class LifecycleTests : IDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"biomarkers-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Shutdown_TwentyOpenStreams_EndsSoonAndTellsEach()
    {
        TestServer server = await TestServer.StartAsync(folder);
        using BiomarkersConnection connection = server.Connect();
        TestStream[] streams = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => TestStream.OpenAsync(connection, $"s{i}")));
        using var watch = connection.Plates.WatchPlates(new WatchPlatesRequest(), deadline: TestServer.Deadline);
        await watch.ResponseHeadersAsync;
        Task<RpcFault>[] ends = [.. streams.Select(stream => stream.FaultAsync())];
        Task<bool> watched = watch.ResponseStream.MoveNext(CancellationToken.None);

        long began = Stopwatch.GetTimestamp();
        await server.DisposeAsync();
        TimeSpan took = Stopwatch.GetElapsedTime(began);

        Assert.True(took < TimeSpan.FromSeconds(5), $"The shutdown took {took.TotalSeconds} s.");
        // Every stream is sent its status. .NET's own HTTP/2 client sometimes drops it when the connection ends in the same moment while
        // its side of a stream is still open, and says instead that the server closed the connection; the sender takes both for a break.
        Assert.All(await Task.WhenAll(ends), fault => Assert.True(
            fault is { Code: StatusCode.Unavailable, Reason: "SHUTTING_DOWN" }
            || (fault.Code == StatusCode.Internal && fault.Message.Contains("HTTP/2 server closed the connection", StringComparison.Ordinal)),
            fault.ToString()));
        var told = RpcFault.Of(await Assert.ThrowsAsync<RpcException>(() => watched));
        Assert.Equal((StatusCode.Unavailable, "SHUTTING_DOWN"), (told.Code, told.Reason));
        Array.ForEach(streams, stream => stream.Dispose());
    }

    [Fact]
    public async Task Sigterm_WithFiftyStreamsUnderLoad_EndsSoonAndLosesNothingAcknowledged()
    {
        const int Streams = 50;
        var acknowledged = new ConcurrentDictionary<int, int>();
        await using (ServerProgram program = await ServerProgram.StartAsync(folder, []))
        {
            using BiomarkersConnection connection = BiomarkersConnection.Open(
                new BiomarkersConnectionOptions { Server = program.GrpcAddress, KeyFile = Path.Combine(folder, "client.key") });
            using var answered = new SemaphoreSlim(0);
            Task[] senders = [.. Enumerable.Range(0, Streams).Select(i => SendUntilCutAsync(connection, i, acknowledged, answered))];
            for (int i = 0; i < Streams; i++)
            {
                Assert.True(await answered.WaitAsync(TestServer.Patience), "The streams did not come under load.");
            }


            long began = Stopwatch.GetTimestamp();
            await program.SignalAsync("TERM");
            await program.EndAsync();
            TimeSpan took = Stopwatch.GetElapsedTime(began);
            await Task.WhenAll(senders);

            Assert.Equal(0, program.ExitCode);
            // A machine that is at other work takes longer than the 5 s that are aimed at; a call that nobody ends would last until the host's own limit of 20 s.
            Assert.True(took < TimeSpan.FromSeconds(15), $"The server took {took.TotalSeconds} s to end.");
        }

        await using TestServer second = await TestServer.StartAsync(folder);
        for (int i = 0; i < Streams; i++)
        {
            ReadStream stream = await second.Connection.Ingest.GetReadStreamAsync(new GetReadStreamRequest { Name = $"instruments/reader-{i}/readStreams/s1" });
            Assert.True(stream.NextOffset >= acknowledged[i], $"{acknowledged[i]} events of reader-{i} were acknowledged, {stream.NextOffset} are stored.");
        }

        Assert.Equal(PlateState.Analyzed, (await second.UntilAsync($"P0-{acknowledged[0] - 1}", PlateState.Analyzed)).State);
    }

    [Fact]
    public async Task Restart_OnTheSameFolder_GoesOnWhereItWas()
    {
        string key;
        long generation;
        await using (TestServer first = await TestServer.StartAsync(folder))
        {
            key = first.Key;
            using TestStream stream = await TestStream.OpenAsync(first.Connection);
            generation = stream.Opened.DatabaseGeneration;
            await stream.SendAsync(0, new StreamEventContent { PlateRead = TestServer.Read("P1") });
            await stream.AckAsync();
            await first.UntilAsync("P1", PlateState.Analyzed);
        }

        await using TestServer second = await TestServer.StartAsync(folder);
        using TestStream resumed = await TestStream.OpenAsync(second.Connection);

        Assert.Equal(key, second.Key);
        Assert.Equal((1, 2, generation), (resumed.Opened.NextOffset, resumed.Opened.Epoch, resumed.Opened.DatabaseGeneration));
        Assert.Equal(3, (await second.Connection.AnalyticalRuns.ListResultsAsync(new ListResultsRequest { Plate = "plates/P1" })).Results.Count);
    }

    [Fact]
    public async Task Restart_UnderASender_LosesAndRepeatsNothing()
    {
        TestServer first = await TestServer.StartAsync(folder);
        int port = first.Address.Port;
        await using PlateReadSender sender = PlateReadSender.Start(
            first.Connect().Ingest,
            new PlateReadSenderOptions { InstrumentId = "reader-1", StreamId = "s1", InitialBackoff = TimeSpan.FromMilliseconds(20), JitterSeed = 1 },
            TimeProvider.System);
        Task<SendOutcome>[] sends = [.. Enumerable.Range(0, 60).Select(i => sender.SendAsync(new StreamEventContent { PlateRead = TestServer.Read($"P{i}") }).AsTask())];
        await sends[5];

        await first.DisposeAsync();
        await using TestServer second = await TestServer.StartAsync(folder, change: options => options with { GrpcEndpoint = new IPEndPoint(IPAddress.Loopback, port) });
        await sender.CompleteAsync().WaitAsync(TestServer.Patience);

        Assert.All(await Task.WhenAll(sends), outcome => Assert.True(outcome.Kind is SendOutcomeKind.Stored or SendOutcomeKind.Recovered));
        for (int i = 0; i < 60; i++)
        {
            await second.UntilAsync($"P{i}", PlateState.Analyzed);
        }

        ListAnalyticalRunsResponse runs = await second.Connection.AnalyticalRuns.ListAnalyticalRunsAsync(new ListAnalyticalRunsRequest { PageSize = 100 });
        Assert.Equal(60, runs.AnalyticalRuns.Count);
        Assert.Equal(60, runs.AnalyticalRuns.Select(run => run.Plate).Distinct().Count());
    }

    [Fact]
    public async Task SecondServer_OnTheSameFolder_IsRefused()
    {
        await using TestServer first = await TestServer.StartAsync(folder);

        StoreException exception = await Assert.ThrowsAsync<StoreException>(() => TestServer.StartAsync(folder));

        Assert.Contains(folder, exception.Message, StringComparison.Ordinal);
        // The first goes on as if nothing had been.
        Assert.Equal(PlateState.Analyzed, (await first.AnalyzeAsync("P1")).State);
    }

    [Theory]
    [InlineData("--listen", "0.0.0.0:0")] // everybody in reach, without TLS
    [InlineData("--listen-web", "[::]:0")] // the same for JSON
    [InlineData("--listen", "here")] // no address
    [InlineData("--certificate", "none.crt")] // no key to it, and no such file
    public async Task Serve_WithWhatIsNotSafe_IsRefusedBeforeAnythingIsMade(string option, string value)
    {
        // The ports that the row does not name are free ones.
        string[] ports = [.. new[] { "--listen", "--listen-web" }.Where(name => name != option).SelectMany(name => new[] { name, "127.0.0.1:0" })];

        int code = await ServeVerb.CreateRoot().Parse(["--data", folder, option, value, .. ports]).InvokeAsync();

        Assert.Equal(2, code);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task KeyFile_ThatOthersCanRead_IsRefused()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        await (await TestServer.StartAsync(folder)).DisposeAsync();
        File.SetUnixFileMode(Path.Combine(folder, "client.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        InvalidDataException exception = await Assert.ThrowsAsync<InvalidDataException>(() => TestServer.StartAsync(folder));

        Assert.Contains("0600", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tls_WithCertificatesOfCertsInit_ServesWhoTrustsTheAuthorityOnly()
    {
        string certificates = Path.Combine(folder, "certs");
        int made = await CertificatesVerb.Create().Parse(["init", "--out", certificates, "--name", "localhost", "--name", "127.0.0.1"]).InvokeAsync();
        await using TestServer server = await TestServer.StartAsync(Path.Combine(folder, "data"), change: options => options with
        {
            CertificateFile = Path.Combine(certificates, "server.crt"),
            CertificateKeyFile = Path.Combine(certificates, "server.key"),
        });
        using BiomarkersConnection trusting = server.Connect(authority: Path.Combine(certificates, "ca.crt"));

        ListAssaysResponse assays = await trusting.Assays.ListAssaysAsync(new ListAssaysRequest());
        using TestStream stream = await TestStream.OpenAsync(trusting);
        RpcException distrusting = await Assert.ThrowsAsync<RpcException>(() =>
            server.Connection.Assays.ListAssaysAsync(new ListAssaysRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(2)).ResponseAsync);

        Assert.Equal((0, Uri.UriSchemeHttps), (made, server.Address.Scheme));
        Assert.NotEmpty(assays.Assays);
        Assert.Equal(1, stream.Opened.Epoch);
        Assert.Contains(distrusting.StatusCode, new[] { StatusCode.Unavailable, StatusCode.Internal, StatusCode.DeadlineExceeded });
    }

    // An instrument that sends one plate after the other, until the server ends.
    private static async Task SendUntilCutAsync(BiomarkersConnection connection, int number, ConcurrentDictionary<int, int> acknowledged, SemaphoreSlim answered)
    {
        using TestStream stream = await TestStream.OpenAsync(connection, instrument: $"instruments/reader-{number}");
        try
        {
            for (int offset = 0; ; offset++)
            {
                await stream.SendAsync(offset, new StreamEventContent { PlateRead = TestServer.Read($"P{number}-{offset}") });
                if (await stream.NextAsync() is not { } answer)
                {
                    return;
                }

                acknowledged[number] = (int)answer.Ack.NextOffset;
                answered.Release();
            }
        }
        catch (Exception exception) when (exception is RpcException or IOException)
        {
            // The end of the server, however it is seen.
            return;
        }
    }
}

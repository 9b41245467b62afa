using System.Diagnostics;
using System.Net;
using Biomarkers.Client;
using Biomarkers.Faults;
using Biomarkers.Server.Hosting;
using Biomarkers.V1;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Xunit;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Biomarkers.Tests.Server;

/// <summary>What a load balancer is told, and that a server which is asked to end leaves in an order that costs nobody a call.</summary>
public sealed class HealthTests : IDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"biomarkers-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    public async Task Page_OfAServerThatServes_AnswersWithoutAKey(string path)
    {
        await using TestServer server = await TestServer.StartAsync();
        using var web = new HttpClient { BaseAddress = server.Web.BaseAddress };

        using HttpResponseMessage answer = await web.GetAsync(new Uri(path, UriKind.Relative));
        using HttpResponseMessage head = await web.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));

        Assert.Equal((HttpStatusCode.OK, """{"status":"SERVING"}"""), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
    }

    [Fact]
    public async Task Drain_OfAServerWithOpenStreams_SaysNotServingAndServesOn()
    {
        await using TestServer server = await TestServer.StartAsync(wire: new WireLimits { Drain = TimeSpan.FromSeconds(300) });
        using TestStream stream = await TestStream.OpenAsync(server.Connection);
        using GrpcChannel channel = server.Anonymous();
        var health = new Health.HealthClient(channel);
        using AsyncServerStreamingCall<HealthCheckResponse> watch = health.Watch(new HealthCheckRequest(), deadline: TestServer.Deadline);
        await UntilAsync(watch, ServingStatus.Serving);

        long began = Stopwatch.GetTimestamp();
        server.RequestShutdown();
        await UntilAsync(watch, ServingStatus.NotServing);
        TimeSpan told = Stopwatch.GetElapsedTime(began);

        using HttpResponseMessage ready = await server.Web.GetAsync(new Uri("/readyz", UriKind.Relative));
        using HttpResponseMessage live = await server.Web.GetAsync(new Uri("/livez", UriKind.Relative));
        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, """{"status":"NOT_SERVING","reason":"DRAINING"}"""), (ready.StatusCode, await ready.Content.ReadAsStringAsync()));
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        Assert.Equal(ServingStatus.NotServing, (await health.CheckAsync(new HealthCheckRequest())).Status);
        Assert.True(told < TimeSpan.FromSeconds(1), $"The watch was told after {told.TotalSeconds} s.");
        // The stream that is open goes on, and so does every kind of call.
        await stream.SendAsync(0, new StreamEventContent { PlateRead = TestServer.Read("P1") });
        Assert.Equal(1, (await stream.AckAsync()).NextOffset);
        Assert.Equal(PlateState.Analyzed, (await server.AnalyzeAsync("P2")).State);
        using TestStream late = await TestStream.OpenAsync(server.Connection, "s2");
        Assert.Equal(1, late.Opened.Epoch);
    }

    /// <summary>A client whose connection stays open would stay with the server that ends, however long the balancer has taken it out.</summary>
    [Fact]
    public async Task Drain_UnaryCallsOnOneConnection_MoveToANewConnectionWithoutAFault()
    {
        await using TestServer server = await TestServer.StartAsync(wire: new WireLimits { Drain = TimeSpan.FromSeconds(300) });
        int connections = 0;
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                Interlocked.Increment(ref connections);
                var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
            },
        };
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { HttpHandler = handler });
        var health = new Health.HealthClient(channel);
        for (int i = 0; i < 5; i++)
        {
            await health.CheckAsync(new HealthCheckRequest());
        }

        int before = connections;
        server.RequestShutdown();
        for (int i = 0; i < 5; i++)
        {
            await health.CheckAsync(new HealthCheckRequest());
            await Task.Delay(20);
        }

        Assert.Equal(1, before);
        Assert.True(connections > before, "No connection was given up during the drain.");
    }

    [Fact]
    public async Task StoreThatFailed_IsToldAsNotServing()
    {
        var writer = new Biomarkers.Pipeline.StoreWriter(null!, new Biomarkers.Pipeline.PipelineLimits(), TimeProvider.System);
        writer.Complete();
        using var lifetime = new Lifetime();
        using var drain = new Drain(new WireLimits(), lifetime, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<Drain>.Instance);
        var readiness = new Readiness(writer, drain, lifetime);

        Assert.Equal("STARTING", readiness.Obstacle());
        await lifetime.Started.CancelAsync();
        Assert.Equal("STORE_UNAVAILABLE", readiness.Obstacle());
        drain.Request();
        Assert.Equal("SHUTTING_DOWN", readiness.Obstacle());
    }

    [PostgresFact]
    public async Task Store_OutOfReachForAWhile_IsNotReadyForThatWhile()
    {
        await using LocalPostgres postgres = await LocalPostgres.StartAsync(new LocalPostgresOptions(), CancellationToken.None);
        await postgres.CreateDatabaseAsync("biomarkers");
        await using TestServer server = await TestServer.StartAsync(change: options => options with { PostgresConnection = postgres.ConnectionString("biomarkers") });

        Assert.Equal("""{"status":"SERVING"}""", await ReadyAsync(server, HttpStatusCode.OK));
        await postgres.StopAsync(PostgresStop.Immediate);
        Assert.Equal("""{"status":"NOT_SERVING","reason":"STORE_UNAVAILABLE"}""", await ReadyAsync(server, HttpStatusCode.ServiceUnavailable));
        await postgres.StartAgainAsync();
        Assert.Equal("""{"status":"SERVING"}""", await ReadyAsync(server, HttpStatusCode.OK));
    }

    [Fact]
    public async Task Sigterm_FiftyStreamsAndAHealthWatch_EndsAfterItsDrain()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        await using ServerProgram server = await ServerProgram.StartAsync(folder, ["--drain-seconds", "1"]);
        using BiomarkersConnection connection = Connect(server);
        TestStream[] streams = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => TestStream.OpenAsync(connection, $"s{i}", $"instruments/reader-{i % 5}")));
        using GrpcChannel channel = GrpcChannel.ForAddress(server.GrpcAddress);
        using AsyncServerStreamingCall<HealthCheckResponse> watch = new Health.HealthClient(channel).Watch(new HealthCheckRequest(), deadline: TestServer.Deadline);
        await UntilAsync(watch, ServingStatus.Serving);
        Task<RpcFault>[] ends = [.. streams.Select(stream => stream.FaultAsync())];

        long began = Stopwatch.GetTimestamp();
        await server.SignalAsync("TERM");
        await UntilAsync(watch, ServingStatus.NotServing);
        bool endedEarly = Array.Exists(ends, end => end.IsCompleted);
        string log = await server.EndAsync();
        TimeSpan took = Stopwatch.GetElapsedTime(began);

        Assert.False(endedEarly, "A stream was ended during the drain.");
        Assert.Equal(0, server.ExitCode);
        Assert.InRange(took, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(6));
        Assert.All(await Task.WhenAll(ends), fault => Assert.Contains(fault.Code, new[] { StatusCode.Unavailable, StatusCode.Internal }));
        Assert.DoesNotContain("\"LogLevel\":\"Error\"", log, StringComparison.Ordinal);
        Array.ForEach(streams, stream => stream.Dispose());
    }

    [Fact]
    public async Task SecondSignal_DuringALongDrain_EndsIt()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        await using ServerProgram server = await ServerProgram.StartAsync(folder, ["--drain-seconds", "300"]);
        using var web = new HttpClient { BaseAddress = server.WebAddress };
        await server.SignalAsync("TERM");
        HttpStatusCode ready = HttpStatusCode.OK;
        for (int i = 0; ready == HttpStatusCode.OK && i < 200; i++)
        {
            await Task.Delay(20);
            using HttpResponseMessage answer = await web.GetAsync(new Uri("/readyz", UriKind.Relative));
            ready = answer.StatusCode;
        }

        using BiomarkersConnection connection = Connect(server);
        ListAssaysResponse assays = await connection.Assays.ListAssaysAsync(new ListAssaysRequest());
        await server.SignalAsync("INT");
        await server.EndAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready);
        Assert.NotEmpty(assays.Assays);
        Assert.Equal(0, server.ExitCode);
    }

    private static async Task UntilAsync(AsyncServerStreamingCall<HealthCheckResponse> watch, ServingStatus status)
    {
        while (await watch.ResponseStream.MoveNext(CancellationToken.None))
        {
            if (watch.ResponseStream.Current.Status == status)
            {
                return;
            }
        }

        Assert.Fail($"The watch ended before it said {status}.");
    }

    // The body of the page once it answers with a status.
    private static async Task<string> ReadyAsync(TestServer server, HttpStatusCode status)
    {
        using var limit = new CancellationTokenSource(TestServer.Patience);
        while (true)
        {
            using HttpResponseMessage answer = await server.Web.GetAsync(new Uri("/readyz", UriKind.Relative), limit.Token);
            if (answer.StatusCode == status)
            {
                return await answer.Content.ReadAsStringAsync(limit.Token);
            }

            await Task.Delay(50, limit.Token);
        }
    }

    private BiomarkersConnection Connect(ServerProgram server) =>
        BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = server.GrpcAddress, KeyFile = Path.Combine(folder, "client.key"), Deadline = TestServer.Patience });

    private sealed class Lifetime : Microsoft.Extensions.Hosting.IHostApplicationLifetime, IDisposable
    {
        private readonly CancellationTokenSource stopping = new();

        public CancellationTokenSource Started { get; } = new();

        public CancellationToken ApplicationStarted => Started.Token;

        public CancellationToken ApplicationStopping => stopping.Token;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication() => stopping.Cancel();

        public void Dispose()
        {
            Started.Dispose();
            stopping.Dispose();
        }
    }
}

using System.Collections.Concurrent;
using System.Text;
using Biomarkers.Client;
using Biomarkers.Tests.Architecture;
using Biomarkers.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Biomarkers.Tests.Server;

/// <summary>What leaves by OTLP, as a collector receives it.</summary>
public sealed class TelemetryTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-telemetry-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Server_WithACollector_SendsEveryMetricAndTracesAndNothingOfAPerson()
    {
        await using Collector collector = await Collector.StartAsync();
        await using ServerProgram server = await ServerProgram.StartAsync(folder.FullName, [], new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address.ToString(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "300",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
            ["OTEL_RESOURCE_ATTRIBUTES"] = "site=laboratory-7",
        });
        string keyFile = Path.Combine(folder.FullName, "client.key");
        using BiomarkersConnection connection = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = server.GrpcAddress, KeyFile = keyFile });
        string key = (await File.ReadAllTextAsync(keyFile)).Trim();

        await SendAsync(connection);
        await collector.UntilAsync("/v1/traces", ["append", "analyze", "save", "TRACED-1"]);
        await AskAsync(server.WebAddress, key);
        // Everything is sent at the end at the latest.
        await server.SignalAsync("TERM");
        await server.EndAsync();

        Assert.Equal(0, server.ExitCode);
        // Of the failures that did not happen there is nothing to send.
        string[] quiet = ["biomarkers.store.faults", "biomarkers.analysis.parked", "biomarkers.analysis.taken_up"];
        Assert.All(MetricNames().Except(quiet), name => Assert.True(collector.Received("/v1/metrics", name), name));
        Assert.True(collector.Received("/v1/metrics", "http.server.request.duration"));
        Assert.All(["biomarkers-server", "laboratory-7"], name => Assert.True(collector.Received("/v1/metrics", name), name));
        Assert.All([key, "S-SECRET"], secret => Assert.False(collector.Received(null, secret), $"{secret} left the server."));
        Assert.False(collector.Received("/v1/traces", "/readyz"), "Checks of health are traced.");
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "carrier-pigeon")]
    public async Task Server_WithAWrongVariable_IsNotStarted(string variable, string value)
    {
        var variables = new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:4317", [variable] = value };
        string data = Path.Combine(folder.FullName, "data");

        ProgramRun run = await ProgramRun.OfAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "biomarkers-server.dll"), "serve", "--data", data], folder.FullName, variables);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"{variable} '{value}'", Assert.Single(run.Error.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.False(Directory.Exists(data));
    }

    /// <summary>Names of all our metrics, as the source gives them.</summary>
    internal static string[] MetricNames() =>
    [
        .. CSharpText.Read(File.ReadAllText(ProjectTree.PathOf("src/Biomarkers.Pipeline/PipelineMeter.cs"))).Literals
            .Select(literal => literal.Text).Where(text => text.StartsWith("biomarkers.", StringComparison.Ordinal) && !text.Contains("disposition") && !text.Contains("verdict")),
    ];

    private static async Task SendAsync(BiomarkersConnection connection)
    {
        await using PlateReadSender sender = PlateReadSender.Start(
            connection.Ingest, new PlateReadSenderOptions { InstrumentId = "reader-1", StreamId = "s1" }, TimeProvider.System);
        await sender.SendAsync(new StreamEventContent { PlateRead = TestServer.Read("TRACED-1") });
        await sender.CompleteAsync();
    }

    // What a LIMS asks, with a sample in the query.
    private static async Task AskAsync(Uri address, string key)
    {
        using var web = new HttpClient { BaseAddress = address };
        web.DefaultRequestHeaders.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", key);
        (await web.GetAsync(new Uri("/v1/results?sample_id=S-SECRET", UriKind.Relative))).EnsureSuccessStatusCode();
        (await web.GetAsync(new Uri("/readyz", UriKind.Relative))).EnsureSuccessStatusCode();
    }

    /// <summary>A receiver of OTLP over HTTP that keeps the bytes.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly WebApplication web;
        private readonly ConcurrentQueue<(string Path, string Body)> received = new();

        private Collector(WebApplication web) => this.web = web;

        public Uri Address => new(web.Urls.Single());

        public static async Task<Collector> StartAsync()
        {
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var collector = new Collector(builder.Build());
            collector.web.MapPost("/v1/{signal}", collector.TakeAsync);
            await collector.web.StartAsync();
            return collector;
        }

        /// <summary>Whether a text came, in the messages of a signal or, null, in any.</summary>
        public bool Received(string? path, string text) =>
            received.Any(message => (path is null || message.Path == path) && message.Body.Contains(text, StringComparison.Ordinal));

        public async Task UntilAsync(string path, string[] texts)
        {
            using var limit = new CancellationTokenSource(TestServer.Patience);
            while (!Array.TrueForAll(texts, text => Received(path, text)))
            {
                await Task.Delay(50, limit.Token);
            }
        }

        public ValueTask DisposeAsync() => web.DisposeAsync();

        private async Task TakeAsync(HttpContext context)
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received.Enqueue((context.Request.Path, Encoding.UTF8.GetString(body.ToArray())));
        }
    }
}

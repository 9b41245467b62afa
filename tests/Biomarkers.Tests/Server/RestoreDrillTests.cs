using System.Net;
using Biomarkers.Client;
using Biomarkers.V1;
using Xunit;

namespace Biomarkers.Tests.Server;

/// <summary>The drill: backup while reads come, more reads, restore, restart; instruments come back by themselves.</summary>
public sealed class RestoreDrillTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-drill-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Restore_WhileSendersWait_BringsBackWhatTheyKeep()
    {
        string data = Path.Combine(folder.FullName, "data");
        TestServer first = await TestServer.StartAsync(data);
        int port = first.Address.Port;
        await using PlateReadSender keeping = Start(first, "reader-1", keep: 1000);
        await using PlateReadSender forgetting = Start(first, "reader-2", keep: 0);
        await SendAsync(keeping, "A", 0, 6);
        await SendAsync(forgetting, "B", 0, 6);
        (await RunAsync("backup", "--data", data, "--out", Path.Combine(folder.FullName, "b.db"))).OutputOrThrow();
        await SendAsync(keeping, "A", 6, 6);
        await SendAsync(forgetting, "B", 6, 2);
        await first.DisposeAsync();

        (await RunAsync("restore", "--data", data, "--from", Path.Combine(folder.FullName, "b.db"), "--replace")).OutputOrThrow();
        await using TestServer second = await TestServer.StartAsync(data, change: options => options with { GrpcEndpoint = new IPEndPoint(IPAddress.Loopback, port) });
        await SendAsync(keeping, "A", 12, 1);
        await SendAsync(forgetting, "B", 8, 1);
        await keeping.CompleteAsync().WaitAsync(TestServer.Patience);
        await forgetting.CompleteAsync().WaitAsync(TestServer.Patience);

        Assert.Equal((6, 0, 0), (keeping.LastRestoration!.ResentCount, keeping.LastRestoration.LostCount, keeping.LastRestoration.OutstandingCount));
        Assert.Equal(["B6", "B7"], forgetting.LastRestoration!.Lost.Select(lost => lost.PlateBarcode));
        foreach (string barcode in Enumerable.Range(0, 13).Select(i => $"A{i}").Concat(["B0", "B5", "B8"]))
        {
            Assert.Single((await second.UntilAsync(barcode, PlateState.Analyzed)).Reads);
        }

        ListAnalyticalRunsResponse runs = await second.Connection.AnalyticalRuns.ListAnalyticalRunsAsync(new ListAnalyticalRunsRequest { PageSize = 100 });
        Assert.Equal(runs.AnalyticalRuns.Count, runs.AnalyticalRuns.Select(run => run.Plate).Distinct().Count());
        Assert.DoesNotContain("plates/B6", runs.AnalyticalRuns.Select(run => run.Plate));
    }

    private static PlateReadSender Start(TestServer server, string instrument, int keep) => PlateReadSender.Start(
        server.Connect().Ingest,
        new PlateReadSenderOptions
        {
            InstrumentId = instrument,
            StreamId = "s1",
            MaximumKeptEvents = keep,
            InitialBackoff = TimeSpan.FromMilliseconds(20),
            MaximumBackoff = TimeSpan.FromSeconds(1),
            JitterSeed = 1,
        },
        TimeProvider.System);

    private static async Task SendAsync(PlateReadSender sender, string prefix, int first, int count)
    {
        foreach (int number in Enumerable.Range(first, count))
        {
            await sender.SendAsync(new StreamEventContent { PlateRead = TestServer.Read($"{prefix}{number}") }).AsTask().WaitAsync(TestServer.Patience);
        }
    }

    private Task<ProgramRun> RunAsync(params string[] arguments) =>
        ProgramRun.OfAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "biomarkers-server.dll"), .. arguments], folder.FullName);
}

using System.Diagnostics;
using System.Text.Json;
using Biomarkers.Client;
using Biomarkers.Faults.Disks;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Simulation;
using Biomarkers.Simulation.Plates;
using Biomarkers.V1;
using Grpc.Core;

namespace Biomarkers.Faults.Full;

/// <summary>A server on a small disk that fills under load and gets room again, over and over: once to its last byte, and once with a watermark before that.</summary>
internal sealed class FullSession(FullPlan plan, string folder, Action<string> tell)
{
    // The watermark is a tenth of the disk at most, and more than the log, its checkpoint and the runs of what waits take.
    private const int FirstMebibytes = 256;
    private const int MoreMebibytes = 16;
    private const int CountingMebibytes = 640;
    private const int WatermarkMebibytes = 24;
    private const int MebibytesUntilEnd = 4;
    private const int Window = 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StandsStill = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan StaysFull = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    public async Task<FullReport> RunAsync(CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        var disks = new List<DiskOutcome>
        {
            await RunAsync("to the last byte", 0, cancellationToken),
            await RunAsync("watermark", WatermarkMebibytes, cancellationToken),
        };
        return new FullReport(plan, disks, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private async Task<DiskOutcome> RunAsync(string name, int watermark, CancellationToken cancellationToken)
    {
        await using SmallDisk disk = await SmallDisk.MountAsync(Path.Combine(folder, $"disk-{watermark}"), FirstMebibytes, cancellationToken);
        await using var store = new SqliteUnderTest(disk.Folder) { Further = ["--minimum-free-mib", Figures.Plain(watermark)] };
        await using Trial trial = await Trial.StartAsync(store, 1, plan.Senders, plan.Seed, cancellationToken);
        var findings = new List<string>();
        double resume = 0;
        double all = 0;
        long least = long.MaxValue;
        int size = FirstMebibytes;
        for (int cycle = 0; cycle < plan.Cycles; cycle++)
        {
            disk.Fill(bytesLeft: (long)(watermark + MebibytesUntilEnd) << 20);
            await FillAsync(trial, cancellationToken);
            // Where a plate found no room a smaller one might.
            disk.Fill(bytesLeft: (long)watermark << 20);
            least = Math.Min(least, disk.FreeBytes);
            await CheckAnswersAsync(trial, store, watermark, findings, cancellationToken);
            least = Math.Min(least, disk.FreeBytes);
            size += MoreMebibytes;
            int acknowledged = trial.Load.AcknowledgedCount;
            long room = Stopwatch.GetTimestamp();
            await disk.ResizeAsync(size, cancellationToken);
            double next = await UntilAsync(() => trial.Load.AcknowledgedCount > acknowledged, room, cancellationToken);
            double idle = await UntilAsync(() => trial.Load.IsIdle, room, cancellationToken);
            trial.Replicas.ThrowIfEnded();
            (resume, all) = (Math.Max(resume, next), Math.Max(all, idle));
            tell($"{name}: cycle {cycle + 1} of {plan.Cycles}: full with {least / 1024} KiB free; went on {next:F1} s after there was room; {trial.Progress()}");
        }

        await disk.ResizeAsync(CountingMebibytes, cancellationToken);
        if (!await trial.RecoverAsync(Patience, cancellationToken))
        {
            findings.Add("some that was acknowledged has no run, although there is room");
        }

        await trial.Load.StopAsync();
        return new DiskOutcome(name, plan.Cycles, least, resume, all, await trial.CountAsync(cancellationToken), findings);
    }

    // Sends until nothing is acknowledged any more.
    private static async Task FillAsync(Trial trial, CancellationToken cancellationToken)
    {
        long changed = Stopwatch.GetTimestamp();
        long began = changed;
        int seen = trial.Load.AcknowledgedCount;
        while (trial.Load.UnacknowledgedCount == 0 || Stopwatch.GetElapsedTime(changed) < StandsStill)
        {
            trial.Load.ThrowIfStopped();
            trial.Replicas.ThrowIfEnded();
            trial.Load.Allow(Window);
            await Task.Delay(Poll, cancellationToken);
            if (trial.Load.AcknowledgedCount != seen)
            {
                (seen, changed) = (trial.Load.AcknowledgedCount, Stopwatch.GetTimestamp());
            }

            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                throw new InvalidOperationException("The disk did not fill.");
            }
        }
    }

    // Writes are refused with a reason and a time to wait, reads go on, and the server says what is wrong.
    private async Task CheckAnswersAsync(Trial trial, SqliteUnderTest store, int watermark, List<string> findings, CancellationToken cancellationToken)
    {
        using var connection = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = trial.Balancer.Server, KeyFile = store.KeyFile });
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.All[0], PlateScenario.Clean, (ulong)plan.Seed, "FULL");
        var read = new SubmitPlateReadRequest { Instrument = "instruments/reader-full", PlateRead = PlateMessages.ToWire(plate.Read, "r1", plate.Layout) };
        try
        {
            await connection.Ingest.SubmitPlateReadAsync(read, cancellationToken: cancellationToken);
            findings.Add("a plate was taken although nothing was acknowledged to others");
        }
        catch (RpcException exception)
        {
            var fault = RpcFault.Of(exception);
            if (fault is not { Code: StatusCode.ResourceExhausted, Reason: "STORE_FULL", RetryDelay: not null })
            {
                findings.Add($"a plate was refused by {fault}; expected RESOURCE_EXHAUSTED, STORE_FULL with a delay");
            }
        }

        await Task.Delay(StaysFull, cancellationToken);
        // That it is answered at all: on a slow machine no run may have been saved before the disk was full.
        await connection.AnalyticalRuns.ListAnalyticalRunsAsync(new ListAnalyticalRunsRequest(), cancellationToken: cancellationToken);
        int plates = (await connection.Plates.ListPlatesAsync(new ListPlatesRequest(), cancellationToken: cancellationToken)).Plates.Count;
        if (plates == 0)
        {
            findings.Add("no plate is listed while the disk is full");
        }

        using var web = new HttpClient();
        using HttpResponseMessage ready = await web.GetAsync(new Uri(trial.Replicas.Servers[0].WebAddress, "/readyz"), cancellationToken);
        using JsonDocument said = JsonDocument.Parse(await ready.Content.ReadAsStringAsync(cancellationToken));
        string? notice = said.RootElement.TryGetProperty("notice", out JsonElement text) ? text.GetString() : null;
        if (!ready.IsSuccessStatusCode || (watermark > 0 && notice != "STORE_FULL"))
        {
            findings.Add($"/readyz answers {(int)ready.StatusCode} and notices '{notice}'");
        }

        double analysed = await UntilAsync(
            () => watermark == 0 || trial.Recoveries.Waiting(trial.Load.AcknowledgedPlates()).Length == 0, Stopwatch.GetTimestamp(), cancellationToken);
        if (!double.IsFinite(analysed))
        {
            findings.Add("plates that were acknowledged got no run while the disk was low");
        }
    }

    private static async Task<double> UntilAsync(Func<bool> isSo, long since, CancellationToken cancellationToken)
    {
        while (!isSo() && Stopwatch.GetElapsedTime(since) < Patience)
        {
            await Task.Delay(Poll, cancellationToken);
        }

        return isSo() ? Stopwatch.GetElapsedTime(since).TotalSeconds : double.PositiveInfinity;
    }
}

using System.CommandLine;
using System.Diagnostics;
using Biomarkers.Client;
using Biomarkers.V1;
using Google.Protobuf;

namespace Biomarkers.Benchmarks;

/// <summary><c>biomarkers-benchmarks throughput</c>: many senders, as fast as the server takes it.</summary>
internal static class ThroughputCommand
{
    // What one transaction of the server takes along at most.
    private const int GroupSize = 32;

    private const int Window = 64;

    // Plates until the runtime has compiled the server's inner loops for good: before, a plate costs many times as much.
    private const int WarmUp = 1500;
    private const int ShortWarmUp = 100;

    private static readonly Option<int> Senders = new("--senders") { Description = "Instruments that send at once, 1 to 256.", DefaultValueFactory = _ => 8 };

    private static readonly Option<int> Plates = new("--plates") { Description = "Plates of each instrument, 1 to 100,000; 20 with --short.", DefaultValueFactory = _ => 250 };

    public static Command Create()
    {
        var command = new Command(
            "throughput",
            "Senders on the same machine stream plates as fast as the server takes them: durable plates and finished runs per second, and the server's peak memory.")
        {
            Senders, Plates, Report.Seed, Report.Short, Report.Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        int senderCount = Math.Clamp(parsed.GetValue(Senders), 1, 256);
        int plateCount = parsed.GetValue(Report.Short) ? 20 : Math.Clamp(parsed.GetValue(Plates), 1, 100_000);
        int seed = parsed.GetValue(Report.Seed);
        // Made before the clock starts: the simulation is no part of what is measured.
        StreamEventContent[][] contents =
        [
            .. Enumerable.Range(0, senderCount).Select(sender =>
                Enumerable.Range(0, plateCount).Select(i => BenchmarkServer.Plate($"T{sender}-{i}", (sender * plateCount) + i, seed)).ToArray()),
        ];
        await using BenchmarkServer server = await BenchmarkServer.StartAsync(cancellationToken);
        await WarmUpAsync(server, parsed.GetValue(Report.Short) ? ShortWarmUp : WarmUp, seed + 1, cancellationToken);

        using var runs = server.Connection.AnalyticalRuns.WatchAnalyticalRuns(new WatchAnalyticalRunsRequest(), cancellationToken: cancellationToken);
        await runs.ResponseHeadersAsync;
        TimeSpan processorBefore = server.Process.ProcessorTime();
        long began = Stopwatch.GetTimestamp();
        Task sending = Task.WhenAll(contents.Select((plates, sender) => SendAsync(server, $"reader-{sender}", plates, cancellationToken)));
        Task<TimeSpan> acknowledged = UntilAsync(sending, began);
        for (int finished = 0; finished < senderCount * plateCount && await runs.ResponseStream.MoveNext(cancellationToken);)
        {
            finished++;
        }

        TimeSpan analysed = Stopwatch.GetElapsedTime(began);
        await sending;
        double processorMilliseconds = (server.Process.ProcessorTime() - processorBefore).TotalMilliseconds;
        byte[][] bytes = [.. contents.SelectMany(plates => plates).Select(plate => plate.ToByteArray())];
        double bareSeconds = BareStore.Commit(bytes, GroupSize).Sum() / 1000;
        double durableRate = bytes.Length / (await acknowledged).TotalSeconds;
        double bareRate = bytes.Length / bareSeconds;
        Report.Print(parsed, $"Throughput of {senderCount} senders with {plateCount} plates each",
        [
            new Figure("durable plates", durableRate, "1/s"),
            new Figure("finished runs", bytes.Length / analysed.TotalSeconds, "1/s"),
            new Figure("wells made durable", durableRate * contents[0][0].PlateRead.Columns.Sum(column => column.Positions.Count), "1/s"),
            new Figure($"bare commits of the same bytes in groups of {GroupSize}", bareRate, "1/s"),
            new Figure("bare over durable plates", bareRate / durableRate, "x"),
            new Figure("processor time of the server per plate, all of it", processorMilliseconds / bytes.Length, "ms"),
            new Figure("peak memory of the server", (server.Process.PeakResidentBytes() ?? 0) / (1024.0 * 1024), "MiB"),
            new Figure("bytes of an event, mean", bytes.Average(content => content.Length), "B"),
        ]);
        return 0;
    }

    private static async Task<TimeSpan> UntilAsync(Task ended, long began)
    {
        await ended;
        return Stopwatch.GetElapsedTime(began);
    }

    // Until the last run is there, so that none of it falls into what is measured.
    private static async Task WarmUpAsync(BenchmarkServer server, int count, int seed, CancellationToken cancellationToken)
    {
        using var runs = server.Connection.AnalyticalRuns.WatchAnalyticalRuns(new WatchAnalyticalRunsRequest(), cancellationToken: cancellationToken);
        await runs.ResponseHeadersAsync;
        await SendAsync(server, "warm", [.. Enumerable.Range(0, count).Select(i => BenchmarkServer.Plate($"W{i}", i, seed))], cancellationToken);
        for (int finished = 0; finished < count && await runs.ResponseStream.MoveNext(cancellationToken);)
        {
            finished++;
        }
    }

    private static async Task SendAsync(BenchmarkServer server, string instrument, StreamEventContent[] plates, CancellationToken cancellationToken)
    {
        await using PlateReadSender sender = PlateReadSender.Start(
            server.Connection.Ingest,
            new PlateReadSenderOptions { InstrumentId = instrument, StreamId = "s", MaximumUnacknowledged = Window, JitterSeed = 1 },
            TimeProvider.System);
        using var room = new SemaphoreSlim(Window, Window);
        var sends = new List<Task>();
        foreach (StreamEventContent plate in plates)
        {
            await room.WaitAsync(cancellationToken);
            sends.Add(SendOneAsync(plate));
        }

        await Task.WhenAll(sends);
        await sender.CompleteAsync(cancellationToken);

        async Task SendOneAsync(StreamEventContent plate)
        {
            SendOutcome outcome = await sender.SendAsync(plate, cancellationToken);
            if (outcome.Kind != SendOutcomeKind.Stored)
            {
                throw new InvalidOperationException($"Plate {plate.PlateRead.PlateBarcode} became {outcome.Kind}: {outcome.Fault}");
            }

            room.Release();
        }
    }
}

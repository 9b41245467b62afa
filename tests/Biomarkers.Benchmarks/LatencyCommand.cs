using System.CommandLine;
using System.Diagnostics;
using System.Security.Cryptography;
using Biomarkers.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Biomarkers.Benchmarks;

/// <summary><c>biomarkers-benchmarks latency</c>: one plate in flight.</summary>
internal static class LatencyCommand
{
    private const int WarmUp = 100;

    public static Command Create()
    {
        var command = new Command("latency", "One plate in flight: from handing an event to the stream until its durable acknowledgement, and until its results can be listed.")
        {
            Report.Seed, Report.Short, Report.Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        int count = parsed.GetValue(Report.Short) ? 100 : 500;
        byte[][] contents = [.. Enumerable.Range(0, WarmUp + count).Select(i => BenchmarkServer.Plate($"L{i}", i, parsed.GetValue(Report.Seed)).ToByteArray())];
        await using BenchmarkServer server = await BenchmarkServer.StartAsync(cancellationToken);
        (List<double> acknowledged, List<double> listed) = await MeasureAsync(server, contents, cancellationToken);
        double[] bare = [.. BareStore.Commit(contents, groupSize: 1).Skip(WarmUp)];
        Figure[] acknowledgedFigures = [.. Report.Percentiles("send to durable acknowledgement", acknowledged, "ms")];
        Figure[] bareFigures = [.. Report.Percentiles("bare commit of the same bytes", bare, "ms")];
        Report.Print(parsed, $"Latency of {count} plates, one in flight",
        [
            .. acknowledgedFigures,
            .. Report.Percentiles("send to results listed", listed, "ms"),
            .. bareFigures,
            new Figure("acknowledgement over bare commit, p50", acknowledgedFigures[0].Value / bareFigures[0].Value, "x"),
            new Figure("bytes of an event, mean", contents.Average(content => content.Length), "B"),
        ]);
        return 0;
    }

    private static async Task<(List<double> Acknowledged, List<double> Listed)> MeasureAsync(BenchmarkServer server, byte[][] contents, CancellationToken cancellationToken)
    {
        using var runs = server.Connection.AnalyticalRuns.WatchAnalyticalRuns(new WatchAnalyticalRunsRequest(), cancellationToken: cancellationToken);
        await runs.ResponseHeadersAsync;
        using var stream = server.Connection.Ingest.StreamPlateReads(cancellationToken: cancellationToken);
        await stream.RequestStream.WriteAsync(new StreamPlateReadsRequest { Open = new OpenReadStream { Instrument = "instruments/latency", StreamId = "s" } }, cancellationToken);
        await RequireAsync(stream.ResponseStream, cancellationToken);
        var acknowledged = new List<double>();
        var listed = new List<double>();
        for (int i = 0; i < contents.Length; i++)
        {
            var request = new StreamPlateReadsRequest
            {
                Event = new StreamEvent { Offset = i, Content = UnsafeByteOperations.UnsafeWrap(contents[i]), Sha256 = ByteString.CopyFrom(SHA256.HashData(contents[i])) },
            };
            long began = Stopwatch.GetTimestamp();
            await stream.RequestStream.WriteAsync(request, cancellationToken);
            await RequireAsync(stream.ResponseStream, cancellationToken);
            acknowledged.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            await RequireAsync(runs.ResponseStream, cancellationToken);
            ListResultsResponse results = await server.Connection.AnalyticalRuns.ListResultsAsync(
                new ListResultsRequest { AnalyticalRun = runs.ResponseStream.Current.AnalyticalRun.Name }, cancellationToken: cancellationToken);
            listed.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            if (results.Results.Count == 0)
            {
                throw new InvalidOperationException($"Plate {i} has a run without results.");
            }
        }

        return ([.. acknowledged.Skip(WarmUp)], [.. listed.Skip(WarmUp)]);
    }

    private static async Task RequireAsync<T>(IAsyncStreamReader<T> responses, CancellationToken cancellationToken)
    {
        if (!await responses.MoveNext(cancellationToken))
        {
            throw new InvalidOperationException("The server ended the stream.");
        }
    }
}

using System.Diagnostics;
using Biomarkers.Client;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Simulation;
using Biomarkers.Simulation.Plates;
using Biomarkers.V1;
using Grpc.Core;

namespace Biomarkers.Faults;

/// <summary>Makes one unary call after the other, reads and writes in turn, and notes which failed and how long no answer came.</summary>
internal sealed class UnaryCaller(
    PlateReadIngestService.PlateReadIngestServiceClient ingest,
    PlateService.PlateServiceClient plates,
    AnalyticalRunService.AnalyticalRunServiceClient runs,
    string name,
    ulong seed)
{
    // Plates by unary calls are the smaller part of the load.
    private const int WriteEvery = 8;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly List<string> acknowledged = [];
    private readonly List<string> faults = [];

    /// <summary>Calls that ended.</summary>
    public int CallCount { get; private set; }

    /// <summary>Calls that failed, for the caller.</summary>
    public int FailureCount { get; private set; }

    /// <summary>Longest time from one answer to the next.</summary>
    public TimeSpan LongestGap { get; private set; }

    /// <summary>The call that ended it.</summary>
    public string LongestGapCall { get; private set; } = "none";

    /// <summary>Plates that the server said are durable.</summary>
    public IReadOnlyList<string> Acknowledged => acknowledged;

    /// <summary>What failed first, for a person.</summary>
    public IReadOnlyList<string> Faults => faults;

    public static UnaryCaller Of(BiomarkersConnection connection, string name, ulong seed) => new(connection.Ingest, connection.Plates, connection.AnalyticalRuns, name, seed);

    /// <summary>Calls until cancelled; the call that runs then is still waited for.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        long answered = Stopwatch.GetTimestamp();
        for (int i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            try
            {
                string call = await CallAsync(i);
                TimeSpan gap = Stopwatch.GetElapsedTime(answered);
                answered = Stopwatch.GetTimestamp();
                if (gap > LongestGap)
                {
                    (LongestGap, LongestGapCall) = (gap, call);
                }
            }
            catch (RpcException exception)
            {
                FailureCount++;
                if (faults.Count < 5)
                {
                    faults.Add($"{name}: {exception.Status}");
                }
            }

            CallCount++;
            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    // The method's name.
    private async Task<string> CallAsync(int index)
    {
        DateTime deadline = TimeProvider.System.GetUtcNow().UtcDateTime + Deadline;
        if (index % WriteEvery == 0)
        {
            string barcode = $"{name}-{index}";
            AssayDefinition assay = BuiltInAssays.All[index / WriteEvery % BuiltInAssays.All.Count];
            SimulatedPlate plate = PlateSimulator.Create(assay, PlateScenario.Clean, seed + (ulong)index, barcode);
            var request = new SubmitPlateReadRequest { Instrument = $"instruments/{name}", PlateRead = PlateMessages.ToWire(plate.Read, "r1", plate.Layout) };
            await ingest.SubmitPlateReadAsync(request, deadline: deadline);
            acknowledged.Add(barcode);
            return nameof(ingest.SubmitPlateRead);
        }

        if (index % 2 == 0)
        {
            await plates.ListPlatesAsync(new ListPlatesRequest { PageSize = 5 }, deadline: deadline);
            return nameof(plates.ListPlates);
        }

        await runs.ListResultsAsync(new ListResultsRequest { PageSize = 5 }, deadline: deadline);
        return nameof(runs.ListResults);
    }
}

using Biomarkers.Client;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Simulation;
using Biomarkers.Simulation.Plates;
using Biomarkers.V1;

namespace Biomarkers.Faults.Rot;

/// <summary>Plates that the real server took and analysed: of every built-in assay, and one whose layout was changed and changed back, so that it has two runs and
/// a reinstated one.</summary>
internal static class StoredPlates
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    /// <summary>Makes the database, and stops the server.</summary>
    /// <returns>The database file.</returns>
    public static async Task<string> MakeAsync(string folder, int plates, int seed, CancellationToken cancellationToken)
    {
        await using ServerProcess server = await ServerProcess.StartAsync(new ServerStart(folder), cancellationToken);
        using var connection = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = server.GrpcAddress, KeyFile = Path.Combine(folder, "client.key") });
        PlateLayout? first = null;
        for (int i = 0; i < plates; i++)
        {
            SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.All[i % BuiltInAssays.All.Count], PlateScenario.Clean, (ulong)seed + (ulong)i, BarcodeOf(i));
            PlateRead read = PlateMessages.ToWire(plate.Read, "r1", plate.Layout);
            first ??= read.Layout;
            await connection.Ingest.SubmitPlateReadAsync(new SubmitPlateReadRequest { Instrument = "instruments/reader-1", PlateRead = read }, cancellationToken: cancellationToken);
            await RunsAsync(connection, BarcodeOf(i), 1, cancellationToken);
        }

        PlateLayout other = first!.Clone();
        other.Wells.First(well => well.Unknown is not null).Unknown.SampleId += "-other";
        await GiveAsync(connection, other, cancellationToken);
        await RunsAsync(connection, BarcodeOf(0), 2, cancellationToken);
        await GiveAsync(connection, first, cancellationToken);
        await server.StopAsync(cancellationToken);
        return Path.Combine(folder, "biomarkers.db");
    }

    private static string BarcodeOf(int plate) => $"ROT-{plate}";

    private static async Task GiveAsync(BiomarkersConnection connection, PlateLayout layout, CancellationToken cancellationToken) =>
        await connection.Plates.SubmitPlateLayoutAsync(
            new SubmitPlateLayoutRequest { Plate = $"plates/{BarcodeOf(0)}", Layout = layout, Reason = "to have a run that is reinstated" }, cancellationToken: cancellationToken);

    private static async Task RunsAsync(BiomarkersConnection connection, string barcode, int count, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        var request = new ListAnalyticalRunsRequest { Plate = $"plates/{barcode}" };
        while ((await connection.AnalyticalRuns.ListAnalyticalRunsAsync(request, cancellationToken: limit.Token)).AnalyticalRuns.Count < count)
        {
            await Task.Delay(Poll, limit.Token);
        }
    }
}

using Biomarkers.Client;
using Biomarkers.Faults;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Simulation;
using Biomarkers.Simulation.Plates;
using Biomarkers.V1;

namespace Biomarkers.Benchmarks;

/// <summary>The server as a process of its own over an empty folder, and a connection to it.</summary>
internal sealed class BenchmarkServer : IAsyncDisposable
{
    private readonly DirectoryInfo folder;

    private BenchmarkServer(DirectoryInfo folder, ServerProcess process)
    {
        this.folder = folder;
        Process = process;
        Connection = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = process.GrpcAddress, KeyFile = Path.Combine(folder.FullName, "client.key") });
    }

    public ServerProcess Process { get; }

    public BiomarkersConnection Connection { get; }

    public static async Task<BenchmarkServer> StartAsync(CancellationToken cancellationToken)
    {
        DirectoryInfo empty = Directory.CreateTempSubdirectory("biomarkers-benchmarks-");
        return new BenchmarkServer(empty, await ServerProcess.StartAsync(empty.FullName, 0, 0, cancellationToken));
    }

    /// <summary>A plate of 96 wells and one analyte, the assays in turn.</summary>
    public static StreamEventContent Plate(string barcode, int number, int seed)
    {
        AssayDefinition assay = BuiltInAssays.All[number % BuiltInAssays.All.Count];
        SimulatedPlate plate = PlateSimulator.Create(assay, PlateScenario.Clean, ((ulong)seed << 32) + (ulong)number, barcode);
        return new StreamEventContent { PlateRead = PlateMessages.ToWire(plate.Read, "r1", plate.Layout) };
    }

    public async ValueTask DisposeAsync()
    {
        Connection.Dispose();
        await Process.DisposeAsync();
        folder.Delete(recursive: true);
    }
}

using System.Security.Cryptography;
using Biomarkers.Client;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Simulation;
using Biomarkers.Simulation.Plates;
using Biomarkers.V1;
using Google.Protobuf;

namespace Biomarkers.Faults.Power;

/// <summary>An instrument that sends plates in bursts and notes when each was acknowledged.</summary>
internal sealed class TimedSender : IAsyncDisposable
{
    /// <summary>Name of the stream of every sender.</summary>
    public const string StreamId = "load";

    private readonly int number;
    private readonly ulong seed;
    private readonly BiomarkersConnection connection;
    private readonly PlateReadSender sender;
    private int count;

    public TimedSender(BiomarkersConnectionOptions options, int number, int seed)
    {
        this.number = number;
        this.seed = (ulong)seed;
        connection = BiomarkersConnection.Open(options);
        sender = PlateReadSender.Start(
            connection.Ingest,
            new PlateReadSenderOptions
            {
                InstrumentId = InstrumentId,
                StreamId = StreamId,
                ClientVersion = "biomarkers-faults",
                InitialBackoff = TimeSpan.FromMilliseconds(50),
                MaximumBackoff = TimeSpan.FromMilliseconds(400),
                JitterSeed = number,
            },
            TimeProvider.System);
    }

    public string InstrumentId => $"reader-{number}";

    /// <summary>Sends a number of plates at once and waits until all of them are acknowledged.</summary>
    public async Task<IReadOnlyList<TimedEvent>> SendAsync(int plates, CancellationToken cancellationToken) =>
        await Task.WhenAll(Enumerable.Range(0, plates).Select(_ => SendNextAsync(cancellationToken)));

    public async ValueTask DisposeAsync()
    {
        await sender.DisposeAsync();
        connection.Dispose();
    }

    private async Task<TimedEvent> SendNextAsync(CancellationToken cancellationToken)
    {
        int index = count++;
        AssayDefinition assay = BuiltInAssays.All[index % BuiltInAssays.All.Count];
        SimulatedPlate plate = PlateSimulator.Create(assay, PlateScenario.Clean, seed + ((ulong)number << 32) + (ulong)index, $"P{number}-{index}");
        var content = new StreamEventContent { PlateRead = PlateMessages.ToWire(plate.Read, "r1", plate.Layout) };
        SendOutcome outcome = await sender.SendAsync(content, cancellationToken);
        long now = (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        return outcome.Kind == SendOutcomeKind.Quarantined
            ? throw new InvalidOperationException($"The server refused plate P{number}-{index}: {outcome.Fault}")
            : new TimedEvent(InstrumentId, outcome.Offset, SHA256.HashData(content.ToByteArray()), now);
    }
}

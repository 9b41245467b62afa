using Biomarkers.Client;
using Biomarkers.Client.Spool;
using Biomarkers.V1;
using Grpc.Net.Client;
using Microsoft.Extensions.Time.Testing;

namespace Biomarkers.Tests.Client;

/// <summary>A folder for a spool, which goes with the test.</summary>
internal sealed class SpoolFixture : IDisposable
{
    private readonly DirectoryInfo parent = Directory.CreateTempSubdirectory("biomarkers-spool-");

    public string Folder => Path.Combine(parent.FullName, "spool");

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 22, 8, 0, 0, TimeSpan.Zero));

    public string NewestEvents => Directory.EnumerateFiles(Folder, "events-*.log").Where(file => new FileInfo(file).Length > 0).Order(StringComparer.Ordinal).Last();

    public static StreamEventContent Content(int number) => new() { PlateRead = new PlateRead { PlateBarcode = $"P{number}", ReadId = "r1", WellCount = 96 } };

    public static PlateReadSender Send(EventSpool spool, RehearsalServer server, GrpcChannel channel, Func<PlateReadSenderOptions, PlateReadSenderOptions>? change = null)
    {
        var options = new PlateReadSenderOptions
        {
            InstrumentId = spool.InstrumentId,
            StreamId = spool.StreamId,
            Spool = spool,
            InitialBackoff = TimeSpan.FromMilliseconds(5),
            MaximumBackoff = TimeSpan.FromMilliseconds(50),
            JitterSeed = server.Address.Port,
        };
        return PlateReadSender.Start(new PlateReadIngestService.PlateReadIngestServiceClient(channel), change?.Invoke(options) ?? options, TimeProvider.System);
    }

    public EventSpool Open(EventSpoolOptions? options = null) => EventSpool.Open(Folder, options ?? new EventSpoolOptions { InstrumentId = "reader-1" }, Time);

    public SpoolStatus Look() => EventSpool.Look(Folder, Time);

    /// <summary>Accepts events of these numbers, one after the other.</summary>
    public static async Task AcceptAsync(EventSpool spool, int first, int count)
    {
        foreach (int number in Enumerable.Range(first, count))
        {
            await spool.AcceptAsync(Content(number));
        }
    }

    /// <summary>Numbers of the plates that wait, as they would be sent.</summary>
    public static int[] Waiting(EventSpool spool) =>
        [.. spool.Queue.Export().Waiting.Where(item => item.TryLoad(out _)).Select(item => NumberOf(item))];

    /// <summary>Number of an event's plate, read out of its content.</summary>
    public static int NumberOf(SenderEvent item) =>
        item.TryLoad(out Google.Protobuf.ByteString? content)
            ? int.Parse(StreamEventContent.Parser.ParseFrom(content).PlateRead.PlateBarcode[1..])
            : throw new InvalidOperationException($"Event {item.Sequence} can't be read.");

    public void Dispose() => parent.Delete(recursive: true);
}

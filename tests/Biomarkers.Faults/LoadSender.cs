using System.Security.Cryptography;
using Biomarkers.Client;
using Biomarkers.V1;
using Google.Protobuf;

namespace Biomarkers.Faults;

/// <summary>What a sender knows of one event: its own copy's hash, and whether the server said that it is durable.</summary>
/// <param name="Sha256">Hash of the bytes that were sent.</param>
/// <param name="PlateBarcode">Its plate; null for an event that is garbage on purpose.</param>
/// <param name="WellCount">Wells of its plate with a response.</param>
internal sealed record SentEvent(byte[] Sha256, string? PlateBarcode, int WellCount)
{
    /// <summary>Whether an acknowledgement came.</summary>
    public bool IsAcknowledged { get; set; }
}

/// <summary>An instrument that sends simulated plates over one stream for as long as it is allowed to, and remembers what it sent.</summary>
internal sealed class LoadSender : ILoadSender, IProgress<SenderState>
{
    /// <summary>Most events without an acknowledgement.</summary>
    private const int Window = 16;

    private readonly int number;
    private readonly LoadPlates plates;
    private readonly BiomarkersConnection connection;
    private readonly PlateReadSender sender;
    private readonly SemaphoreSlim room = new(Window, Window);
    private readonly Lock gate = new();
    private readonly List<SentEvent> events = [];
    private readonly List<DatabaseRestoration> restorations = [];
    private readonly List<Task> waiting = [];
    private int openingCount;
    private int sentCount;
    private int acknowledgedCount;
    private volatile bool isOpen;

    /// <summary>Makes an instrument with a connection of its own.</summary>
    /// <param name="options">Where and with which key it connects.</param>
    /// <param name="number">Its number among all.</param>
    /// <param name="seed">Seed of its plates.</param>
    /// <param name="maximumKeptEvents">Acknowledged events that it keeps for a restored database.</param>
    public LoadSender(BiomarkersConnectionOptions options, int number, ulong seed, int maximumKeptEvents = 10_000)
    {
        this.number = number;
        plates = new LoadPlates(number, seed);
        connection = BiomarkersConnection.Open(options);
        sender = PlateReadSender.Start(
            connection.Ingest,
            new PlateReadSenderOptions
            {
                InstrumentId = InstrumentId,
                StreamId = StreamId,
                ClientVersion = "biomarkers-faults",
                MaximumUnacknowledged = Window,
                MaximumKeptEvents = maximumKeptEvents,
                Progress = this,
                InitialBackoff = TimeSpan.FromMilliseconds(50),
                MaximumBackoff = TimeSpan.FromMilliseconds(400),
                JitterSeed = number,
            },
            TimeProvider.System);
    }

    /// <summary>Name of the stream of every sender.</summary>
    public const string StreamId = "load";

    public string InstrumentId => LoadPlates.InstrumentIdOf(number);

    /// <summary>How often its stream was opened.</summary>
    public int OpeningCount => Volatile.Read(ref openingCount);

    /// <summary>Whether its stream is open, as far as it knows.</summary>
    public bool IsOpen => isOpen;

    /// <summary>Everything that was handed over, by offset. Read it when the sender is done.</summary>
    public IReadOnlyList<SentEvent> Events => events;

    /// <summary>Events that were handed over and are not acknowledged.</summary>
    public int UnacknowledgedCount => Volatile.Read(ref sentCount) - Volatile.Read(ref acknowledgedCount);

    /// <summary>Events that are acknowledged.</summary>
    public int AcknowledgedCount => Volatile.Read(ref acknowledgedCount);

    /// <summary>Why the sender stopped for good; null while it works.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Every restored database that the sender met, as it was first told; the newest last.</summary>
    public IReadOnlyList<DatabaseRestoration> Restorations
    {
        get
        {
            lock (gate)
            {
                return [.. restorations];
            }
        }
    }

    /// <summary>What the newest restoration has come to; null without one.</summary>
    public DatabaseRestoration? LastRestoration => sender.LastRestoration;

    /// <summary>Takes what the sender tells: openings and restorations.</summary>
    public void Report(SenderState value)
    {
        isOpen = value.Activity == SenderActivity.Open;
        if (value.Activity == SenderActivity.Open)
        {
            Interlocked.Increment(ref openingCount);
        }

        lock (gate)
        {
            if (value.Restoration is { } told && (restorations.Count == 0 || restorations[^1].Generation != told.Generation))
            {
                restorations.Add(told);
            }
        }
    }

    /// <summary>Everything that was handed over by now.</summary>
    public SentEvent[] Snapshot()
    {
        lock (gate)
        {
            return [.. events];
        }
    }

    /// <summary>Sends one event for each permit, until cancelled. A stop of the sender for good is thrown.</summary>
    public async Task RunAsync(SemaphoreSlim permits, CancellationToken cancellationToken)
    {
        while (true)
        {
            await permits.WaitAsync(cancellationToken);
            await room.WaitAsync(cancellationToken);
            (StreamEventContent content, int wells) = plates.At(events.Count);
            var sent = new SentEvent(SHA256.HashData(content.ToByteArray()), content.PlateRead?.PlateBarcode, wells);
            lock (gate)
            {
                events.Add(sent);
            }

            Interlocked.Increment(ref sentCount);

            waiting.Add(AwaitAsync(sent, content));
            if (waiting.Count > 4 * Window)
            {
                Task[] over = [.. waiting.Where(task => task.IsCompleted)];
                waiting.RemoveAll(task => task.IsCompleted);
                await Task.WhenAll(over);
            }
        }
    }

    /// <summary>Waits until everything that was handed over is acknowledged.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await sender.CompleteAsync(cancellationToken);
        await Task.WhenAll(waiting);
    }

    public async ValueTask DisposeAsync()
    {
        await sender.DisposeAsync();
        connection.Dispose();
        room.Dispose();
    }

    private async Task AwaitAsync(SentEvent sent, StreamEventContent content)
    {
        SendOutcome outcome;
        try
        {
            outcome = await sender.SendAsync(content, CancellationToken.None);
        }
        catch (PlateReadSenderException exception)
        {
            Fault = exception;
            throw;
        }

        if (sent.PlateBarcode is not null && outcome.Kind == SendOutcomeKind.Quarantined)
        {
            throw new InvalidOperationException($"The server refused plate {sent.PlateBarcode}: {outcome.Fault}");
        }

        sent.IsAcknowledged = true;
        Interlocked.Increment(ref acknowledgedCount);
        room.Release();
    }
}

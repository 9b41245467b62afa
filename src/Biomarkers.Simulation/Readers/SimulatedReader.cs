using Biomarkers.Client;
using Biomarkers.Simulation.Plates;
using Biomarkers.V1;

namespace Biomarkers.Simulation.Readers;

/// <summary>A reader that streams simulated plates as a real one does: one stream kept for its life, each plate whole or while it is read.</summary>
public sealed class SimulatedReader : IAsyncDisposable
{
    /// <summary>Columns of the plate that one part carries.</summary>
    private const int PlateColumnsPerPart = 3;

    private readonly PlateReadSender sender;
    private readonly TimeProvider time;

    /// <summary>Starts a reader; it connects at once.</summary>
    /// <param name="connection">The server.</param>
    /// <param name="instrumentId">Instrument, a name.</param>
    /// <param name="time">Clock.</param>
    public SimulatedReader(BiomarkersConnection connection, string instrumentId, TimeProvider time)
    {
        this.time = time;
        var options = new PlateReadSenderOptions { InstrumentId = instrumentId, StreamId = "simulated", ClientVersion = "simulated reader" };
        sender = PlateReadSender.Start(connection.Ingest, options, time);
    }

    /// <summary>Sends a plate and waits until it is durable.</summary>
    /// <param name="plate">The plate.</param>
    /// <param name="inParts">Whether it is delivered while it is read.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What became of the event that completes the plate.</returns>
    public async Task<SendOutcome> SendAsync(SimulatedPlate plate, bool inParts, CancellationToken cancellationToken)
    {
        const string ReadId = "read-1";
        V1.PlateRead whole = PlateMessages.ToWire(plate.Read, ReadId, plate.Layout, "simulation", time.GetUtcNow());
        if (!inParts)
        {
            return await sender.SendAsync(new StreamEventContent { PlateRead = whole }, cancellationToken);
        }

        var started = new PlateStarted
        {
            PlateBarcode = whole.PlateBarcode,
            ReadId = whole.ReadId,
            WellCount = whole.WellCount,
            ResponseKind = whole.ResponseKind,
            Operator = whole.Operator,
            ReadTime = whole.ReadTime,
            Layout = whole.Layout,
        };
        var sent = new List<Task<SendOutcome>> { sender.SendAsync(new StreamEventContent { PlateStarted = started }, cancellationToken).AsTask() };
        for (int first = 0; first < plate.Read.Format.ColumnCount; first += PlateColumnsPerPart)
        {
            int from = first;
            var columns = plate.Read.Columns
                .Select(column => PlateMessages.ToWire(column, plate.Read.Format, well => well.Column >= from && well.Column < from + PlateColumnsPerPart))
                .Where(column => column.Positions.Count + column.Exceptions.Count > 0);
            var part = new WellsRead { ReadId = ReadId, Columns = { columns } };
            sent.Add(sender.SendAsync(new StreamEventContent { WellsRead = part }, cancellationToken).AsTask());
        }

        var completed = new PlateCompleted { ReadId = ReadId, WellResponseCount = plate.Read.WellResponseCount };
        sent.Add(sender.SendAsync(new StreamEventContent { PlateCompleted = completed }, cancellationToken).AsTask());
        SendOutcome[] outcomes = await Task.WhenAll(sent);
        return Array.Find(outcomes, outcome => outcome.Kind == SendOutcomeKind.Quarantined) ?? outcomes[^1];
    }

    /// <summary>Waits until everything is acknowledged, and closes the stream.</summary>
    public Task CompleteAsync(CancellationToken cancellationToken) => sender.CompleteAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => sender.DisposeAsync();
}

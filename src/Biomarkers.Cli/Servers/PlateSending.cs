using Biomarkers.Cli.Plates;
using Biomarkers.Client;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Simulation;

namespace Biomarkers.Cli.Servers;

/// <summary>What became of a file, in one word.</summary>
public enum FileOutcome
{
    /// <summary>Stored, and its content is used.</summary>
    Stored,

    /// <summary>The server had it already.</summary>
    Duplicate,

    /// <summary>Stored as bytes, and its content can't be used.</summary>
    Quarantined,

    /// <summary>Not sent: the file is not right.</summary>
    Refused,

    /// <summary>Stored, and not used until a person decides.</summary>
    Held,

    /// <summary>On this machine's disk, and not acknowledged by the server.</summary>
    Spooled,
}

/// <summary>What became of a file.</summary>
/// <param name="File">Path.</param>
/// <param name="Outcome">In one word.</param>
/// <param name="Plate">Barcode; absent when the file was refused.</param>
/// <param name="ReadId">Name of the reading; absent when the file was refused.</param>
/// <param name="Offset">Place of its last event in the stream; absent when the file was refused.</param>
/// <param name="Faults">Everything that is wrong with it; empty when it was stored.</param>
/// <param name="Run">The run of the plate; absent unless it was waited for.</param>
/// <param name="PlateState">What the plate waits for when no run will come; absent otherwise.</param>
public sealed record SentFile(
    string File, FileOutcome Outcome, string? Plate, string? ReadId, long? Offset, IReadOnlyList<SentFault> Faults, RunRow? Run = null, string? PlateState = null);

/// <summary>One thing that is wrong with a file.</summary>
/// <param name="Field">Place in the file, or path on the wire where the server found it.</param>
/// <param name="Reason">UPPER_SNAKE_CASE code.</param>
/// <param name="Description">One sentence.</param>
public sealed record SentFault(string Field, string Reason, string Description)
{
    /// <summary>Reason of a layout that changes under a run without anybody saying why.</summary>
    internal const string ReasonRequired = "REASON_REQUIRED";
}

/// <summary>A stream that is sent over.</summary>
/// <param name="Sender">Its sender.</param>
/// <param name="InstrumentId">Who sends.</param>
/// <param name="StreamId">Which of the instrument's streams.</param>
internal sealed record OpenStream(PlateReadSender Sender, string InstrumentId, string StreamId);

/// <summary>Sends plates over one stream.</summary>
internal static class PlateSending
{
    /// <summary>A stream that this machine keeps: <c>cli-</c> and its name as a name of the contract.</summary>
    public static string DefaultStreamId(string machineName)
    {
        string host = string.Concat(machineName.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        string name = $"cli-{(host.Length == 0 ? "host" : host)}";
        return name[..Math.Min(name.Length, Texts.MaximumNameLength)].TrimEnd('-');
    }

    /// <summary>A name of the reading that follows from the bytes of the file: the same file has the same one.</summary>
    public static string DefaultReadId(ContentHash fileHash) => fileHash.Hex[..16];

    /// <summary>Sends a plate, whole or in parts, and waits until it is durable.</summary>
    /// <param name="call">The command.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="input">The plate.</param>
    /// <param name="readId">Name of the reading.</param>
    /// <param name="layout">What is in the wells; null to send the responses alone.</param>
    /// <remarks>A stream stores every event, a repeat of a reading under a new offset too; it is a duplicate where the plate had the reading
    /// before and its layout stays what it was.</remarks>
    public static async Task<SentFile> SendAsync(ServerCall call, OpenStream stream, PlateInput input, string readId, PlateLayout? layout)
    {
        (IReadOnlyList<V1.StreamEventContent> events, SentFile? refused) = EventsOf(input, readId, layout);
        if (refused is not null)
        {
            return refused;
        }

        V1.Plate? before = await FindPlateAsync(call, input, readId);
        var outcome = FileOutcome.Duplicate;
        long offset = 0;
        foreach (V1.StreamEventContent content in events)
        {
            SendOutcome sent = await stream.Sender.SendAsync(content, call.CancellationToken);
            offset = sent.Offset;
            // What became of a recovered event was told in an acknowledgement that was lost: the list of the quarantine tells it again.
            RpcFault? fault = sent.Kind == SendOutcomeKind.Recovered ? await Quarantine.FindAsync(call, stream.InstrumentId, stream.StreamId, offset, content) : sent.Fault;
            if (sent.Kind is SendOutcomeKind.Quarantined or SendOutcomeKind.Held || fault is not null)
            {
                FileOutcome word = sent.Kind == SendOutcomeKind.Held ? FileOutcome.Held : FileOutcome.Quarantined;
                return new SentFile(input.Path, word, input.Read.PlateBarcode, readId, offset, [.. FaultsOf(fault).Select(WithCommand)]);
            }

            outcome = sent.Kind == SendOutcomeKind.Duplicate ? outcome : FileOutcome.Stored;
        }

        bool isKnown = before is not null && (await FindPlateAsync(call, input, readId))?.LayoutVersion == before.LayoutVersion;
        return new SentFile(input.Path, isKnown ? FileOutcome.Duplicate : outcome, input.Read.PlateBarcode, readId, offset, []);
    }

    /// <summary>A plate as events, whole or in parts; or why it has no such form.</summary>
    public static (IReadOnlyList<V1.StreamEventContent> Events, SentFile? Refused) EventsOf(PlateInput input, string readId, PlateLayout? layout)
    {
        // What the file prints as its time names no zone, so that no read time is sent.
        V1.PlateRead message = PlateMessages.ToWire(input.Read, readId, layout, OperatorOf(input));
        try
        {
            return (PlateEvents.Of(message, PlateReadSender.MaximumContentBytes), null);
        }
        catch (ArgumentException exception)
        {
            return ([], new SentFile(input.Path, FileOutcome.Refused, input.Read.PlateBarcode, readId, null, [new SentFault("", FaultReasons.LimitExceeded, exception.Message)]));
        }
    }

    /// <summary>Waits until a plate has its newest run, or nothing is left to wait for.</summary>
    /// <param name="call">The command.</param>
    /// <param name="sent">A plate that is stored.</param>
    /// <param name="patience">Longest wait.</param>
    /// <returns>The same with the run, or with the state in which the plate stays.</returns>
    public static async Task<SentFile> WaitAsync(ServerCall call, SentFile sent, TimeSpan patience)
    {
        try
        {
            return await WaitForRunAsync(call, sent, patience);
        }
        catch (Grpc.Core.RpcException exception) when (exception.StatusCode == Grpc.Core.StatusCode.PermissionDenied)
        {
            // An instrument's key sends and sees no results.
            call.Console.Tell($"{sent.File}: Stored; its run can't be seen with this key. {exception.Status.Detail}");
            return sent;
        }
    }

    private static async Task<SentFile> WaitForRunAsync(ServerCall call, SentFile sent, TimeSpan patience)
    {
        string name = Names.InCollection("plates", sent.Plate);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(call.CancellationToken);
        limit.CancelAfter(patience);
        using Grpc.Core.AsyncServerStreamingCall<V1.WatchPlatesResponse> watch =
            call.Connection.Plates.WatchPlates(new V1.WatchPlatesRequest { Plate = name }, cancellationToken: limit.Token);
        V1.Plate? plate = null;
        try
        {
            // The watch has begun when its headers are there, so that no change falls between it and the question.
            await watch.ResponseHeadersAsync;
            plate = await call.Connection.Plates.GetPlateAsync(new V1.GetPlateRequest { Name = name }, cancellationToken: limit.Token);
            while (plate.State is V1.PlateState.Ready or V1.PlateState.Receiving && await watch.ResponseStream.MoveNext(limit.Token))
            {
                plate = watch.ResponseStream.Current.Plate;
            }
        }
        catch (Exception exception) when (
            limit.IsCancellationRequested && !call.CancellationToken.IsCancellationRequested && exception is Grpc.Core.RpcException or OperationCanceledException)
        {
            call.Console.Tell($"{sent.File}: No run within {patience.TotalSeconds} s.");
        }

        if (plate is not { State: V1.PlateState.Analyzed })
        {
            return sent with { PlateState = plate is null ? null : CommandConsole.WordOf(plate.State) };
        }

        V1.AnalyticalRun run = await call.Connection.AnalyticalRuns.GetAnalyticalRunAsync(
            new V1.GetAnalyticalRunRequest { Name = plate.AnalyticalRun }, cancellationToken: call.CancellationToken);
        return sent with { Run = RunRow.Of(run) };
    }

    /// <summary>The plate, where it has this very reading; else null.</summary>
    private static async Task<V1.Plate?> FindPlateAsync(ServerCall call, PlateInput input, string readId)
    {
        try
        {
            var request = new V1.GetPlateRequest { Name = Names.InCollection("plates", input.Read.PlateBarcode) };
            V1.Plate plate = await call.Connection.Plates.GetPlateAsync(request, cancellationToken: call.CancellationToken);
            return plate.Reads.Any(read => read.ReadId == readId && read.ContentSha256 == input.Read.Hash.Hex) ? plate : null;
        }
        catch (Grpc.Core.RpcException exception) when (RpcFault.Of(exception).Code is Grpc.Core.StatusCode.NotFound or Grpc.Core.StatusCode.Unavailable)
        {
            // A plate that nobody sent before; or nobody can tell now, and the sender waits for the server longer than this question does.
            return null;
        }
    }

    private static string? OperatorOf(PlateInput input) => input.File.Operator is { Length: > 0 and <= Texts.MaximumLength } name && !name.Any(char.IsControl) ? name : null;

    internal static IReadOnlyList<SentFault> FaultsOf(RpcFault? fault) => fault switch
    {
        null => [],
        { Fields.Count: 0 } => [new SentFault("", fault.Reason, fault.Message)],
        _ => [.. fault.Fields.Select(field => new SentFault(field.Field, field.Reason, field.Description))],
    };

    // An event carries no reason for a change; the layout by itself does.
    private static SentFault WithCommand(SentFault fault) => fault.Reason == SentFault.ReasonRequired
        ? fault with { Description = $"{fault.Description} To change the layout, submit it by 'biomarkers layout FILE --plate BARCODE --assay ID --reason TEXT'." }
        : fault;
}

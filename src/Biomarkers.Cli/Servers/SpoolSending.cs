using System.Collections.Concurrent;
using System.CommandLine;
using System.Globalization;
using Biomarkers.Cli.Plates;
using Biomarkers.Client;
using Biomarkers.Client.Spool;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Cli.Servers;

/// <summary>Puts plates into a spool, and sends what it holds.</summary>
internal sealed class SpoolSending(ServerCall call, EventSpool spool) : IProgress<SettledEvent>
{
    private readonly ConcurrentDictionary<long, SendOutcome> outcomes = new();
    private readonly Dictionary<SentFile, List<long>> accepted = new(ReferenceEqualityComparer.Instance);
    private int refusedCount;

    /// <summary>The option that shuts out another sender.</summary>
    public static Option<bool> TakeOverOption() => new("--take-over")
    {
        Description = "Go on although another sender opened the stream since. It is shut out; what is not acknowledged is sent again behind its events.",
    };

    /// <summary>Runs what uses a spool, and tells why it can't be used.</summary>
    public static async Task<int> GuardAsync(ServerCall call, string source, Func<Task<int>> work)
    {
        try
        {
            return await work();
        }
        catch (EventSpoolException exception)
        {
            call.Console.Tell($"{source}: {exception.Message}");
            return ExitCodes.BadInput;
        }
    }

    /// <summary>Puts a plate into the spool; it is on the disk when this returns.</summary>
    public async Task<SentFile> AcceptAsync(PlateInput input, string readId, PlateLayout? layout)
    {
        (IReadOnlyList<V1.StreamEventContent> events, SentFile? refused) = PlateSending.EventsOf(input, readId, layout);
        if (refused is not null)
        {
            return refused;
        }

        var sequences = new List<long>();
        foreach (V1.StreamEventContent content in events)
        {
            sequences.Add((await spool.AcceptAsync(content, call.CancellationToken)).Sequence);
        }

        var file = new SentFile(input.Path, FileOutcome.Spooled, input.Read.PlateBarcode, readId, null, []);
        accepted.Add(file, sequences);
        return file;
    }

    /// <summary>Sends everything that waits, and says what stays.</summary>
    /// <param name="takesOver">Whether to shut out another sender.</param>
    /// <param name="patience">How long the server may be out of reach.</param>
    /// <param name="progress">Is told why it waits.</param>
    /// <returns><see cref="ExitCodes.Ok"/> when everything is acknowledged and used, <see cref="ExitCodes.Negative"/> when something of it is not used,
    /// <see cref="ExitCodes.Waiting"/> when something is not acknowledged.</returns>
    public async Task<int> SendAsync(bool takesOver, TimeSpan patience, IProgress<SenderState> progress)
    {
        var options = new PlateReadSenderOptions
        {
            InstrumentId = spool.InstrumentId,
            StreamId = spool.StreamId,
            ClientVersion = $"biomarkers {typeof(SpoolSending).Assembly.GetName().Version?.ToString(3)}",
            Spool = spool,
            TakeOver = takesOver,
            MaximumBackoff = TimeSpan.FromSeconds(5),
            GiveUpAfter = patience,
            Outcomes = this,
            Progress = progress,
        };
        await using var sender = PlateReadSender.Start(call.Connection.Ingest, options, TimeProvider.System);
        try
        {
            await sender.CompleteAsync(call.CancellationToken);
        }
        catch (PlateReadSenderException exception)
        {
            string hint = exception.Reason == SenderStopReason.Fenced ? " To send from here again, and shut out the other, add --take-over." : "";
            call.Console.Tell($"{(ConnectionCause.Of(call.Connection.Server, exception) ?? exception.Message).ReplaceLineEndings(" ")}{hint}");
        }

        SpoolStatus status = spool.Status;
        TellDamage(call, status);
        if (status.WaitingCount > 0)
        {
            call.Console.Tell(string.Create(CultureInfo.InvariantCulture, $"Spooled: {ListTables.Count(status.WaitingCount, "event")} {(status.WaitingCount == 1 ? "waits" : "wait")} in {spool.Folder}. Send them by 'biomarkers spool {spool.Folder} --send'."));
            return ExitCodes.Waiting;
        }

        return refusedCount > 0 || status.Damage.Count > 0 ? ExitCodes.Negative : ExitCodes.Ok;
    }

    /// <summary>Tells what of a spool can't be read.</summary>
    public static void TellDamage(ServerCall call, SpoolStatus status)
    {
        foreach (SpoolDamage damage in status.Damage)
        {
            call.Console.Tell(damage.ToString());
        }
    }

    /// <summary>A file with what became of its events by now.</summary>
    public SentFile WithOutcome(SentFile file)
    {
        if (!accepted.TryGetValue(file, out List<long>? sequences))
        {
            return file;
        }

        SendOutcome?[] known = [.. sequences.Select(sequence => outcomes.GetValueOrDefault(sequence))];
        SendOutcome? bad = Array.Find(known, outcome => outcome?.Kind is SendOutcomeKind.Quarantined or SendOutcomeKind.Held);
        FileOutcome word = known switch
        {
            _ when bad is not null => bad.Kind == SendOutcomeKind.Held ? FileOutcome.Held : FileOutcome.Quarantined,
            _ when known.Contains(null) => FileOutcome.Spooled,
            _ when known.All(outcome => outcome!.Kind == SendOutcomeKind.Duplicate) => FileOutcome.Duplicate,
            _ => FileOutcome.Stored,
        };
        return file with { Outcome = word, Offset = known[^1]?.Offset, Faults = bad is null ? [] : PlateSending.FaultsOf(bad.Fault) };
    }

    /// <summary>Takes what became of an event; one of an earlier command is told when it is not used.</summary>
    public void Report(SettledEvent value)
    {
        outcomes[value.Sequence] = value.Outcome;
        if (value.Outcome.Kind is SendOutcomeKind.Quarantined or SendOutcomeKind.Held)
        {
            refusedCount++;
            if (!accepted.Values.Any(sequences => sequences.Contains(value.Sequence)))
            {
                string plate = value.PlateBarcode is null ? "" : $", plate {value.PlateBarcode}";
                call.Console.Tell($"Event {value.Sequence}{plate}, read {value.ReadId}: {value.Outcome.Kind.ToString().ToUpperInvariant()}: {value.Outcome.Fault?.ToString().ReplaceLineEndings(" ")}");
            }
        }
    }
}

using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Biomarkers.Client;
using Biomarkers.Client.Spool;
using Biomarkers.V1;
using Google.Protobuf;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults adapter</c>: an instrument's adapter as a process of its own, to be killed by <see cref="AdapterProcess"/>. It is told by lines on its
/// input how many plates to read, and says of each what it does with it. A line in a pipe outlives the process that wrote it.</summary>
internal static class AdapterCommand
{
    public const string Name = "adapter";

    private static readonly Option<string> Server = new("--server") { Required = true };
    private static readonly Option<string> KeyFile = new("--key-file") { Required = true };
    private static readonly Option<int> Number = new("--number");
    private static readonly Option<int> Seed = new("--seed");
    private static readonly Option<string> Spool = new("--spool") { Description = "Folder of the spool; none keeps events in memory." };

    public static Command Create()
    {
        var command = new Command(Name, "An adapter that the other commands start and kill.") { Server, KeyFile, Number, Seed, Spool };
        command.Hidden = true;
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        int number = parsed.GetValue(Number);
        string instrument = LoadPlates.InstrumentIdOf(number);
        using var connection = BiomarkersConnection.Open(new BiomarkersConnectionOptions { Server = new Uri(parsed.GetRequiredValue(Server)), KeyFile = parsed.GetValue(KeyFile) });
        using EventSpool? spool = parsed.GetValue(Spool) is { } folder
            ? EventSpool.Open(folder, new EventSpoolOptions { InstrumentId = instrument, StreamId = LoadSender.StreamId }, TimeProvider.System)
            : null;
        long next = spool is null ? 0 : spool.NextSequence - 1;
        Say($"start {next} {next - (spool?.Status.WaitingCount ?? 0)}");
        var options = new PlateReadSenderOptions
        {
            InstrumentId = instrument,
            StreamId = LoadSender.StreamId,
            ClientVersion = "biomarkers-faults",
            Spool = spool,
            Outcomes = spool is null ? null : new Outcomes(),
            Progress = new Stops(),
            InitialBackoff = TimeSpan.FromMilliseconds(50),
            MaximumBackoff = TimeSpan.FromMilliseconds(400),
        };
        await using var sender = PlateReadSender.Start(connection.Ingest, options, TimeProvider.System);
        while (await Console.In.ReadLineAsync(cancellationToken) is { } line)
        {
            for (int i = int.Parse(line, CultureInfo.InvariantCulture); i > 0; i--)
            {
                await OfferAsync(new LoadPlates(number, (ulong)parsed.GetValue(Seed)), next++, spool, sender, cancellationToken);
            }
        }

        await sender.CompleteAsync(cancellationToken);
        return 0;
    }

    private static async Task OfferAsync(LoadPlates plates, long index, EventSpool? spool, PlateReadSender sender, CancellationToken cancellationToken)
    {
        (StreamEventContent content, int wells) = plates.At((int)index);
        Say($"offered {index} {Convert.ToHexString(SHA256.HashData(content.ToByteArray()))} {wells} {content.PlateRead?.PlateBarcode ?? "-"}");
        if (spool is null)
        {
            // Handed over is all that an adapter without a disk can say; nobody waits for the answer before the next plate.
            _ = sender.SendAsync(content, cancellationToken).AsTask();
        }
        else
        {
            await spool.AcceptAsync(content, cancellationToken);
        }

        Say($"accepted {index}");
    }

    private static void Say(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }

    private sealed class Stops : IProgress<SenderState>
    {
        public void Report(SenderState value)
        {
            if (value.Activity == SenderActivity.Stopped)
            {
                Say($"fault {value.Text}");
            }
        }
    }

    private sealed class Outcomes : IProgress<SettledEvent>
    {
        public void Report(SettledEvent value)
        {
            bool isBad = value.PlateBarcode is not null && value.Outcome.Kind is SendOutcomeKind.Quarantined or SendOutcomeKind.Held;
            Say(isBad ? $"fault {value.PlateBarcode} {value.Outcome.Kind}" : $"acknowledged {value.Sequence - 1}");
        }
    }
}

using System.CommandLine;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults net</c>: everything that a network does to a connection.</summary>
internal static class NetCommand
{
    private static readonly Option<int> Sessions = FaultOptions.Whole("--sessions", "Sessions with a fault, 10 to 1,000,000.", 5000, 10, 1_000_000);

    public static Command Create()
    {
        var command = new Command(
            "net",
            "Real senders send a few events each through a proxy that cuts their connection (at every byte of a session in turn), closes, stalls, halves, throttles or doubles it, "
            + "or flips bits, with TLS and without; what is stored must be what was sent. As a control a sender that takes a write for an acknowledgement must lose something.")
        {
            Sessions, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.SetAction((parsed, cancellationToken) => FaultOptions.RunAsync(
            parsed,
            (folder, limited) => new NetSession(new NetPlan(parsed.GetValue(Sessions), parsed.GetValue(FaultOptions.Seed)), folder, Console.Error.WriteLine).RunAsync(limited),
            report => (report.IsClean, report.Lines(), report.Kept.Findings),
            cancellationToken));
        return command;
    }
}

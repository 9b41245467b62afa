using System.CommandLine;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults rolling</c>: every replica behind HAProxy is restarted under load, over and over, then everything is counted.</summary>
internal static class RollingCommand
{
    private static readonly Option<int> Cycles = FaultOptions.Whole("--cycles", "Restarts of every server, 1 to 10,000.", 5, 1, 10_000);

    private static readonly Option<int> ControlCycles = FaultOptions.Whole("--control-cycles", "Kills of every server in the control, 0 to 100; 0 leaves it out.", 1, 0, 100);

    private static readonly Option<int> Servers = FaultOptions.Whole("--servers", "Replicas, 2 to 4.", 2, 2, 4);

    private static readonly Option<int> DrainSeconds = FaultOptions.Whole("--drain-seconds", "Drain of each server, 0 to 300.", 3, 0, 300);

    private static readonly Option<int> PlatesPerSecond = FaultOptions.Whole("--plates-per-second", "Plates that all senders together send, 1 to 1,000.", 20, 1, 1_000);

    public static Command Create()
    {
        var command = new Command(
            "rolling",
            "Instruments stream and callers call through HAProxy while each replica on one PostgreSQL is restarted in its turn; then every acknowledged plate is looked for. "
            + "As a control servers are killed without a drain under a caller that does not retry, which must see failures.")
        {
            Cycles, ControlCycles, Servers, DrainSeconds, FaultOptions.Senders, PlatesPerSecond, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.SetAction((parsed, cancellationToken) => FaultOptions.RunAsync(
            parsed,
            (folder, limited) => RunAsync(parsed, folder, limited),
            report => (
                report.IsClean,
                report.Lines(),
                report.Kept.Findings.Concat(report.Retrying.Faults).Concat(report.Plain.Faults.Select(fault => $"without retries: {fault}"))),
            cancellationToken));
        return command;
    }

    private static async Task<RollingReport> RunAsync(ParseResult parsed, string folder, CancellationToken cancellationToken)
    {
        var plan = new RollingPlan(
            parsed.GetValue(Cycles),
            parsed.GetValue(ControlCycles),
            parsed.GetValue(Servers),
            parsed.GetValue(DrainSeconds),
            parsed.GetValue(FaultOptions.Senders),
            parsed.GetValue(PlatesPerSecond),
            parsed.GetValue(FaultOptions.Seed));
        using var session = new RollingSession(plan, folder, Console.Error.WriteLine);
        return await session.RunAsync(cancellationToken);
    }
}

using System.CommandLine;
using System.Net;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults database</c>: PostgreSQL and the way to it break under living servers, then everything is counted.</summary>
internal static class DatabaseCommand
{
    private static readonly Option<int> Cycles = FaultOptions.Whole("--cycles", "Faults, 1 to 100,000.", 30, 1, 100_000);

    private static readonly Option<int> Replicas = FaultOptions.Whole("--replicas", "Servers on one PostgreSQL, 1 to 8.", 2, 1, 8);

    private static readonly Option<int> PlatesPerCycle =
        FaultOptions.Whole("--plates-per-cycle", "Most plates that all senders together send in one cycle, 1 to 100,000.", 80, 1, 100_000);

    public static Command Create()
    {
        var command = new Command(
            "database",
            "Senders stream simulated plates into servers on a throw-away PostgreSQL, which is stopped at once (immediate), loses backends (ended, SIGKILL), or whose connections "
            + "are cut around a COMMIT: before PostgreSQL is told, as soon as it is told, or when it has answered. At the end everything is counted as by kill, and "
            + "the guarantee is taken away (commits no longer wait for the disk) to show that a loss is found.")
        {
            Cycles, Replicas, PlatesPerCycle, FaultOptions.Senders, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.SetAction((parsed, cancellationToken) => FaultOptions.RunAsync(
            parsed,
            (folder, limited) => RunAsync(parsed, folder, limited),
            report => (report.IsClean, report.Lines(), report.Outcome.Kept.Findings),
            cancellationToken));
        return command;
    }

    private static async Task<DatabaseReport> RunAsync(ParseResult parsed, string folder, CancellationToken cancellationToken)
    {
        var plan = new DatabasePlan(
            parsed.GetValue(Replicas),
            parsed.GetValue(Cycles),
            parsed.GetValue(FaultOptions.Senders),
            parsed.GetValue(PlatesPerCycle),
            parsed.GetValue(FaultOptions.Seed));
        await using LocalPostgres server = await LocalPostgres.StartAsync(new LocalPostgresOptions(), cancellationToken);
        await using var cutter = new CommitCutter(new IPEndPoint(IPAddress.Loopback, server.Port));
        DatabaseReport report = await new DatabaseSession(plan, server, cutter, folder, Console.Error.WriteLine).RunAsync(cancellationToken);
        await Console.Error.WriteLineAsync("control: commits no longer wait for the disk");
        int lost = await new LossControl(server, Path.Combine(folder, "control"), plan.Seed).RunAsync(cancellationToken);
        return report with { LostWithoutTheGuarantee = lost };
    }
}

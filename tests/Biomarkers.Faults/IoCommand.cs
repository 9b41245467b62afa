using System.CommandLine;
using Biomarkers.Faults.Disks;
using Biomarkers.Faults.Io;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults io</c>: each write, sync and truncation of a plate's life fails in its turn.</summary>
internal static class IoCommand
{
    private static readonly Option<int> Step = FaultOptions.Whole("--step", "Every so many calls one is made to fail; 1 for each of them, up to 1,000.", 1, 1, 1000);

    private static readonly Option<int> First = FaultOptions.Whole("--first", "First call that is made to fail, 1 to 1,000,000.", 1, 1, 1_000_000);

    private static readonly Option<int> Last = FaultOptions.Whole("--last", "Last such call, 1 to 1,000,000; with --first it repeats a part.", 1_000_000, 1, 1_000_000);

    private static readonly Option<int> FinishEvery =
        FaultOptions.Whole("--finish-every", "After every so many faults a whole server goes on without one and finishes the plate, 1 to 10,000.", 10, 1, 10_000);

    public static Command Create()
    {
        var command = new Command(
            "io",
            "Starts the real server, sends one plate, waits for its run and stops, over and over; each time the next call on the database's files (write, fsync, ftruncate) fails by EIO and by "
            + "ENOSPC, once and for good. Nothing may be acknowledged that is not stored, the server ends with an error or goes on, and the database is whole. As a control an "
            + "acknowledged event is taken out, and the check must miss it.")
        {
            Step, First, Last, FinishEvery, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.SetAction(async (parsed, cancellationToken) => Tools.Missing(FailingDisk.Compiler) is { } code
            ? code
            : await FaultOptions.RunAsync(
                parsed,
                (folder, limited) => new IoSession(
                    PlanOf(parsed), folder, Console.Error.WriteLine).RunAsync(limited),
                report => (report.IsClean, report.Lines(), report.Kept.Findings),
                cancellationToken));
        return command;
    }

    private static IoPlan PlanOf(ParseResult parsed) => new(
        parsed.GetValue(Step), parsed.GetValue(First), parsed.GetValue(Last), parsed.GetValue(FinishEvery), parsed.GetValue(FaultOptions.Seed));
}

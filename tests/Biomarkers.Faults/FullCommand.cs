using System.CommandLine;
using Biomarkers.Faults.Disks;
using Biomarkers.Faults.Full;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults full</c>: the disk fills and gets room again.</summary>
internal static class FullCommand
{
    private static readonly Option<int> Cycles = FaultOptions.Whole("--cycles", "How often each disk fills and gets room again, 1 to 1,000.", 5, 1, 1000);

    public static Command Create()
    {
        var command = new Command(
            "full",
            "A real server on a small disk in memory takes plates until the disk is full, to the last byte and by its watermark, and then gets room: writes are refused with a reason and a time to "
            + "wait, reads go on, and within 5 s of room something is acknowledged again, without a restart. At the end everything is counted as after 'kill'. Needs the rights of root.")
        {
            Cycles, FaultOptions.Senders, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.SetAction(async (parsed, cancellationToken) => !SmallDisk.IsAllowed
            ? Tools.Skip("a disk can be mounted by root only")
            : await FaultOptions.RunAsync(
                parsed,
                (folder, limited) => new FullSession(PlanOf(parsed), folder, Console.Error.WriteLine).RunAsync(limited),
                report => (report.IsClean, report.Lines(), report.Findings),
                cancellationToken));
        return command;
    }

    private static FullPlan PlanOf(ParseResult parsed) => new(parsed.GetValue(Cycles), parsed.GetValue(FaultOptions.Senders), parsed.GetValue(FaultOptions.Seed));
}

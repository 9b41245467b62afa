using System.CommandLine;
using Biomarkers.Faults.Disks;
using Biomarkers.Faults.Power;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults power</c>: the power is cut at any moment, and what the disk was not told to keep is there, or not, or torn.</summary>
internal static class PowerCommand
{
    private static readonly Option<int> States = FaultOptions.Whole("--states", "Losses of power of each pattern of commits, 10 to 100,000.", 500, 10, 100_000);

    private static readonly Option<int> Servers =
        FaultOptions.Whole("--servers", "Rebuilt disks of each pattern on which a whole server is started; the store alone is opened on all. 0 to 1,000.", 3, 0, 1000);

    public static Command Create()
    {
        var command = new Command(
            "power",
            "Records with strace what the real server writes and syncs while senders stream plates: one plate per commit, groups, and checkpoints of the log. Then rebuilds its disk as a "
            + "loss of power at any place of the record may leave it (what was not synced is dropped, kept or torn), opens it, and looks for everything that was acknowledged by "
            + "then. As a control the same disk is not synced where synchronous=NORMAL would not, and must lose something.")
        {
            States, Servers, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.SetAction(async (parsed, cancellationToken) => Tools.Missing(SystemCalls.Recorder) is { } code
            ? code
            : await FaultOptions.RunAsync(
                parsed,
                (folder, limited) => new PowerSession(
                    new PowerPlan(parsed.GetValue(States), parsed.GetValue(Servers), parsed.GetValue(FaultOptions.Seed)), folder, Console.Error.WriteLine).RunAsync(limited),
                report => (report.IsClean, report.Lines(), report.Findings),
                cancellationToken));
        return command;
    }
}

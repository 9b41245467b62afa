using System.CommandLine;
using Biomarkers.Faults.Rot;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults bitrot</c>: bits of a stopped database turn.</summary>
internal static class BitrotCommand
{
    private static readonly Option<int> Flips = FaultOptions.Whole("--flips", "Bits of stored rows that are turned, one at a time, 20 to 1,000,000.", 10_000, 20, 1_000_000);

    private static readonly Option<int> FileFlips = FaultOptions.Whole("--file-flips", "Bits of the file that are turned, each in a copy of its own, 0 to 100,000.", 500, 0, 100_000);

    private static readonly Option<int> Plates = FaultOptions.Whole("--plates", "Plates in the database, 1 to 100.", 5, 1, 100);

    public static Command Create()
    {
        var command = new Command(
            "bitrot",
            "A real server takes and analyses plates and stops. Then bits of the rows of runs, results and originals are turned, one at a time, and bits of the file; after each every run and "
            + "result is asked for. What is served is what was computed, or it is refused. As a control the runs are sealed again with the damage in them, and wrong values must be served.")
        {
            Flips, FileFlips, Plates, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.SetAction((parsed, cancellationToken) => FaultOptions.RunAsync(
            parsed,
            (folder, limited) => new BitrotSession(
                new BitrotPlan(parsed.GetValue(Flips), parsed.GetValue(FileFlips), parsed.GetValue(Plates), parsed.GetValue(FaultOptions.Seed)),
                folder,
                Console.Error.WriteLine).RunAsync(limited),
            report => (report.IsClean, report.Lines(), report.Findings),
            cancellationToken));
        return command;
    }
}

using System.CommandLine;

namespace Biomarkers.Faults.Recomputing;

/// <summary><c>biomarkers-faults recompute</c>: the same plates by other numbers of workers, in other orders, on other engines.</summary>
internal static class RecomputeCommand
{
    private static readonly Option<int> Plates = FaultOptions.Whole("--plates", "Plates in each database, 10 to 100,000.", 1000, 10, 100_000);

    public static Command Create()
    {
        var command = new Command(
            "recompute",
            "The same plates, of every assay and with everything that goes wrong on one, are analysed one after the other by one worker, in a random order by seven, and in another on PostgreSQL by "
            + "four. Each database is then verified with every run computed again from its inputs, and the databases are compared: each number and flag must be the same to the last bit. As a "
            + "control the last bit of one stored number is changed, and one plate has other responses; both must be found.")
        {
            Plates, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.SetAction((parsed, cancellationToken) => FaultOptions.RunAsync(
            parsed,
            (folder, limited) => new RecomputeSession(parsed.GetValue(Plates), parsed.GetValue(FaultOptions.Seed), folder, Console.Error.WriteLine).RunAsync(limited),
            report => (report.IsClean, report.Lines(), report.Findings),
            cancellationToken));
        return command;
    }
}

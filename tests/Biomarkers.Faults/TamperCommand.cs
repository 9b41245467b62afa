using System.CommandLine;
using Biomarkers.Faults.Tampering;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults tamper</c>: somebody with the database changes what is stored.</summary>
internal static class TamperCommand
{
    private static readonly Option<int> Count = FaultOptions.Whole("--count", "Tamperings, 100 to 1,000,000.", 10_000, 100, 1_000_000);

    private static readonly Option<int> Clean = FaultOptions.Whole("--clean", "Databases that nobody tampered with, 10 to 100,000.", 1000, 10, 100_000);

    private static readonly Option<int> Plates = FaultOptions.Whole("--plates", "Plates in the database, 2 to 100.", 4, 2, 100);

    private static readonly Option<int> Events = FaultOptions.Whole("--events", "Audit events of the ledger whose reading is timed, 1,000 to 10,000,000.", 200_000, 1000, 10_000_000);

    public static Command Create()
    {
        var command = new Command(
            "tamper",
            "A real server takes and analyses plates and stops. Then rows of the audit log and of all that it vouches for are changed, deleted, inserted, swapped, the tail is cut, the chain is "
            + "made anew without the key, an older copy put in place; each must be found at the first bad event. What lies above the last checkpoint that was kept elsewhere can't be found, and "
            + "is counted. Databases that only grew must raise no alarm. As a control a verifier that follows the chain alone, which must miss something.")
        {
            Count, Clean, Plates, Events, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.SetAction((parsed, cancellationToken) => FaultOptions.RunAsync(
            parsed,
            (folder, limited) => new TamperSession(
                new TamperPlan(parsed.GetValue(Count), parsed.GetValue(Clean), parsed.GetValue(Plates), parsed.GetValue(Events), parsed.GetValue(FaultOptions.Seed)),
                folder,
                Console.Error.WriteLine).RunAsync(limited),
            report => (report.IsClean, report.Lines(), report.Findings),
            cancellationToken));
        return command;
    }
}

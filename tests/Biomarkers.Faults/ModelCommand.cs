using System.CommandLine;
using System.Globalization;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults model</c>: random schedules against a model of the contract.</summary>
internal static class ModelCommand
{
    private const string MemoryFolder = "/dev/shm";

    private static readonly Option<int> Schedules = FaultOptions.Whole("--schedules", "Random schedules, 1 to 100,000,000.", 100_000, 1, 100_000_000);

    private static readonly Option<int> First = FaultOptions.Whole("--first", "Number of the first schedule, to run one again.", 0, 0, int.MaxValue / 2);

    public static Command Create()
    {
        var command = new Command(
            "model",
            "Two senders of a stream send in order and out of it, twice, with gaps, other content, plates in parts, from old sessions and over each other, through restarts; every answer of the "
            + "pipeline and what it stored is compared with a small model of the contract. As a control models with a fault must differ.")
        {
            Schedules, First, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.SetAction((parsed, cancellationToken) => FaultOptions.RunAsync(
            parsed,
            (folder, limited) => RunAsync(new ModelPlan(parsed.GetValue(Schedules), parsed.GetValue(First), parsed.GetValue(FaultOptions.Seed)), folder, limited),
            report => (report.IsClean, report.Lines(), report.FirstMismatches),
            cancellationToken));
        return command;
    }

    // Memory is disk enough: what survives a loss of power is not the question here.
    private static async Task<ModelReport> RunAsync(ModelPlan plan, string folder, CancellationToken cancellationToken)
    {
        string own = Directory.Exists(MemoryFolder) ? Path.Combine(MemoryFolder, Path.GetFileName(folder)) : folder;
        try
        {
            Directory.CreateDirectory(own);
            return await new ModelSession(plan, own, Console.Error.WriteLine).RunAsync(cancellationToken);
        }
        finally
        {
            if (own != folder)
            {
                Directory.Delete(own, recursive: true);
            }
        }
    }
}

/// <summary>What came of it.</summary>
/// <param name="Plan">What was run.</param>
/// <param name="EventsSent">Events of all schedules.</param>
/// <param name="Outcomes">What became of them by the contract.</param>
/// <param name="Restarts">Restarts of the pipeline in the middle of schedules.</param>
/// <param name="Mismatches">Schedules in which the pipeline did something else than the model.</param>
/// <param name="FirstMismatches">The first of them.</param>
/// <param name="Controls">Faults of the model, and whether they were found.</param>
/// <param name="Seconds">Time of everything.</param>
internal sealed record ModelReport(
    ModelPlan Plan,
    long EventsSent,
    IReadOnlyDictionary<string, long> Outcomes,
    int Restarts,
    int Mismatches,
    IReadOnlyList<string> FirstMismatches,
    IReadOnlyDictionary<string, bool> Controls,
    double Seconds)
{
    public bool IsClean => Mismatches == 0 && Controls.Values.All(found => found);

    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("schedules", Figures.Text(Plan.Schedules));
        yield return ("events sent", Figures.Text(EventsSent));
        foreach ((string outcome, long count) in Outcomes)
        {
            yield return ($"by the contract: {outcome}", Figures.Text(count));
        }

        yield return ("restarts in the middle", Figures.Text(Restarts));
        yield return ("mismatches", Figures.Text(Mismatches));
        yield return ("faults of the model that were found", $"{Controls.Values.Count(found => found)} of {Controls.Count}");
        yield return ("seed", Plan.Seed.ToString(CultureInfo.InvariantCulture));
        yield return ("seconds", Figures.Seconds(Seconds));
    }
}

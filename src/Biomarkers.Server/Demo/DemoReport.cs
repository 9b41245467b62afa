using System.Text.Json.Serialization;
using Biomarkers.Simulation.Plates;
using Biomarkers.V1;

namespace Biomarkers.Server.Demo;

/// <summary>What came of a demo: the JSON on standard output, and what the tables show.</summary>
/// <param name="Plates">Plates that were sent and analysed.</param>
/// <param name="Runs">Verdicts.</param>
/// <param name="Results">Results per analyte.</param>
/// <param name="Flags">Findings per code.</param>
/// <param name="Truth">How much of the simulated truth was found.</param>
/// <param name="ElapsedSeconds">From the start of the server to the last answer.</param>
internal sealed record DemoReport(
    int Plates,
    DemoRunCounts Runs,
    IReadOnlyDictionary<string, int> Results,
    IReadOnlyDictionary<string, int> Flags,
    DemoTruth Truth,
    double ElapsedSeconds)
{
    /// <summary>Whether every planted verdict and fault was found.</summary>
    [JsonIgnore]
    public bool FoundWhatWasPlanted => Truth.VerdictsAsPlanted == Plates && Truth.PlantedFaultsFound == Truth.PlantedFaults;
}

/// <summary>Verdicts.</summary>
/// <param name="Accepted">Accepted runs.</param>
/// <param name="Rejected">Rejected runs.</param>
internal sealed record DemoRunCounts(int Accepted, int Rejected);

/// <summary>How much of the simulated truth was found.</summary>
/// <param name="VerdictsAsPlanted">Runs whose verdict is what was planted.</param>
/// <param name="PlantedFaults">Faults that were planted.</param>
/// <param name="PlantedFaultsFound">Of these, those whose flag a run carries.</param>
/// <param name="QuantifiedResults">Results with a number, of accepted runs.</param>
/// <param name="MedianErrorPercent">Median of 100 |measured - true| / true over these.</param>
/// <param name="Within20Percent">Percentage of these within 20 % of the truth.</param>
/// <param name="TruthInIntervalPercent">Percentage of these whose 95 % interval holds the truth; the interval is of the plate's curve and responses,
/// and does not know the pipetting of the sample and of the calibrators.</param>
internal sealed record DemoTruth(
    int VerdictsAsPlanted,
    int PlantedFaults,
    int PlantedFaultsFound,
    int QuantifiedResults,
    double MedianErrorPercent,
    double Within20Percent,
    double TruthInIntervalPercent)
{
    /// <summary>Compares what the server answers with what was simulated.</summary>
    public static DemoTruth Of(IReadOnlyList<DemoOutcome> outcomes)
    {
        int planted = 0;
        int found = 0;
        var errors = new List<double>();
        int inInterval = 0;
        foreach (DemoOutcome outcome in outcomes)
        {
            planted += outcome.Plate.Faults.Count;
            found += outcome.Plate.Faults.Count(outcome.HasFound);
            if (outcome.Run.Verdict != V1.RunVerdict.Accepted)
            {
                continue;
            }

            foreach (Result result in outcome.Results.Where(result => result.HasConcentration))
            {
                SampleTruth truth = outcome.TruthOf(result);
                errors.Add(100 * Math.Abs(result.Concentration - truth.Concentration) / truth.Concentration);
                inInterval += (!result.HasLower || result.Lower <= truth.Concentration) && (!result.HasUpper || truth.Concentration <= result.Upper) ? 1 : 0;
            }
        }

        errors.Sort();
        return new DemoTruth(
            outcomes.Count(outcome => (outcome.Run.Verdict == V1.RunVerdict.Accepted) == (outcome.Plate.ExpectedVerdict == Immunoassay.Analysis.RunVerdict.Accepted)),
            planted,
            found,
            errors.Count,
            errors.Count > 0 ? errors[errors.Count / 2] : 0,
            PercentOf(errors.Count(error => error <= 20), errors.Count),
            PercentOf(inInterval, errors.Count));
    }

    private static double PercentOf(int count, int total) => total > 0 ? 100.0 * count / total : 0;
}

/// <summary>A plate and what the server made of it.</summary>
/// <param name="Plate">What was sent.</param>
/// <param name="Run">Its run, with curves, controls and findings.</param>
/// <param name="Results">Its results.</param>
internal sealed record DemoOutcome(SimulatedPlate Plate, V1.AnalyticalRun Run, IReadOnlyList<Result> Results)
{
    /// <summary>Whether the run carries the flag of a planted fault.</summary>
    public bool HasFound(PlantedFault fault) =>
        Run.Flags.Any(flag => flag.Code == fault.ExpectedFlag && (flag.Subject.Length == 0 || flag.Subject == fault.Subject));

    /// <summary>The truth behind a result.</summary>
    public SampleTruth TruthOf(Result result) =>
        Plate.Samples.Single(sample => sample.SampleId == result.SampleId && sample.Analyte == result.Analyte && sample.DilutionFactor == result.DilutionFactor);
}

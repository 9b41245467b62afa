using System.Globalization;

namespace Biomarkers.Faults.Recomputing;

/// <summary>What came of one database.</summary>
/// <param name="Engine">Engine, workers and order.</param>
/// <param name="Runs">Runs that are stored.</param>
/// <param name="Recomputed">Those of them that were computed again and came out the same, bit for bit.</param>
/// <param name="Results">Results of these runs.</param>
/// <param name="Flags">Flags of these runs.</param>
/// <param name="Rejected">Rejected runs among them.</param>
/// <param name="AnalysisSeconds">From the first plate to the last run.</param>
/// <param name="VerificationSeconds">Time of the verification.</param>
internal sealed record RecomputedDatabase(
    string Engine, int Runs, int Recomputed, int Results, int Flags, int Rejected, double AnalysisSeconds, double VerificationSeconds)
{
    /// <summary>Whether every plate was analysed and computed again, and enough went wrong on them to be worth it.</summary>
    public bool IsWhole(int plates) => Runs == plates && Recomputed == plates && Results > 0 && Flags > 0 && Rejected > 0;

    public IEnumerable<(string Name, string Value)> Lines() =>
    [
        ("runs", Figures.Text(Runs)),
        ("rejected among them", Figures.Text(Rejected)),
        ("results", Figures.Text(Results)),
        ("flags", Figures.Text(Flags)),
        ("runs computed again, the same bit for bit", Figures.Text(Recomputed)),
        ("seconds of the analyses", Figures.Seconds(AnalysisSeconds)),
        ("seconds of the verification", Figures.Seconds(VerificationSeconds)),
    ];
}

/// <summary>What came of all.</summary>
/// <param name="Plates">Plates in each database.</param>
/// <param name="Seed">Seed of plates and orders.</param>
/// <param name="Databases">The databases.</param>
/// <param name="Compared">Plates that were compared with those of the first database.</param>
/// <param name="Differing">Those of them whose runs say something else.</param>
/// <param name="IsBitFound">Whether the verification found the last bit of a number that was changed.</param>
/// <param name="IsOtherPlateFound">Whether the comparison found a plate with other responses.</param>
/// <param name="Findings">What is wrong.</param>
internal sealed record RecomputeReport(
    int Plates,
    int Seed,
    IReadOnlyList<RecomputedDatabase> Databases,
    int Compared,
    int Differing,
    bool IsBitFound,
    bool IsOtherPlateFound,
    IReadOnlyList<string> Findings)
{
    public bool IsClean => Databases.All(database => database.IsWhole(Plates)) && Compared == Plates * (Databases.Count - 1)
        && Differing == 0 && IsBitFound && IsOtherPlateFound && Findings.Count == 0;

    public IEnumerable<(string Name, string Value)> Lines() =>
    [
        ("plates", Figures.Text(Plates)),
        .. Databases.SelectMany(database => database.Lines().Select(line => ($"{database.Engine}: {line.Name}", line.Value))),
        ("plates compared with the first database", Figures.Text(Compared)),
        ("plates that differ", Figures.Text(Differing)),
        ("control: the last bit of a number changed", IsBitFound ? "found" : "NOT found"),
        ("control: a plate with other responses", IsOtherPlateFound ? "found" : "NOT found"),
        ("seed", Seed.ToString(CultureInfo.InvariantCulture)),
        ("verdict", IsClean ? "every number and flag is its inputs' image" : "NOT recomputable"),
    ];
}

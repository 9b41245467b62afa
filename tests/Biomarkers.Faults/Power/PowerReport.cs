namespace Biomarkers.Faults.Power;

/// <summary>What is done.</summary>
/// <param name="States">Losses of power, of each pattern.</param>
/// <param name="Servers">Rebuilt disks of each pattern on which a whole server is started.</param>
/// <param name="Seed">Seed of plates, places and fates.</param>
internal sealed record PowerPlan(int States, int Servers, int Seed);

/// <summary>What became of one pattern.</summary>
/// <param name="Name">The pattern.</param>
/// <param name="Events">Events that were acknowledged while it was recorded.</param>
/// <param name="LogSyncs">Syncs of the log meanwhile.</param>
/// <param name="Checkpoints">How often the log was moved into the database and begun anew.</param>
/// <param name="States">Losses of power.</param>
/// <param name="Acknowledged">Acknowledged events that were looked for, over all states.</param>
/// <param name="Servers">States on which a whole server was started.</param>
/// <param name="Kept">What the checks found.</param>
/// <param name="LostInControl">Acknowledged events that are lost where the log is synced as by <c>synchronous=NORMAL</c>.</param>
/// <param name="LosingInControl">States that lose some then.</param>
internal sealed record PatternOutcome(
    string Name, int Events, int LogSyncs, int Checkpoints, int States, int Acknowledged, int Servers, KeptFigures Kept, int LostInControl, int LosingInControl)
{
    /// <summary>Whether nothing was lost, and the control lost something.</summary>
    public bool IsClean => Kept.IsClean && Acknowledged > 0 && LostInControl > 0;
}

/// <summary>What became of it.</summary>
internal sealed record PowerReport(PowerPlan Plan, IReadOnlyList<PatternOutcome> Patterns, double ElapsedSeconds)
{
    public bool IsClean => Patterns.All(pattern => pattern.IsClean);

    public IEnumerable<string> Findings => Patterns.SelectMany(pattern => pattern.Kept.Findings.Select(finding => $"{pattern.Name}: {finding}"));

    /// <summary>The figures as lines of a table.</summary>
    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("seed", Figures.Text(Plan.Seed));
        foreach (PatternOutcome pattern in Patterns)
        {
            string name = pattern.Name;
            KeptFigures kept = pattern.Kept;
            yield return ($"{name}: events, syncs, checkpoints", $"{Figures.Text(pattern.Events)}, {Figures.Text(pattern.LogSyncs)}, {Figures.Text(pattern.Checkpoints)}");
            yield return ($"{name}: power losses, servers", $"{Figures.Text(pattern.States)}, {Figures.Text(pattern.Servers)}");
            yield return ($"{name}: events looked for", Figures.Text(pattern.Acknowledged));
            yield return ($"{name}: lost, twice, changed", $"{Figures.Text(kept.Lost)}, {Figures.Text(kept.Twice)}, {Figures.Text(kept.Changed)}");
            yield return ($"{name}: no work, ledger, others", $"{Figures.Text(kept.RunsMissing)}, {Figures.Text(kept.Feed)}, {Figures.Text(kept.Others)}");
            yield return ($"{name}: control: lost, in states", $"{Figures.Text(pattern.LostInControl)} in {Figures.Text(pattern.LosingInControl)}");
        }

        yield return ("elapsed, s", Figures.Seconds(ElapsedSeconds));
        yield return (
            "verdict",
            IsClean ? "nothing acknowledged is lost" : Patterns.All(pattern => pattern.LostInControl > 0) ? "FAILED" : "FAILED: a control lost nothing");
    }
}

namespace Biomarkers.Faults.Cases;

/// <summary>What became of the cases on one engine and transport.</summary>
/// <param name="Name">Engine and transport.</param>
/// <param name="Runs">Cases, times the places at which they were killed.</param>
/// <param name="Acknowledged">Runs in which something was acknowledged before the kill.</param>
/// <param name="AcknowledgedAndFailed">Those of them whose outcome was another one.</param>
/// <param name="Unanswered">Events on their way at the kill.</param>
/// <param name="OnDisk">Those of them that were on disk all the same.</param>
/// <param name="NotOnDisk">Those that were not, and were sent again.</param>
/// <param name="Failures">Every run whose outcome was another one, with what differed.</param>
internal sealed record CaseBatch(
    string Name, int Runs, int Acknowledged, int AcknowledgedAndFailed, int Unanswered, int OnDisk, int NotOnDisk, IReadOnlyList<string> Failures);

/// <summary>What became of all.</summary>
/// <param name="Batches">By engine and transport.</param>
/// <param name="Control">The batch whose database was lost with its server.</param>
/// <param name="Cases">Cases that ran.</param>
/// <param name="ElapsedSeconds">Of everything.</param>
internal sealed record CasesReport(IReadOnlyList<CaseBatch> Batches, CaseBatch Control, int Cases, double ElapsedSeconds)
{
    /// <summary>Whether every outcome was that of its row, and a loss was found wherever there was one.</summary>
    public bool IsClean => Batches.All(batch => batch.Runs > 0 && batch.Failures.Count == 0) && ControlFound;

    /// <summary>Every failure.</summary>
    public IEnumerable<string> Findings => Batches.SelectMany(batch => batch.Failures.Select(failure => $"{batch.Name}: {failure}"));

    // One case alone may have nothing that could be lost.
    private bool ControlFound => (Control.Acknowledged > 0 || Cases == 1) && Control.AcknowledgedAndFailed == Control.Acknowledged;

    /// <summary>The figures as lines of a table.</summary>
    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("cases", Figures.Text(Cases));
        foreach (CaseBatch batch in Batches)
        {
            yield return ($"{batch.Name}: runs, as their row says", $"{Figures.Text(batch.Runs)}, {Figures.Text(batch.Runs - batch.Failures.Count)}");
            yield return ($"{batch.Name}: events on their way at the kill, on disk, sent again", $"{Figures.Text(batch.Unanswered)}, {Figures.Text(batch.OnDisk)}, {Figures.Text(batch.NotOnDisk)}");
        }

        yield return ("control, database lost: runs that lose something, found", $"{Figures.Text(Control.Acknowledged)}, {Figures.Text(Control.AcknowledgedAndFailed)}");
        yield return ("elapsed, s", Figures.Seconds(ElapsedSeconds));
        yield return ("verdict", IsClean ? "every outcome as without a kill" : "FAILED");
    }
}

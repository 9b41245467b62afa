namespace Biomarkers.Faults.Clocks;

/// <summary>What is done.</summary>
/// <param name="Moves">Moves there and back, on each engine.</param>
/// <param name="Senders">Instruments that send at once.</param>
/// <param name="PlatesPerMove">Plates of one move: before it, while the clock is off, and when it is moved back.</param>
/// <param name="Seed">Seed of plates, of the order of the moves and of their moments.</param>
internal sealed record ClockPlan(int Moves, int Senders, int PlatesPerMove, int Seed);

/// <summary>What became of one engine.</summary>
/// <param name="Name">The store, and the servers on it.</param>
/// <param name="MovesRunning">Moves while the server ran.</param>
/// <param name="MovesAtStart">Moves between a stop and a start.</param>
/// <param name="LongestSeconds">Longest time from a move, or the start after it, until everything was acknowledged and had its run; infinite when that never came.</param>
/// <param name="JumpsTold">Audit events of jumps.</param>
/// <param name="KeyCalls">Calls with a key that ends after half a day, each answered as the moved clock says.</param>
/// <param name="Outcome">What was counted at the end.</param>
/// <param name="Findings">What was not as it must be.</param>
internal sealed record ClockOutcome(
    string Name, int MovesRunning, int MovesAtStart, double LongestSeconds, int JumpsTold, int KeyCalls, TrialOutcome Outcome, IReadOnlyList<string> Findings)
{
    /// <summary>Longest time that anything may take to be finished after a move.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Whether all went well, however long it took.</summary>
    public bool IsWhole => Outcome.IsClean && Findings.Count == 0;

    public bool IsClean => IsWhole && LongestSeconds <= Limit.TotalSeconds;
}

/// <summary>What became of it.</summary>
/// <param name="Plan">What was done.</param>
/// <param name="Stores">Each engine.</param>
/// <param name="ControlFindings">What the check of the moves found where the clock was not moved at all; none means that it can find nothing.</param>
/// <param name="ElapsedSeconds">Of everything.</param>
internal sealed record ClockReport(ClockPlan Plan, IReadOnlyList<ClockOutcome> Stores, IReadOnlyList<string> ControlFindings, double ElapsedSeconds)
{
    /// <summary>Findings that a clock must give that was said to move, there and back, and did not: no event by it, and two jumps untold.</summary>
    private const int ControlExpected = 3;

    public bool IsClean => Stores.All(store => store.IsClean) && HasControl;

    private bool HasControl => ControlFindings.Count == ControlExpected;

    public IEnumerable<string> Findings => Stores.SelectMany(store => store.Findings.Concat(store.Outcome.Kept.Findings).Select(finding => $"{store.Name}: {finding}"));

    /// <summary>The figures as lines of a table.</summary>
    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("seed", Figures.Text(Plan.Seed));
        foreach (ClockOutcome store in Stores)
        {
            KeptFigures kept = store.Outcome.Kept;
            yield return ($"{store.Name}: moves there and back, running; at start", $"{Figures.Text(store.MovesRunning)}; {Figures.Text(store.MovesAtStart)}");
            yield return ($"{store.Name}: plates acknowledged", Figures.Text(store.Outcome.PlatesAcknowledged));
            yield return ($"{store.Name}: move to all finished, longest, s", Figures.Seconds(store.LongestSeconds));
            yield return ($"{store.Name}: lost, twice, changed", $"{Figures.Text(kept.Lost)}, {Figures.Text(kept.Twice)}, {Figures.Text(kept.Changed)}");
            yield return ($"{store.Name}: stuck (no run, work open)", Figures.Text(kept.RunsMissing + kept.WorkOpen));
            yield return ($"{store.Name}: runs double, skipped by watchers, others", $"{Figures.Text(kept.RunsDouble)}, {Figures.Text(kept.Feed)}, {Figures.Text(kept.Others + kept.ResultsMissing)}");
            yield return ($"{store.Name}: jumps told in the audit log", Figures.Text(store.JumpsTold));
            yield return ($"{store.Name}: calls by a key that ends", Figures.Text(store.KeyCalls));
            yield return ($"{store.Name}: not as it must be", Figures.Text(store.Findings.Count));
            yield return ($"{store.Name}: damage to a copy that was found", $"{store.Outcome.Controls.Values.Count(found => found)} of {store.Outcome.Controls.Count}");
        }

        yield return ("control, a clock that does not move: found", $"{ControlFindings.Count} of {ControlExpected}");
        yield return ("elapsed, s", Figures.Seconds(ElapsedSeconds));
        yield return ("verdict", IsClean ? "nothing stuck, lost or untold" : Stores.All(store => store.IsWhole) && HasControl ? "FAILED: too slow" : "FAILED");
    }
}

namespace Biomarkers.Faults;

/// <summary>What is done.</summary>
/// <param name="Replicas">Servers.</param>
/// <param name="Cycles">Faults.</param>
/// <param name="Senders">Instruments that send at once.</param>
/// <param name="PlatesPerCycle">Most plates of one cycle.</param>
/// <param name="Seed">Seed of plates, delays and faults.</param>
internal sealed record DatabasePlan(int Replicas, int Cycles, int Senders, int PlatesPerCycle, int Seed);

/// <summary>What became of it.</summary>
/// <param name="Plan">What was done.</param>
/// <param name="Faults">How often each fault was made.</param>
/// <param name="Outcome">What was counted at the end.</param>
/// <param name="UnfinishedAtFault">Events without an acknowledgement at the moments of the faults, in all.</param>
/// <param name="CaughtCommitting">Backends that were ended or killed while they committed.</param>
/// <param name="CommitsSeen">COMMITs that went to PostgreSQL.</param>
/// <param name="MedianRecoverySeconds">Median time from a fault until everything acknowledged before it had its run; 0 where all of it had.</param>
/// <param name="LongestRecoverySeconds">Longest such time.</param>
/// <param name="LostWithoutTheGuarantee">Acknowledged events that the check missed after a crash of a PostgreSQL whose commits did not wait for the disk.</param>
/// <param name="ElapsedSeconds">Of everything but that control.</param>
internal sealed record DatabaseReport(
    DatabasePlan Plan,
    IReadOnlyDictionary<string, int> Faults,
    TrialOutcome Outcome,
    int UnfinishedAtFault,
    int CaughtCommitting,
    long CommitsSeen,
    double MedianRecoverySeconds,
    double LongestRecoverySeconds,
    int LostWithoutTheGuarantee,
    double ElapsedSeconds)
{
    /// <summary>Whether nothing was lost, repeated or changed, and the check was shown to be able to say otherwise.</summary>
    public bool IsClean => Outcome.IsClean && LostWithoutTheGuarantee > 0;

    /// <summary>The figures as lines of a table.</summary>
    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("seed", Figures.Text(Plan.Seed));
        yield return ("servers on one PostgreSQL", Figures.Text(Plan.Replicas));
        yield return ("cycles", Figures.Text(Plan.Cycles));
        foreach ((string fault, int count) in Faults)
        {
            yield return ($"  {fault}", Figures.Text(count));
        }

        foreach ((string, string) line in Outcome.Lines())
        {
            yield return line;
        }

        yield return ("events unacknowledged at faults", Figures.Text(UnfinishedAtFault));
        yield return ("backends caught at a COMMIT", Figures.Text(CaughtCommitting));
        yield return ("COMMITs seen", Figures.Text(CommitsSeen));
        yield return ("fault to all finished, median, s", Figures.Seconds(MedianRecoverySeconds));
        yield return ("fault to all finished, longest, s", Figures.Seconds(LongestRecoverySeconds));
        yield return ("lost where commits don't wait", Figures.Text(LostWithoutTheGuarantee));
        yield return ("elapsed, s", Figures.Seconds(ElapsedSeconds));
        yield return ("verdict", IsClean ? "nothing lost, repeated or changed" : "FAILED");
    }
}

namespace Biomarkers.Faults;

/// <summary>What is done.</summary>
/// <param name="Engine">Name of the store.</param>
/// <param name="Replicas">Servers on it.</param>
/// <param name="Cycles">Kills.</param>
/// <param name="Senders">Instruments that send at once.</param>
/// <param name="PlatesPerCycle">Most plates of one cycle.</param>
/// <param name="SecondsBetweenKills">Mean time between kills, on top of the last second before each.</param>
/// <param name="Seed">Seed of plates, delays and victims.</param>
/// <param name="Spools">Folder of the spools of instruments that are killed, too; null where they are not.</param>
internal sealed record KillPlan(string Engine, int Replicas, int Cycles, int Senders, int PlatesPerCycle, int SecondsBetweenKills, int Seed, string? Spools);

/// <summary>What became of it.</summary>
/// <param name="Plan">What was done.</param>
/// <param name="Outcome">What was counted at the end.</param>
/// <param name="UnfinishedAtKill">Events without an acknowledgement at the moments of the kills, in all: what the resumption had to carry over.</param>
/// <param name="KillsWithWaiting">Kills at which a plate was acknowledged and not yet analysed: what had to be taken over.</param>
/// <param name="MedianRecoverySeconds">Median time from a kill until everything acknowledged before it had its run; 0 where all of it had.</param>
/// <param name="LongestRecoverySeconds">Longest such time; infinite when it never came.</param>
/// <param name="TooLong">Kills after which that took longer than the limit.</param>
/// <param name="ElapsedSeconds">Of everything.</param>
/// <param name="Clients">What became of the instruments that were killed; null where none was.</param>
internal sealed record KillReport(
    KillPlan Plan,
    TrialOutcome Outcome,
    int UnfinishedAtKill,
    int KillsWithWaiting,
    double MedianRecoverySeconds,
    double LongestRecoverySeconds,
    int TooLong,
    double ElapsedSeconds,
    ClientFigures? Clients)
{
    /// <summary>Longest time that the work of a killed server may take to be finished by others.</summary>
    public static readonly TimeSpan RecoveryLimit = TimeSpan.FromSeconds(30);

    /// <summary>Whether nothing was lost, repeated or changed, and the check was shown to be able to say otherwise.</summary>
    public bool IsClean => Outcome.IsClean && TooLong == 0 && Clients is null or { IsClean: true };

    /// <summary>The figures as lines of a table.</summary>
    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("seed", Figures.Text(Plan.Seed));
        yield return ("store and servers", $"{Plan.Engine}, {Plan.Replicas}");
        yield return ("cycles (SIGKILL and restart)", Figures.Text(Plan.Cycles));
        yield return ("senders", Figures.Text(Plan.Senders));
        foreach ((string, string) line in Outcome.Lines())
        {
            yield return line;
        }

        yield return ("events unacknowledged at kills", Figures.Text(UnfinishedAtKill));
        yield return ("kills with plates still to be analysed", Figures.Text(KillsWithWaiting));
        yield return ("kill to all finished, median, s", Figures.Seconds(MedianRecoverySeconds));
        yield return ("kill to all finished, longest, s", Figures.Seconds(LongestRecoverySeconds));
        yield return ($"kills with more than {RecoveryLimit.TotalSeconds} s", Figures.Text(TooLong));
        if (Clients is { } clients)
        {
            yield return ("adapters killed (SIGKILL and restart)", Figures.Text(clients.Kills));
            yield return ("events accepted by spools", Figures.Text(clients.Accepted));
            yield return ("accepted and lost by a spool", Figures.Text(clients.Lost));
            yield return ("control without a spool: accepted, lost", $"{Figures.Text(clients.ControlAccepted)}, {Figures.Text(clients.ControlLost)}");
        }

        yield return ("elapsed, s", Figures.Seconds(ElapsedSeconds));
        yield return ("verdict", IsClean ? "nothing lost, repeated or changed" : Outcome.IsClean && TooLong > 0 ? "FAILED: too slow" : "FAILED");
    }
}

/// <summary>What became of instruments that were killed.</summary>
/// <param name="Kills">Times that one was.</param>
/// <param name="Accepted">Events that their spools accepted.</param>
/// <param name="Lost">Accepted events that a spool no longer had.</param>
/// <param name="ControlAccepted">Events that an instrument without a spool had taken before it was killed, with the server away.</param>
/// <param name="ControlLost">Those of them that it no longer had: the check must be able to see a loss.</param>
internal sealed record ClientFigures(int Kills, int Accepted, int Lost, int ControlAccepted, int ControlLost)
{
    public bool IsClean => Lost == 0 && ControlLost > 0;
}

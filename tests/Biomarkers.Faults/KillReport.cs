using System.Globalization;

namespace Biomarkers.Faults;

/// <summary>What is done.</summary>
/// <param name="Cycles">Kills.</param>
/// <param name="Senders">Instruments that send at once.</param>
/// <param name="PlatesPerCycle">Most plates of one cycle.</param>
/// <param name="Seed">Seed of plates and delays.</param>
internal sealed record KillPlan(int Cycles, int Senders, int PlatesPerCycle, int Seed);

/// <summary>What became of it.</summary>
/// <param name="Plan">What was done.</param>
/// <param name="PlatesAcknowledged">Plates that the server said are durable.</param>
/// <param name="WellsAcknowledged">Their wells with a response.</param>
/// <param name="GarbageAcknowledged">Events that are no message, which must be kept as well.</param>
/// <param name="UnfinishedAtKill">Events without an acknowledgement at the moments of the kills, in all: what the resumption had to carry over.</param>
/// <param name="Kept">What the check found.</param>
/// <param name="Controls">Damage that was done to copies of the database, and whether the check found it.</param>
/// <param name="LongestRecoverySeconds">Longest time from a restart until everything sent was acknowledged and analysed.</param>
/// <param name="ElapsedSeconds">Of everything.</param>
internal sealed record KillReport(
    KillPlan Plan,
    int PlatesAcknowledged,
    long WellsAcknowledged,
    int GarbageAcknowledged,
    int UnfinishedAtKill,
    KeptFigures Kept,
    IReadOnlyDictionary<string, bool> Controls,
    double LongestRecoverySeconds,
    double ElapsedSeconds)
{
    /// <summary>Whether nothing was lost, repeated or changed, and the check was shown to be able to say otherwise.</summary>
    public bool IsClean => Kept.IsClean && Controls.Values.All(found => found) && PlatesAcknowledged > 0;

    /// <summary>The figures as lines of a table.</summary>
    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("seed", Text(Plan.Seed));
        yield return ("cycles (SIGKILL and restart)", Text(Plan.Cycles));
        yield return ("senders", Text(Plan.Senders));
        yield return ("plates acknowledged", Text(PlatesAcknowledged));
        yield return ("wells acknowledged", Text(WellsAcknowledged));
        yield return ("garbage events acknowledged", Text(GarbageAcknowledged));
        yield return ("events unacknowledged at kills", Text(UnfinishedAtKill));
        yield return ("lost", Text(Kept.Lost));
        yield return ("twice", Text(Kept.Twice));
        yield return ("changed", Text(Kept.Changed));
        yield return ("runs missing", Text(Kept.RunsMissing));
        yield return ("runs double", Text(Kept.RunsDouble));
        yield return ("results missing", Text(Kept.ResultsMissing));
        yield return ("work left open", Text(Kept.WorkOpen));
        yield return ("other faults", Text(Kept.Others));
        yield return ("damage to copies that was found", $"{Controls.Values.Count(found => found)} of {Controls.Count}");
        yield return ("longest restart to all finished, s", LongestRecoverySeconds.ToString("F2", CultureInfo.InvariantCulture));
        yield return ("elapsed, s", ElapsedSeconds.ToString("F1", CultureInfo.InvariantCulture));
        yield return ("verdict", IsClean ? "nothing lost, repeated or changed" : "FAILED");
    }

    private static string Text(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}

/// <summary>What a check found; all zero is right.</summary>
internal sealed class KeptFigures
{
    private const int FindingsKept = 20;

    private readonly List<string> findings = [];

    /// <summary>Acknowledged events that are not stored.</summary>
    public int Lost { get; private set; }

    /// <summary>Events that are stored more than once, or that nobody sent.</summary>
    public int Twice { get; private set; }

    /// <summary>Events whose stored bytes are not what was sent.</summary>
    public int Changed { get; private set; }

    /// <summary>Plates without a run.</summary>
    public int RunsMissing { get; private set; }

    /// <summary>Plates with more than one run.</summary>
    public int RunsDouble { get; private set; }

    /// <summary>Results that a run counts and that are not there.</summary>
    public int ResultsMissing { get; private set; }

    /// <summary>Work that is neither done nor in anybody's hands.</summary>
    public int WorkOpen { get; private set; }

    /// <summary>Everything else: a damaged file, a chain that does not close, quarantine that is not complete.</summary>
    public int Others { get; private set; }

    /// <summary>The first findings, for a person.</summary>
    public IReadOnlyList<string> Findings => findings;

    public bool IsClean => Lost + Twice + Changed + RunsMissing + RunsDouble + ResultsMissing + WorkOpen + Others == 0;

    public void AddLost(string finding) => Lost += Note("lost", finding);

    public void AddTwice(string finding) => Twice += Note("twice", finding);

    public void AddChanged(string finding) => Changed += Note("changed", finding);

    public void AddRunMissing(string finding) => RunsMissing += Note("run missing", finding);

    public void AddRunDouble(string finding) => RunsDouble += Note("run double", finding);

    public void AddResultsMissing(string finding) => ResultsMissing += Note("results missing", finding);

    public void AddWorkOpen(string finding) => WorkOpen += Note("work open", finding);

    public void AddOther(string finding) => Others += Note("other", finding);

    private int Note(string kind, string finding)
    {
        if (findings.Count < FindingsKept)
        {
            findings.Add($"{kind}: {finding}");
        }

        return 1;
    }
}

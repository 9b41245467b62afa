using System.Globalization;

namespace Biomarkers.Faults;

/// <summary>What is done.</summary>
/// <param name="Cycles">Backups and restores.</param>
/// <param name="Senders">Instruments that send at once.</param>
/// <param name="PlatesPerCycle">Plates of one cycle: half before the backup is asked for, a quarter while it is made, a quarter after it.</param>
/// <param name="Seed">Seed of plates and delays.</param>
internal sealed record RestorePlan(int Cycles, int Senders, int PlatesPerCycle, int Seed);

/// <summary>What became of the senders' events.</summary>
internal sealed class RestoreFigures
{
    private const int FindingsKept = 20;

    private readonly List<string> findings = [];

    /// <summary>Acknowledged events, plates and garbage.</summary>
    public int Acknowledged { get; set; }

    /// <summary>Events that the backups lacked at the moments of their restores, in all, as the verb named them.</summary>
    public long Lacking { get; set; }

    /// <summary>Events that the senders sent again.</summary>
    public long Resent { get; set; }

    /// <summary>Acknowledged events that no database has at the end, and that a sender named as lost.</summary>
    public int LostAndNamed { get; set; }

    /// <summary>Acknowledged events that no database has at the end, and that nobody named.</summary>
    public int LostUnnamed { get; private set; }

    /// <summary>Plates that are there and have not exactly one read and one run.</summary>
    public int NotOnce { get; private set; }

    /// <summary>Restores after which the database generation was not a new one.</summary>
    public int GenerationsRepeated { get; private set; }

    /// <summary>Longest time that a backup took.</summary>
    public double LongestBackupSeconds { get; set; }

    /// <summary>Longest time from a restart until everything was sent again, acknowledged and analysed.</summary>
    public double LongestRecoverySeconds { get; set; }

    /// <summary>The first findings, for a person.</summary>
    public IReadOnlyList<string> Findings => findings;

    public void AddLostUnnamed(string finding) => LostUnnamed += Note("lost and not named", finding);

    public void AddNotOnce(string finding) => NotOnce += Note("not once", finding);

    public void AddGenerationRepeated(string finding) => GenerationsRepeated += Note("generation repeated", finding);

    private int Note(string kind, string finding)
    {
        if (findings.Count < FindingsKept)
        {
            findings.Add($"{kind}: {finding}");
        }

        return 1;
    }
}

/// <summary>What became of the drill.</summary>
/// <param name="Plan">What was done.</param>
/// <param name="Kept">With senders that keep what was acknowledged.</param>
/// <param name="Control">The same with senders that keep nothing: the check must find the loss, and the senders must name it.</param>
/// <param name="ElapsedSeconds">Of everything.</param>
internal sealed record RestoreReport(RestorePlan Plan, RestoreFigures Kept, RestoreFigures Control, double ElapsedSeconds)
{
    /// <summary>Whether everything came back, and the check was shown to be able to say otherwise.</summary>
    public bool IsClean => Kept is { LostAndNamed: 0, LostUnnamed: 0, NotOnce: 0, GenerationsRepeated: 0, Acknowledged: > 0, Lacking: > 0 }
        && Control is { LostAndNamed: > 0, LostUnnamed: 0, NotOnce: 0, GenerationsRepeated: 0 };

    /// <summary>The figures as lines of a table.</summary>
    public IEnumerable<(string Name, string Kept, string Control)> Lines()
    {
        yield return ("seed", Text(Plan.Seed), Text(Plan.Seed));
        yield return ("cycles (backup, SIGKILL, restore)", Text(Plan.Cycles), "1");
        foreach ((string name, Func<RestoreFigures, string> figure) in new (string, Func<RestoreFigures, string>)[]
        {
            ("events acknowledged", figures => Text(figures.Acknowledged)),
            ("events that the backups lacked", figures => Text(figures.Lacking)),
            ("events sent again", figures => Text(figures.Resent)),
            ("lost and named", figures => Text(figures.LostAndNamed)),
            ("lost and not named", figures => Text(figures.LostUnnamed)),
            ("plates without exactly one read and run", figures => Text(figures.NotOnce)),
            ("generations repeated", figures => Text(figures.GenerationsRepeated)),
            ("longest backup while reads come, s", figures => figures.LongestBackupSeconds.ToString("F2", CultureInfo.InvariantCulture)),
            ("longest restart to all finished, s", figures => figures.LongestRecoverySeconds.ToString("F2", CultureInfo.InvariantCulture)),
        })
        {
            yield return (name, figure(Kept), figure(Control));
        }

        yield return ("verdict", IsClean ? "all is there again" : "FAILED", Control.LostAndNamed > 0 ? "loss found, as it must be" : "FAILED");
    }

    private static string Text(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}

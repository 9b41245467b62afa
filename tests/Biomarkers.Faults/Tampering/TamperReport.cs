namespace Biomarkers.Faults.Tampering;

/// <summary>What is done.</summary>
/// <param name="Count">Tamperings.</param>
/// <param name="Clean">Databases that nobody tampered with.</param>
/// <param name="Plates">Plates in the database.</param>
/// <param name="Events">Audit events of the ledger whose reading is timed.</param>
/// <param name="Seed">Seed of plates and tamperings.</param>
internal sealed record TamperPlan(int Count, int Clean, int Plates, int Events, int Seed);

/// <summary>How the tamperings of a kind ended.</summary>
/// <param name="Made">Tamperings.</param>
/// <param name="Found">Those that were found.</param>
/// <param name="Right">Those of them whose first bad event was right.</param>
/// <param name="Beyond">Those that lie above the last checkpoint, and can't be found.</param>
internal sealed record TamperCount(int Made, int Found, int Right, int Beyond);

/// <summary>What became of it.</summary>
/// <param name="Plan">What was done.</param>
/// <param name="AuditEvents">Audit events of the database.</param>
/// <param name="Vouched">The event up to which the last checkpoint vouches that was kept elsewhere.</param>
/// <param name="Runs">Runs in it.</param>
/// <param name="Kinds">By kind of tampering.</param>
/// <param name="CleanDatabases">Databases that only grew.</param>
/// <param name="Alarms">Alarms that they raised.</param>
/// <param name="ControlMade">Tamperings that the control was asked about.</param>
/// <param name="ControlMissed">Those that it missed.</param>
/// <param name="EventsPerSecond">Audit events of a large ledger that are read and verified in a second.</param>
/// <param name="MillisecondsPerDatabase">To verify this database whole.</param>
/// <param name="Findings">The first that went wrong.</param>
/// <param name="ElapsedSeconds">Of everything.</param>
internal sealed record TamperReport(
    TamperPlan Plan,
    long AuditEvents,
    long Vouched,
    int Runs,
    IReadOnlyDictionary<string, TamperCount> Kinds,
    int CleanDatabases,
    int Alarms,
    int ControlMade,
    int ControlMissed,
    double EventsPerSecond,
    double MillisecondsPerDatabase,
    IReadOnlyList<string> Findings,
    double ElapsedSeconds)
{
    private int Made => Kinds.Values.Sum(count => count.Made);

    private int Found => Kinds.Values.Sum(count => count.Found);

    private int Right => Kinds.Values.Sum(count => count.Right);

    private int Beyond => Kinds.Values.Sum(count => count.Beyond);

    /// <summary>Whether all that can be found was, at the right event, no clean database raised an alarm, and the control missed something.</summary>
    public bool IsClean => Made == Plan.Count && Found + Beyond == Made && Right == Found && Alarms == 0 && ControlMissed > 0;

    /// <summary>The figures as lines of a table.</summary>
    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("seed", Figures.Text(Plan.Seed));
        yield return ("audit events, vouched for by a checkpoint elsewhere; runs", $"{Figures.Text(AuditEvents)}, {Figures.Text(Vouched)}; {Figures.Text(Runs)}");
        foreach ((string kind, TamperCount count) in Kinds.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            yield return ($"{kind}: made, found, first event right, above the checkpoint", $"{Figures.Text(count.Made)}, {Figures.Text(count.Found)}, {Figures.Text(count.Right)}, {Figures.Text(count.Beyond)}");
        }

        yield return ("all tamperings: made, found, first event right", $"{Figures.Text(Made)}, {Figures.Text(Found)}, {Figures.Text(Right)}");
        yield return ("above the last checkpoint elsewhere, not found as documented", Figures.Text(Beyond));
        yield return ("clean databases, alarms", $"{Figures.Text(CleanDatabases)}, {Figures.Text(Alarms)}");
        yield return ("control: the chain alone; asked, missed", $"{Figures.Text(ControlMade)}, {Figures.Text(ControlMissed)}");
        yield return ("audit events verified per second", Figures.Text((long)EventsPerSecond));
        yield return ("this database verified whole, ms", Figures.Seconds(MillisecondsPerDatabase));
        yield return ("elapsed, s", Figures.Seconds(ElapsedSeconds));
        yield return ("verdict", IsClean ? "all that can be found is found" : ControlMissed == 0 ? "FAILED: the control missed nothing" : "FAILED");
    }
}

namespace Biomarkers.Faults.Rot;

/// <summary>What is done.</summary>
/// <param name="Flips">Bits of stored rows that are turned, one at a time.</param>
/// <param name="FileFlips">Bits of the file that are turned, each in a copy of its own.</param>
/// <param name="Plates">Plates in the database.</param>
/// <param name="Seed">Seed of plates and bits.</param>
internal sealed record BitrotPlan(int Flips, int FileFlips, int Plates, int Seed);

/// <summary>What became of it.</summary>
/// <param name="Plan">What was done.</param>
/// <param name="Runs">Runs in the database.</param>
/// <param name="Results">Results in it.</param>
/// <param name="Rows">How the flips of rows ended.</param>
/// <param name="File">How the flips of the file ended.</param>
/// <param name="NotOpened">Flips of the file after which the store does not open, and says why; among the refused ones.</param>
/// <param name="ControlFlips">Flips whose runs were sealed again with the damage in them.</param>
/// <param name="WrongInControl">Wrong values that were served then.</param>
/// <param name="MillisecondsPerRun">Of a processor, to read a run whole and hold it against its seal.</param>
/// <param name="MillisecondsPerListedRun">Likewise, of a list.</param>
/// <param name="MicrosecondsPerSeal">The hash alone, of a run in memory.</param>
/// <param name="Findings">The first wrong values.</param>
/// <param name="ElapsedSeconds">Of everything.</param>
internal sealed record BitrotReport(
    BitrotPlan Plan,
    int Runs,
    int Results,
    IReadOnlyDictionary<RotEnd, int> Rows,
    IReadOnlyDictionary<RotEnd, int> File,
    int NotOpened,
    int ControlFlips,
    int WrongInControl,
    double MillisecondsPerRun,
    double MillisecondsPerListedRun,
    double MicrosecondsPerSeal,
    IReadOnlyList<string> Findings,
    double ElapsedSeconds)
{
    /// <summary>Whether no wrong value was served, and the control served some.</summary>
    public bool IsClean => Rows.GetValueOrDefault(RotEnd.Wrong) + File.GetValueOrDefault(RotEnd.Wrong) == 0 && Rows.GetValueOrDefault(RotEnd.Refused) > 0 && WrongInControl > 0;

    /// <summary>The figures as lines of a table.</summary>
    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("seed", Figures.Text(Plan.Seed));
        yield return ("runs, results", $"{Figures.Text(Runs)}, {Figures.Text(Results)}");
        foreach ((string name, IReadOnlyDictionary<RotEnd, int> ends) in new[] { ("rows", Rows), ("file", File) })
        {
            yield return ($"bits turned in {name}", Figures.Text(ends.Values.Sum()));
            yield return ($"{name}: wrong values served", Figures.Text(ends.GetValueOrDefault(RotEnd.Wrong)));
            yield return ($"{name}: refused", Figures.Text(ends.GetValueOrDefault(RotEnd.Refused)));
            yield return ($"{name}: left out without a word", Figures.Text(ends.GetValueOrDefault(RotEnd.LeftOut)));
            yield return ($"{name}: every answer as before", Figures.Text(ends.GetValueOrDefault(RotEnd.Unaffected)));
        }

        yield return ("file: store does not open", Figures.Text(NotOpened));
        yield return ("control: sealed with the damage; wrong", $"{Figures.Text(ControlFlips)}; {Figures.Text(WrongInControl)}");
        yield return ("a run read and held against its seal, CPU ms", Figures.Seconds(MillisecondsPerRun));
        yield return ("a run of a list likewise, CPU ms", Figures.Seconds(MillisecondsPerListedRun));
        yield return ("its hash alone, CPU us", Figures.Seconds(MicrosecondsPerSeal));
        yield return ("elapsed, s", Figures.Seconds(ElapsedSeconds));
        yield return ("verdict", IsClean ? "no wrong value is served" : WrongInControl == 0 ? "FAILED: the control served nothing wrong" : "FAILED");
    }
}

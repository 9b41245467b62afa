namespace Biomarkers.Faults.Full;

/// <summary>What is done.</summary>
/// <param name="Cycles">How often each disk fills and gets room again.</param>
/// <param name="Senders">Instruments that send at once.</param>
/// <param name="Seed">Seed of plates.</param>
internal sealed record FullPlan(int Cycles, int Senders, int Seed);

/// <summary>What became of one disk.</summary>
/// <param name="Name">How its end was met.</param>
/// <param name="Fills">How often it filled.</param>
/// <param name="LeastFreeBytes">Least room that was seen.</param>
/// <param name="LongestResumeSeconds">Longest time from new room until something was acknowledged again.</param>
/// <param name="LongestAllSeconds">Longest time from new room until all that waited was acknowledged.</param>
/// <param name="Outcome">What was counted at the end.</param>
/// <param name="Findings">Answers that were not as promised.</param>
internal sealed record DiskOutcome(
    string Name, int Fills, long LeastFreeBytes, double LongestResumeSeconds, double LongestAllSeconds, TrialOutcome Outcome, IReadOnlyList<string> Findings)
{
    /// <summary>Longest time that a server may take to go on.</summary>
    public const double ResumeLimitSeconds = 5;

    public bool IsClean => Outcome.IsClean && Findings.Count == 0 && LongestResumeSeconds <= ResumeLimitSeconds;
}

/// <summary>What became of it.</summary>
internal sealed record FullReport(FullPlan Plan, IReadOnlyList<DiskOutcome> Disks, double ElapsedSeconds)
{
    public bool IsClean => Disks.All(disk => disk.IsClean);

    public IEnumerable<string> Findings => Disks.SelectMany(disk => disk.Findings.Concat(disk.Outcome.Kept.Findings).Select(finding => $"{disk.Name}: {finding}"));

    /// <summary>The figures as lines of a table.</summary>
    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("seed", Figures.Text(Plan.Seed));
        foreach (DiskOutcome disk in Disks)
        {
            KeptFigures kept = disk.Outcome.Kept;
            yield return ($"{disk.Name}: filled; least room, KiB", $"{Figures.Text(disk.Fills)}; {Figures.Text(disk.LeastFreeBytes / 1024)}");
            yield return ($"{disk.Name}: plates acknowledged", Figures.Text(disk.Outcome.PlatesAcknowledged));
            yield return ($"{disk.Name}: lost, twice, changed", $"{Figures.Text(kept.Lost)}, {Figures.Text(kept.Twice)}, {Figures.Text(kept.Changed)}");
            yield return ($"{disk.Name}: runs missing, others", $"{Figures.Text(kept.RunsMissing)}, {Figures.Text(kept.Others + kept.Feed + kept.WorkOpen + kept.ResultsMissing)}");
            yield return ($"{disk.Name}: room to next ack; to all, s", $"{Figures.Seconds(disk.LongestResumeSeconds)}; {Figures.Seconds(disk.LongestAllSeconds)}");
            yield return ($"{disk.Name}: answers not as promised", Figures.Text(disk.Findings.Count));
            yield return ($"{disk.Name}: damage to a copy that was found", $"{disk.Outcome.Controls.Values.Count(found => found)} of {disk.Outcome.Controls.Count}");
        }

        yield return ("elapsed, s", Figures.Seconds(ElapsedSeconds));
        yield return ("verdict", IsClean ? "nothing lost, and it goes on by itself" : "FAILED");
    }
}

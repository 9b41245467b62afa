using System.CommandLine;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults drain</c>: SIGTERM under the load of many streams, over and over, then everything is counted.</summary>
internal static class DrainCommand
{
    private static readonly Option<int> Cycles = FaultOptions.Whole("--cycles", "Ends (SIGTERM) and restarts, 1 to 10,000.", 10, 1, 10_000);

    private static readonly Option<int> Streams = FaultOptions.Whole("--streams", "Instruments that stream at once, 1 to 500.", 50, 1, 500);

    public static Command Create()
    {
        var command = new Command(
            "drain",
            "Ends a real server on SQLite by SIGTERM in the middle of a burst from many streams and times its end, over and over; at the end every acknowledged event, plate, run and "
            + "result is counted as after kill. As a control the server is stopped for a moment (SIGSTOP) before it is ended, and the timing must see that it takes too long.")
        {
            Cycles, Streams, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.SetAction((parsed, cancellationToken) => FaultOptions.RunAsync(
            parsed,
            async (folder, limited) =>
            {
                await using var store = new SqliteUnderTest(folder);
                var plan = new DrainPlan(parsed.GetValue(Cycles), parsed.GetValue(Streams), parsed.GetValue(FaultOptions.Seed));
                return await new DrainSession(plan, store, Console.Error.WriteLine).RunAsync(limited);
            },
            report => (report.IsClean, report.Lines(), report.Outcome.Kept.Findings),
            cancellationToken));
        return command;
    }
}

/// <summary>What is done.</summary>
/// <param name="Cycles">Ends and restarts.</param>
/// <param name="Streams">Instruments that stream at once.</param>
/// <param name="Seed">Seed of the plates and moments.</param>
internal sealed record DrainPlan(int Cycles, int Streams, int Seed);

/// <summary>What became of it.</summary>
/// <param name="Plan">What was done.</param>
/// <param name="Outcome">What was counted at the end.</param>
/// <param name="Unfinished">Events without an acknowledgement at the moments of the signals, in all.</param>
/// <param name="LeastOpen">Fewest instruments that streamed at the moment of a signal.</param>
/// <param name="MedianSeconds">Median time from the signal to the end of the process.</param>
/// <param name="LongestSeconds">Longest such time.</param>
/// <param name="ControlSeconds">The time of a server that was stopped in between.</param>
/// <param name="ElapsedSeconds">Of everything.</param>
internal sealed record DrainReport(
    DrainPlan Plan, TrialOutcome Outcome, int Unfinished, int LeastOpen, double MedianSeconds, double LongestSeconds, double ControlSeconds, double ElapsedSeconds)
{
    /// <summary>Longest time that a server may take to end.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    public bool IsClean => Outcome.IsClean && LongestSeconds < Limit.TotalSeconds && ControlSeconds >= Limit.TotalSeconds && LeastOpen == Plan.Streams && Unfinished > 0;

    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("seed", Figures.Text(Plan.Seed));
        yield return ("cycles (SIGTERM and restart)", Figures.Text(Plan.Cycles));
        yield return ("streams; fewest open at a signal", $"{Figures.Text(Plan.Streams)}; {Figures.Text(LeastOpen)}");
        yield return ("events unacknowledged at signals", Figures.Text(Unfinished));
        yield return ("signal to end, median, s", Figures.Seconds(MedianSeconds));
        yield return ("signal to end, longest, s; below", $"{Figures.Seconds(LongestSeconds)}; {Figures.Seconds(Limit.TotalSeconds)}");
        yield return ("control: a server that hangs, s", Figures.Seconds(ControlSeconds));
        foreach ((string, string) line in Outcome.Lines())
        {
            yield return line;
        }

        yield return ("elapsed, s", Figures.Seconds(ElapsedSeconds));
        yield return ("verdict", IsClean ? "each ended in time, nothing lost, repeated or changed" : Outcome.IsClean ? "FAILED: too slow, or not under load" : "FAILED");
    }
}

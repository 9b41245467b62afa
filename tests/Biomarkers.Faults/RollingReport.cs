using System.Globalization;

namespace Biomarkers.Faults;

/// <summary>What is done.</summary>
/// <param name="Cycles">Restarts of every server.</param>
/// <param name="ControlCycles">Kills of every server in the control.</param>
/// <param name="Servers">Replicas.</param>
/// <param name="DrainSeconds">Of each server.</param>
/// <param name="Senders">Instruments that stream at once.</param>
/// <param name="PlatesPerSecond">What all of them send.</param>
/// <param name="Seed">Seed of the plates.</param>
internal sealed record RollingPlan(int Cycles, int ControlCycles, int Servers, int DrainSeconds, int Senders, int PlatesPerSecond, int Seed);

/// <summary>What the unary callers saw.</summary>
/// <param name="Calls">Calls that ended.</param>
/// <param name="Failures">Those that failed for the caller.</param>
/// <param name="LongestGapSeconds">Longest time of one caller from one answer to the next.</param>
/// <param name="LongestGapCall">The call whose answer ended it.</param>
/// <param name="Faults">The first failures, for a person.</param>
internal sealed record CallerFigures(int Calls, int Failures, double LongestGapSeconds, string LongestGapCall, IReadOnlyList<string> Faults)
{
    public static CallerFigures Of(IReadOnlyList<UnaryCaller> callers) => new(
        callers.Sum(caller => caller.CallCount),
        callers.Sum(caller => caller.FailureCount),
        callers.Max(caller => caller.LongestGap).TotalSeconds,
        callers.MaxBy(caller => caller.LongestGap)!.LongestGapCall,
        [.. callers.SelectMany(caller => caller.Faults)]);
}

/// <summary>What became of it.</summary>
/// <param name="Plan">What was done.</param>
/// <param name="Restarts">Servers that were restarted gracefully.</param>
/// <param name="Retrying">Callers with the client's retries.</param>
/// <param name="Plain">A caller without any retry, in the same time.</param>
/// <param name="StreamResumptions">Streams that were opened again, over all senders.</param>
/// <param name="PlatesStreamed">Plates that were acknowledged on streams.</param>
/// <param name="PlatesSubmitted">Plates that were acknowledged in unary calls.</param>
/// <param name="Kept">What the check found.</param>
/// <param name="Control">A caller without any retry while servers are killed without a drain: failures are expected.</param>
/// <param name="ElapsedSeconds">Of everything.</param>
internal sealed record RollingReport(
    RollingPlan Plan,
    int Restarts,
    CallerFigures Retrying,
    CallerFigures Plain,
    int StreamResumptions,
    int PlatesStreamed,
    int PlatesSubmitted,
    KeptFigures Kept,
    CallerFigures? Control,
    double ElapsedSeconds)
{
    /// <summary>Whether no call failed, the streams went on, nothing was lost or repeated, and the control shows that it could have been otherwise.</summary>
    public bool IsClean =>
        Retrying is { Failures: 0, Calls: > 0 } && Kept.IsClean && PlatesStreamed > 0 && StreamResumptions > 0 && Control is null or { Failures: > 0 };

    /// <summary>The figures as lines of a table.</summary>
    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("seed", Text(Plan.Seed));
        yield return ("servers", Text(Plan.Servers));
        yield return ("drain, s", Text(Plan.DrainSeconds));
        yield return ("restarts of a server under load", Text(Restarts));
        yield return ("unary calls", Text(Retrying.Calls));
        yield return ("failed after retries", Text(Retrying.Failures));
        yield return ("longest gap without an answer, s", Text(Retrying.LongestGapSeconds));
        yield return ("ended by the answer of", Retrying.LongestGapCall);
        yield return ("unary calls without retries", Text(Plain.Calls));
        yield return ("failed without retries", Text(Plain.Failures));
        yield return ("stream resumptions", Text(StreamResumptions));
        yield return ("plates acknowledged on streams", Text(PlatesStreamed));
        yield return ("plates acknowledged in unary calls", Text(PlatesSubmitted));
        yield return ("lost", Text(Kept.Lost));
        yield return ("twice", Text(Kept.Twice + Kept.RunsDouble));
        yield return ("runs missing", Text(Kept.RunsMissing));
        yield return ("other faults", Text(Kept.Others + Kept.Changed + Kept.ResultsMissing + Kept.WorkOpen));
        if (Control is not null)
        {
            yield return ("control: calls without retries, servers killed", Text(Control.Calls));
            yield return ("control: failed (expected more than 0)", Text(Control.Failures));
        }

        yield return ("elapsed, s", Text(ElapsedSeconds));
        yield return ("verdict", IsClean ? "no call failed, nothing lost or repeated" : "FAILED");
    }

    private static string Text(int value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Text(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
}

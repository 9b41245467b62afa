using System.CommandLine;
using System.Globalization;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults overload</c>: ten times what the server can take.</summary>
internal static class OverloadCommand
{
    private static readonly Option<int> Seconds = FaultOptions.Whole("--seconds", "Time of the measurement and of the overload, each, 2 to 3,600.", 20, 2, 3600);

    public static Command Create()
    {
        var command = new Command(
            "overload",
            "Measures how many plates a real server analyses a second, then offers ten times as much for as long, by single calls that nobody slows, with ten times the streams: it must "
            + "still analyse 90 % of that, in memory that does not grow, and keep all of it.")
        {
            Seconds, FaultOptions.Senders, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.SetAction((parsed, cancellationToken) => FaultOptions.RunAsync(
            parsed,
            (folder, limited) =>
            {
                var plan = new OverloadPlan(parsed.GetValue(Seconds), parsed.GetValue(FaultOptions.Senders), parsed.GetValue(FaultOptions.Seed));
                return new OverloadSession(plan, folder, Console.Error.WriteLine).RunAsync(limited);
            },
            report => (report.IsClean, report.Lines(), report.Kept.Findings),
            cancellationToken));
        return command;
    }
}

/// <summary>What came of it.</summary>
/// <param name="Plan">What was run.</param>
/// <param name="Capacity">Plates a second that were analysed before the overload.</param>
/// <param name="Goodput">During it.</param>
/// <param name="MemoryBefore">The server's resident memory at its beginning, MiB.</param>
/// <param name="MemoryMost">The most, MiB.</param>
/// <param name="MemorySlope">How fast it grew over the second half, MiB a minute.</param>
/// <param name="Acknowledged">Plates that were acknowledged in all.</param>
/// <param name="AcknowledgedAlone">Those of single calls.</param>
/// <param name="Refusals">Single calls that were refused, by code and reason.</param>
/// <param name="Kept">What the count found.</param>
internal sealed record OverloadReport(
    OverloadPlan Plan,
    double Capacity,
    double Goodput,
    double MemoryBefore,
    double MemoryMost,
    double MemorySlope,
    int Acknowledged,
    int AcknowledgedAlone,
    IReadOnlyDictionary<string, int> Refusals,
    KeptFigures Kept)
{
    /// <summary>Least share of the capacity.</summary>
    public const double LeastShare = 0.9;

    /// <summary>Most memory that the overload may take on top, MiB.</summary>
    public const double MostGrowth = 256;

    public bool IsClean => Kept.IsClean && Goodput >= LeastShare * Capacity && MemoryMost - MemoryBefore < MostGrowth && Refusals.Keys.All(IsProper);

    /// <summary>MiB a minute over the second half of the samples, by least squares.</summary>
    public static double SlopeOf(IReadOnlyList<(double Seconds, double Mebibytes)> samples)
    {
        (double Seconds, double Mebibytes)[] half = [.. samples.Skip(samples.Count / 2)];
        double seconds = half.Average(sample => sample.Seconds), memory = half.Average(sample => sample.Mebibytes);
        double spread = half.Sum(sample => Math.Pow(sample.Seconds - seconds, 2));
        return spread == 0 ? 0 : 60 * half.Sum(sample => (sample.Seconds - seconds) * (sample.Mebibytes - memory)) / spread;
    }

    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("capacity, plates/s", Number(Capacity));
        yield return ("goodput at ten times the load, plates/s", Number(Goodput));
        yield return ("share; at least", $"{Number(100 * Goodput / Capacity)} %; {Number(100 * LeastShare)} %");
        yield return ("memory at the beginning, most; MiB", $"{Number(MemoryBefore)}, {Number(MemoryMost)}");
        yield return ("growth over the second half, MiB/min", Number(MemorySlope));
        yield return ("plates acknowledged, those of single calls", $"{Figures.Text(Acknowledged)}, {Figures.Text(AcknowledgedAlone)}");
        foreach ((string reason, int count) in Refusals)
        {
            yield return ($"single calls refused: {reason}", Figures.Text(count));
        }

        yield return ("lost", Figures.Text(Kept.Lost));
        yield return ("other faults", Figures.Text(Kept.Twice + Kept.Changed + Kept.RunsMissing + Kept.RunsDouble + Kept.ResultsMissing + Kept.Others));
    }

    // Whoever is refused is told to come again.
    private static bool IsProper(string refusal) => refusal is "ResourceExhausted RATE_LIMITED" or "ResourceExhausted OVERLOADED";

    private static string Number(double value) => value.ToString("F1", CultureInfo.InvariantCulture);
}

using System.Globalization;

namespace Biomarkers.Benchmarks;

/// <summary>Processor time as Linux counts it.</summary>
internal static class ProcessTimes
{
    // Linux tells times to programs in hundredths of a second on every architecture.
    private const double TicksPerSecond = 100;

    /// <summary>Processor time of a process and its children, those that ended included; zero where the system does not say.</summary>
    public static TimeSpan OfTree(int process) =>
        !Directory.Exists("/proc") ? TimeSpan.Zero : Stats()
            .Where(stat => stat.Process == process || stat.Parent == process)
            .Select(stat => stat.OwnTicks + (stat.Process == process ? stat.EndedChildrenTicks : 0))
            .Aggregate(TimeSpan.Zero, (sum, ticks) => sum + TimeSpan.FromSeconds(ticks / TicksPerSecond));

    private static IEnumerable<(int Process, int Parent, long OwnTicks, long EndedChildrenTicks)> Stats()
    {
        foreach (string folder in Directory.GetDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            string text;
            try
            {
                text = File.ReadAllText(Path.Combine(folder, "stat"));
            }
            catch (IOException)
            {
                // It ended meanwhile: its time is its parent's now, or nobody's whom this asks about.
                continue;
            }

            // The name, in brackets, may hold anything; what follows has a fixed order: state, parent, and the times as 12th to 15th.
            string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            long number(int i) => long.Parse(fields[i], CultureInfo.InvariantCulture);
            yield return (int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture), (int)number(1), number(11) + number(12), number(13) + number(14));
        }
    }
}

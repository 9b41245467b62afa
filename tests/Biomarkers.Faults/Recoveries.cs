using System.Diagnostics;

namespace Biomarkers.Faults;

/// <summary>Times, for each break, how long it takes until every plate that was acknowledged before it has its run.</summary>
internal sealed class Recoveries
{
    private readonly Lock gate = new();
    private readonly HashSet<string> analysed = [];
    private readonly List<(long Began, HashSet<string> Waiting)> open = [];
    private readonly List<double> seconds = [];

    /// <summary>Breaks at which a plate was acknowledged and had no run yet.</summary>
    public int BreaksWithWaiting { get; private set; }

    /// <summary>Notes a run.</summary>
    /// <param name="plate">Resource name of its plate.</param>
    public void SawPlate(string plate)
    {
        string barcode = plate["plates/".Length..];
        lock (gate)
        {
            analysed.Add(barcode);
            foreach ((long began, HashSet<string> waiting) in open.ToArray())
            {
                waiting.Remove(barcode);
                if (waiting.Count == 0)
                {
                    seconds.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
                    open.Remove((began, waiting));
                }
            }
        }
    }

    /// <summary>Notes a break.</summary>
    /// <param name="acknowledged">Plates that were acknowledged before it.</param>
    public void Broke(IEnumerable<string> acknowledged)
    {
        lock (gate)
        {
            HashSet<string> waiting = [.. acknowledged.Where(barcode => !analysed.Contains(barcode))];
            if (waiting.Count == 0)
            {
                seconds.Add(0);
                return;
            }

            BreaksWithWaiting++;
            open.Add((Stopwatch.GetTimestamp(), waiting));
        }
    }

    /// <summary>Plates among these that have no run yet.</summary>
    public string[] Waiting(IEnumerable<string> acknowledged)
    {
        lock (gate)
        {
            return [.. acknowledged.Where(barcode => !analysed.Contains(barcode))];
        }
    }

    /// <summary>Median, longest, and how many took longer than a limit; a break that was never recovered from counts as infinite.</summary>
    public (double Median, double Longest, int TooLong) Figures(TimeSpan limit)
    {
        lock (gate)
        {
            double[] sorted = [.. seconds.Concat(open.Select(_ => double.PositiveInfinity)).Order()];
            return sorted.Length == 0 ? (0, 0, 0) : (sorted[sorted.Length / 2], sorted[^1], sorted.Count(value => value > limit.TotalSeconds));
        }
    }
}

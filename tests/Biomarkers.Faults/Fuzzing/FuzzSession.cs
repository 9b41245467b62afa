using System.Diagnostics;

namespace Biomarkers.Faults.Fuzzing;

/// <summary>What may not happen to any input.</summary>
/// <param name="LongestRun">Longest time of one input.</param>
/// <param name="LargestAllocationBytes">Most memory that one input may take.</param>
internal sealed record FuzzLimits(TimeSpan LongestRun, long LargestAllocationBytes);

/// <summary>An input that broke a promise.</summary>
/// <param name="Target">Who took it.</param>
/// <param name="What">What happened.</param>
/// <param name="Input">The input.</param>
internal sealed record FuzzFinding(string Target, string What, byte[] Input);

/// <summary>Figures of one target.</summary>
/// <param name="Target">Its name.</param>
/// <param name="Executions">Inputs that it took.</param>
/// <param name="Kinds">Kinds of answers that were seen.</param>
/// <param name="Inputs">Inputs that were kept because their answer was of a new kind.</param>
/// <param name="LongestMilliseconds">Longest time of one.</param>
/// <param name="LargestAllocationMebibytes">Most memory that one took.</param>
/// <param name="Seconds">Time of all.</param>
internal sealed record FuzzFigures(string Target, long Executions, int Kinds, int Inputs, double LongestMilliseconds, double LargestAllocationMebibytes, double Seconds);

/// <summary>Gives one target changed inputs, keeps those with a new kind of answer, and stops at the first that breaks a promise.</summary>
internal sealed class FuzzSession(FuzzTarget target, int seed, FuzzLimits limits)
{
    private const int MaximumInputs = 4096;

    private readonly List<byte[]> inputs = [];
    private readonly HashSet<string> kinds = [];
    private readonly Random random = new(seed);
    private long executions;
    private double longest;
    private long largest;

    // Read by the watch: when the present input began, and what it is.
    private long began;
    private byte[]? present;

    /// <summary>What broke a promise; null while nothing has.</summary>
    public FuzzFinding? Finding { get; private set; }

    /// <summary>Inputs whose answers differ, for a corpus.</summary>
    public IReadOnlyList<byte[]> Inputs => inputs;

    public FuzzFigures Run(IEnumerable<byte[]> corpus, long count, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        using var watch = new Timer(_ => Watch(), null, limits.LongestRun, limits.LongestRun / 4);
        foreach (byte[] input in target.Seeds.Concat(corpus))
        {
            Take(input);
        }

        while (executions < count && Finding is null && !cancellationToken.IsCancellationRequested)
        {
            // The newest inputs are the least explored: every second one is of the last tenth.
            int from = random.Next(2) == 0 ? 0 : inputs.Count * 9 / 10;
            Take(target.Mutate(inputs[random.Next(from, inputs.Count)], inputs[random.Next(inputs.Count)], random));
        }

        return new FuzzFigures(target.Name, executions, kinds.Count, inputs.Count, longest, largest / 1048576.0, clock.Elapsed.TotalSeconds);
    }

    private void Take(byte[] input)
    {
        present = input;
        Volatile.Write(ref began, Stopwatch.GetTimestamp());
        long before = GC.GetAllocatedBytesForCurrentThread();
        string kind;
        try
        {
            kind = target.Run(input);
        }
        catch (Exception exception)
        {
            // Whatever it is: a stranger's bytes may end in an answer alone.
            Finding ??= new FuzzFinding(target.Name, exception.ToString(), input);
            return;
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        double milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        executions++;
        longest = Math.Max(longest, milliseconds);
        largest = Math.Max(largest, allocated);
        if (milliseconds > limits.LongestRun.TotalMilliseconds)
        {
            Finding ??= new FuzzFinding(target.Name, FormattableString.Invariant($"took {milliseconds:F0} ms"), input);
        }
        else if (allocated > limits.LargestAllocationBytes)
        {
            Finding ??= new FuzzFinding(target.Name, FormattableString.Invariant($"took {allocated / 1048576.0:F1} MiB"), input);
        }

        if (kinds.Add(kind) && inputs.Count < MaximumInputs)
        {
            inputs.Add(input);
        }
    }

    // An input that never comes to an end would never be told otherwise.
    private void Watch()
    {
        TimeSpan running = Stopwatch.GetElapsedTime(Volatile.Read(ref began));
        if (running > limits.LongestRun * 10 && present is { } input)
        {
            Console.Error.WriteLine(FormattableString.Invariant($"{target.Name}: an input runs for {running.TotalSeconds:F0} s: {Convert.ToHexString(input)}"));
            Environment.Exit(1);
        }
    }
}

using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Server.Wire;
using Google.Protobuf;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Faults.Rot;

/// <summary>What became of a database after a flip, the worst that any answer was.</summary>
internal enum RotEnd
{
    /// <summary>Every answer is what it was: the bit does not count, or is in nothing that is shown.</summary>
    Unaffected,

    /// <summary>What was concerned was refused as damaged, or could not be read; all else was as it was.</summary>
    Refused,

    /// <summary>Something was not found, or left out of a list, and nothing said why.</summary>
    LeftOut,

    /// <summary>A value that is not what was computed was served.</summary>
    Wrong,
}

/// <summary>Asks everything about runs and results through the server's queries, as their callers get it.</summary>
/// <param name="Queries">The store's queries.</param>
internal sealed record Answers(IQueries Queries)
{
    private static readonly PageRequest Whole = new(1000);

    /// <summary>Runs and results by name, as they were.</summary>
    private Dictionary<string, IMessage> Known { get; } = [];

    /// <summary>What the last comparison found wrong or left out; null for nothing.</summary>
    public string? Finding { get; private set; }

    /// <summary>Keys of all results.</summary>
    public IReadOnlyList<long> ResultKeys { get; private set; } = [];

    /// <summary>Keys of all runs.</summary>
    public IReadOnlyList<long> RunKeys { get; private set; } = [];

    private HashSet<string> Listed { get; } = [];

    /// <summary>Learns the answers of a database that is whole.</summary>
    public async Task LearnAsync(CancellationToken cancellationToken)
    {
        Page<RunSummary> runs = await Queries.ListRunsAsync(new RunFilter(), Whole, cancellationToken);
        RunKeys = [.. runs.Rows.Select(run => run.RunKey)];
        var results = new HashSet<long>();
        foreach (RunSummary summary in runs.Rows)
        {
            StoredRun run = (await Queries.GetRunAsync(summary.RunKey, cancellationToken))!;
            Known.Add($"run {summary.RunKey}", AnalyticalRunMapper.ToWire(run));
            Known.Add($"summary {summary.RunKey}", AnalyticalRunMapper.ToWire(summary));
            foreach (StoredResult result in run.Results)
            {
                results.Add(result.ResultKey);
                Known[$"result {result.VersionKey}"] = ResultMapper.ToWire(result);
            }
        }

        foreach (long key in results)
        {
            StoredResult newest = (await Queries.GetResultAsync(key, null, cancellationToken))!;
            Known[$"newest {key}"] = ResultMapper.ToWire(newest);
        }

        ResultKeys = [.. results];
        Listed.UnionWith((await Queries.ListResultsAsync(new ResultFilter(), Whole, cancellationToken)).Rows.Select(row => $"result {row.VersionKey}"));
    }

    /// <summary>Asks again and compares with what was learned.</summary>
    /// <param name="queries">Of the database that may be damaged.</param>
    /// <param name="runKeys">Runs that are asked for by name, with all that explains them.</param>
    /// <param name="resultKeys">Results that are asked for by name; lists of all runs and results are asked for in any case.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<RotEnd> CompareAsync(IQueries queries, IEnumerable<long> runKeys, IEnumerable<long> resultKeys, CancellationToken cancellationToken)
    {
        Finding = null;
        var worst = RotEnd.Unaffected;
        foreach (long key in runKeys)
        {
            worst = Worse(worst, await AskAsync([$"run {key}"], async () => await queries.GetRunAsync(key, cancellationToken) is { } run
                ? [($"run {key}", AnalyticalRunMapper.ToWire(run)), .. run.Results.Select(Named)]
                : []));
        }

        foreach (long key in resultKeys)
        {
            worst = Worse(worst, await AskAsync([$"newest {key}"], async () =>
                await queries.GetResultAsync(key, null, cancellationToken) is { } result ? [($"newest {key}", ResultMapper.ToWire(result))] : []));
        }

        worst = Worse(worst, await AskAsync(RunKeys.Select(key => $"summary {key}"), async () =>
            (await queries.ListRunsAsync(new RunFilter(), Whole, cancellationToken)).Rows.Select(run => ($"summary {run.RunKey}", (IMessage)AnalyticalRunMapper.ToWire(run)))));
        return Worse(worst, await AskAsync(Listed, async () => (await queries.ListResultsAsync(new ResultFilter(), Whole, cancellationToken)).Rows.Select(Named)));
    }

    private static (string Name, IMessage Message) Named(StoredResult result) => ($"result {result.VersionKey}", ResultMapper.ToWire(result));

    private static RotEnd Worse(RotEnd one, RotEnd other) => one > other ? one : other;

    private async Task<RotEnd> AskAsync(IEnumerable<string> expected, Func<Task<IEnumerable<(string Name, IMessage Message)>>> ask)
    {
        Dictionary<string, IMessage> answer;
        try
        {
            answer = (await ask()).GroupBy(one => one.Name).ToDictionary(group => group.Key, group => group.First().Message);
        }
        catch (Exception exception) when (exception is StoredDataDamagedException or SqliteException or InvalidOperationException or ArgumentException or KeyNotFoundException)
        {
            // Damage that has its name, a file that SQLite can't read, or rows that contradict each other: the call is answered by an error.
            return RotEnd.Refused;
        }

        foreach ((string name, IMessage message) in answer)
        {
            if (!Known.TryGetValue(name, out IMessage? known) || !known.Equals(message))
            {
                Finding = $"{name} is served as {message}; expected {(object?)known ?? "none of that name"}";
                return RotEnd.Wrong;
            }
        }

        if (expected.FirstOrDefault(name => !answer.ContainsKey(name)) is { } missing)
        {
            Finding ??= $"{missing} is not there";
            return RotEnd.LeftOut;
        }

        return RotEnd.Unaffected;
    }
}

using System.Data.Common;
using System.Diagnostics;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Storage;
using Biomarkers.Storage.Seals;
using LinqToDB.Data;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Faults.Rot;

/// <summary>Turns bits of a database that a real server wrote, one after the other, and asks for every run and result after each.</summary>
internal sealed class BitrotSession(BitrotPlan plan, string folder, Action<string> tell)
{
    private const int AtOnce = 2;
    private const int FlipsPerControl = 20;
    private const int FlipsPerLine = 500;
    private const int ResultsPerFlip = 1;
    private const int Timings = 200;
    private const int FindingsKept = 10;

    private readonly Lock gate = new();
    private readonly List<string> findings = [];
    private int done;
    private int notOpened;

    public async Task<BitrotReport> RunAsync(CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        string original = await StoredPlates.MakeAsync(Path.Combine(folder, "server"), plan.Plates, plan.Seed, cancellationToken);
        string whole = CopyOf(original, "whole");
        await using SqlStore store = await OpenAsync(whole, cancellationToken);
        var learned = new Answers(store.Queries);
        await learned.LearnAsync(cancellationToken);
        tell($"{learned.RunKeys.Count} runs with {learned.ResultKeys.Count} results in {new FileInfo(original).Length / 1024} KiB");
        (double run, double listed, double seal) = await TimeAsync(store, whole, learned, cancellationToken);

        Dictionary<RotEnd, int> rows = Sum(await InPartsAsync(plan.Flips, (part, count) => FlipRowsAsync(original, part, count, cancellationToken)));
        Dictionary<RotEnd, int> file = Sum(await InPartsAsync(plan.FileFlips, (part, count) => FlipFileAsync(original, part, count, cancellationToken)));
        int controls = Math.Max(FlipsPerControl, plan.Flips / FlipsPerControl);
        int wrong = await ControlAsync(original, controls, cancellationToken);
        double elapsed = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return new BitrotReport(plan, learned.RunKeys.Count, learned.ResultKeys.Count, rows, file, notOpened, controls, wrong, run, listed, seal, findings, elapsed);
    }

    private static Task<SqlStore> OpenAsync(string file, CancellationToken cancellationToken) =>
        SqlStore.OpenAsync(new SqliteDatabase(file), TimeProvider.System, cancellationToken);

    private static async Task<Dictionary<RotEnd, int>[]> InPartsAsync(int count, Func<int, int, Task<Dictionary<RotEnd, int>>> run) =>
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(part => Task.Run(() => run(part, ((part + 1) * count / AtOnce) - (part * count / AtOnce)))));

    private static Dictionary<RotEnd, int> Sum(Dictionary<RotEnd, int>[] parts) =>
        parts.SelectMany(part => part).GroupBy(end => end.Key).ToDictionary(ends => ends.Key, ends => ends.Sum(end => end.Value));

    private string CopyOf(string original, string name)
    {
        string copy = Path.Combine(folder, $"{name}.db");
        File.Copy(original, copy, overwrite: true);
        return copy;
    }

    private static async Task<DbConnection> OpenForDamageAsync(string file, CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, ForeignKeys = false }.ToString());
        await connection.OpenAsync(cancellationToken);
        foreach (string trigger in await connection.ReadAsync("SELECT name FROM sqlite_master WHERE type = 'trigger'", row => row.GetString(0), cancellationToken))
        {
            await connection.ExecuteAsync($"DROP TRIGGER {trigger}", cancellationToken);
        }

        await connection.ExecuteAsync("PRAGMA synchronous = OFF", cancellationToken);
        return connection;
    }

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    private Random RandomOf(int part) => new(unchecked((plan.Seed * 31) + part));

    private async Task<Dictionary<RotEnd, int>> FlipRowsAsync(string original, int part, int count, CancellationToken cancellationToken)
    {
        string file = CopyOf(original, $"rows-{part}");
        await using SqlStore store = await OpenAsync(file, cancellationToken);
        var learned = new Answers(store.Queries);
        await learned.LearnAsync(cancellationToken);
        await using DbConnection connection = await OpenForDamageAsync(file, cancellationToken);
        Random random = RandomOf(part);
        var ends = new Dictionary<RotEnd, int>();
        for (int i = 0; i < count; i++)
        {
            BitFlip flip = await BitFlip.MakeAsync(connection, random, cancellationToken);
            IEnumerable<long> results = Enumerable.Range(0, ResultsPerFlip).Select(_ => learned.ResultKeys[random.Next(learned.ResultKeys.Count)]);
            IReadOnlyList<long> runs = [.. (await RunsOfAsync(connection, flip, cancellationToken)).Append(learned.RunKeys[random.Next(learned.RunKeys.Count)]).Distinct()];
            IReadOnlyList<long> asked = [.. results.Concat(await ConcernedAsync(connection, flip, cancellationToken)).Distinct()];
            RotEnd end = await learned.CompareAsync(store.Queries, runs, asked, cancellationToken);
            await flip.UndoAsync(connection, cancellationToken);
            Note(ends, end, $"{flip}: {learned.Finding}");
        }

        return ends;
    }

    // The results whose row it was, by the key as it was before.
    private static async Task<IReadOnlyList<long>> ConcernedAsync(DbConnection connection, BitFlip flip, CancellationToken cancellationToken) => flip switch
    {
        { Table: "result" or "result_version", Column: "result_key", Before: long key } => [key],
        { Table: "result" or "result_version" } => await connection.ReadAsync(
            $"SELECT result_key FROM {flip.Table} WHERE rowid = {flip.RowId}", row => row.GetInt64(0), cancellationToken),
        _ => [],
    };

    // The run whose row it was, by the key as it was before; everything else is asked for in the lists.
    private static async Task<IReadOnlyList<long>> RunsOfAsync(DbConnection connection, BitFlip flip, CancellationToken cancellationToken) => flip switch
    {
        { Column: "run_key", Before: long key } => [key],
        { Table: "result" or "plate_read" or "plate_layout" or "stream_event" } => [],
        _ => await connection.ReadAsync($"SELECT run_key FROM {flip.Table} WHERE rowid = {flip.RowId}", row => row.GetInt64(0), cancellationToken),
    };

    private async Task<Dictionary<RotEnd, int>> FlipFileAsync(string original, int part, int count, CancellationToken cancellationToken)
    {
        await using SqlStore whole = await OpenAsync(CopyOf(original, $"learned-{part}"), cancellationToken);
        var learned = new Answers(whole.Queries);
        await learned.LearnAsync(cancellationToken);
        byte[] content = await File.ReadAllBytesAsync(original, cancellationToken);
        Random random = RandomOf(AtOnce + part);
        var ends = new Dictionary<RotEnd, int>();
        for (int i = 0; i < count; i++)
        {
            int at = random.Next(content.Length);
            string file = Path.Combine(folder, $"file-{part}-{i}.db");
            await File.WriteAllBytesAsync(file, BitFlip.Turned(content, at, random.Next(8)), cancellationToken);
            Note(ends, await AskFileAsync(learned, file, random, cancellationToken), $"byte {at} of the file: {learned.Finding}");
            foreach (string made in Directory.EnumerateFiles(folder, $"file-{part}-{i}.db*"))
            {
                File.Delete(made);
            }
        }

        return ends;
    }

    private async Task<RotEnd> AskFileAsync(Answers learned, string file, Random random, CancellationToken cancellationToken)
    {
        SqlStore store;
        try
        {
            store = await OpenAsync(file, cancellationToken);
        }
        catch (Exception exception) when (exception is StoreException or SqliteException)
        {
            Interlocked.Increment(ref notOpened);
            return RotEnd.Refused;
        }

        await using (store)
        {
            return await learned.CompareAsync(store.Queries, learned.RunKeys, [learned.ResultKeys[random.Next(learned.ResultKeys.Count)]], cancellationToken);
        }
    }

    // The guarantee taken away: a seal that is made of whatever is there vouches for the damage too.
    private async Task<int> ControlAsync(string original, int count, CancellationToken cancellationToken)
    {
        string file = CopyOf(original, "control");
        await using SqlStore store = await OpenAsync(file, cancellationToken);
        var learned = new Answers(store.Queries);
        await learned.LearnAsync(cancellationToken);
        await using DbConnection connection = await OpenForDamageAsync(file, cancellationToken);
        using DataConnection rows = SqliteDatabase.Over((SqliteConnection)connection);
        Random random = RandomOf(-1);
        int wrong = 0;
        for (int i = 0; i < count; i++)
        {
            BitFlip flip = await BitFlip.MakeAsync(connection, random, cancellationToken);
            if (await TrySealAsync(rows, learned.RunKeys, cancellationToken))
            {
                IReadOnlyList<long> asked = await ConcernedAsync(connection, flip, cancellationToken);
                wrong += await IsWrongAsync(learned, store.Queries, asked, cancellationToken) ? 1 : 0;
            }

            await flip.UndoAsync(connection, cancellationToken);
            await SealedRuns.SealAsync(rows, [.. learned.RunKeys], cancellationToken);
        }

        return wrong;
    }
#pragma warning restore CA5394

    private static async Task<bool> IsWrongAsync(Answers learned, IQueries queries, IReadOnlyList<long> asked, CancellationToken cancellationToken)
    {
        try
        {
            return await learned.CompareAsync(queries, learned.RunKeys, asked, cancellationToken) == RotEnd.Wrong;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // With the seal in its favour damage gets as far as any line; what ends there is not served.
            return false;
        }
    }

    private static async Task<bool> TrySealAsync(DataConnection rows, IReadOnlyList<long> runKeys, CancellationToken cancellationToken)
    {
        try
        {
            await SealedRuns.SealAsync(rows, [.. runKeys], cancellationToken);
            return true;
        }
        catch (StoredDataDamagedException)
        {
            // So damaged that not even this control can read it.
            return false;
        }
    }

    private static async Task<(double Run, double Listed, double Seal)> TimeAsync(SqlStore store, string file, Answers learned, CancellationToken cancellationToken)
    {
        IQueries queries = store.Queries;
        // What is compiled at first use is not what a run costs.
        await learned.CompareAsync(queries, learned.RunKeys, learned.ResultKeys, cancellationToken);
        TimeSpan began = Environment.CpuUsage.TotalTime;
        for (int i = 0; i < Timings; i++)
        {
            await queries.GetRunAsync(learned.RunKeys[i % learned.RunKeys.Count], cancellationToken);
        }

        double run = Since(began).TotalMilliseconds / Timings;
        began = Environment.CpuUsage.TotalTime;
        for (int i = 0; i < Timings / 10; i++)
        {
            await queries.ListRunsAsync(new RunFilter(), new PageRequest(1000), cancellationToken);
        }

        double listed = Since(began).TotalMilliseconds / (Timings / 10 * learned.RunKeys.Count);
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        await connection.OpenAsync(cancellationToken);
        using DataConnection rows = SqliteDatabase.Over(connection);
        RunContents contents = (await SealedRuns.ReadAsync(rows, [learned.RunKeys[0]], cancellationToken)).Values.Single();
        began = Environment.CpuUsage.TotalTime;
        for (int i = 0; i < Timings; i++)
        {
            contents.MakeSeal(1);
        }

        return (run, listed, Since(began).TotalMicroseconds / Timings);
    }

    // Of the processor, and not of the clock: the machine may be at other work.
    private static TimeSpan Since(TimeSpan began) => Environment.CpuUsage.TotalTime - began;

    private void Note(Dictionary<RotEnd, int> ends, RotEnd end, string finding)
    {
        ends[end] = ends.GetValueOrDefault(end) + 1;
        lock (gate)
        {
            if (end is RotEnd.Wrong or RotEnd.LeftOut && findings.Count < FindingsKept)
            {
                findings.Add($"{end}: {finding}");
            }

            if (++done % FlipsPerLine == 0)
            {
                tell($"{done} of {plan.Flips + plan.FileFlips} bits turned");
            }
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Server.Wire;
using Biomarkers.Simulation.Plates;
using Biomarkers.Storage;
using Biomarkers.Storage.Verification;
using Google.Protobuf;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Faults.Recomputing;

/// <summary>Fills databases with the same plates in several ways, verifies them, and compares them.</summary>
/// <param name="plates">Plates in each.</param>
/// <param name="seed">Seed of plates and orders.</param>
/// <param name="folder">For the databases.</param>
/// <param name="tell">Takes progress.</param>
internal sealed class RecomputeSession(int plates, int seed, string folder, Action<string> tell)
{
    private const int InFlight = 16;
    private const int SqliteWorkers = 7;
    private const int PostgresWorkers = 4;
    private const int PageSize = 1000;
    private const string Database = "recomputed";

    private static readonly VerificationRequest Recomputing = new() { Recomputes = true };

    private readonly List<RecomputedDatabase> databases = [];
    private readonly List<string> findings = [];

    public async Task<RecomputeReport> RunAsync(CancellationToken cancellationToken)
    {
        SimulatedPlate[] made = [.. Enumerable.Range(0, plates).Select(plate => Make(plate, plate))];
        string first = Path.Combine(folder, "first.db"), second = Path.Combine(folder, "second.db");
        Dictionary<string, ByteString> one = await FillAsync(
            "SQLite, 1 worker, in order", new SqliteDatabase(first), 1, 1, made,
            () => DatabaseVerification.RunAsync(first, Recomputing, cancellationToken), cancellationToken);
        Dictionary<string, ByteString> two = await FillAsync(
            $"SQLite, {SqliteWorkers} workers, random order", new SqliteDatabase(second), SqliteWorkers, InFlight, Shuffled(made, 1),
            () => DatabaseVerification.RunAsync(second, Recomputing, cancellationToken), cancellationToken);
        await using LocalPostgres server = await LocalPostgres.StartAsync(new LocalPostgresOptions(), cancellationToken);
        await server.CreateDatabaseAsync(Database, cancellationToken: cancellationToken);
        await using var postgres = new PostgresDatabase(server.ConnectionString(Database));
        Dictionary<string, ByteString> three = await FillAsync(
            $"PostgreSQL, {PostgresWorkers} workers, random order", new PostgresDatabase(server.ConnectionString(Database)), PostgresWorkers, InFlight,
            Shuffled(made, 2), () => DatabaseVerification.RunAsync(postgres, Recomputing, cancellationToken), cancellationToken);
        int differing = Compare(one, two) + Compare(one, three);
        bool isBitFound = await FindsBitAsync(second, cancellationToken);
        bool isOtherPlateFound = await FindsOtherPlateAsync(one, cancellationToken);
        return new RecomputeReport(plates, seed, databases, two.Count + three.Count, differing, isBitFound, isOtherPlateFound, findings);
    }

    // Every assay with everything that goes wrong on a plate.
    private SimulatedPlate Make(int plate, int ofSeed)
    {
        AssayDefinition[] assays = [.. BuiltInAssays.All];
        PlateScenario[] scenarios = Enum.GetValues<PlateScenario>();
        string barcode = string.Create(CultureInfo.InvariantCulture, $"R-{plate}");
        return PlateSimulator.Create(assays[plate % assays.Length], scenarios[plate / assays.Length % scenarios.Length], (ulong)seed + (ulong)ofSeed, barcode);
    }

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    private SimulatedPlate[] Shuffled(SimulatedPlate[] made, int order)
    {
        SimulatedPlate[] shuffled = [.. made];
        new Random(unchecked((seed * 31) + order)).Shuffle(shuffled);
        return shuffled;
    }
#pragma warning restore CA5394

    private async Task<Dictionary<string, ByteString>> FillAsync(
        string name, SqlDatabase database, int workers, int atOnce, SimulatedPlate[] made, Func<Task<VerificationReport>> verify, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        Dictionary<string, ByteString> told;
        int results, flags, rejected;
        double analysed;
        await using (RecomputeHost host = await RecomputeHost.StartAsync(database, workers, made.Length, cancellationToken))
        {
            await host.AnalyseAsync(made, atOnce, cancellationToken);
            analysed = Stopwatch.GetElapsedTime(began).TotalSeconds;
            List<StoredRun> runs = await ReadAsync(host.Queries, cancellationToken);
            told = runs.ToDictionary(run => run.Summary.PlateBarcode, Tell, StringComparer.Ordinal);
            results = runs.Sum(run => run.Results.Count);
            flags = runs.Sum(run => run.Run.Flags.Count);
            rejected = runs.Count(run => run.Summary.Verdict == Immunoassay.Analysis.RunVerdict.Rejected);
        }

        tell($"{name}: {made.Length} plates in {analysed:F0} s");
        long verifying = Stopwatch.GetTimestamp();
        VerificationReport report = await verify();
        findings.AddRange(report.Findings.Select(finding => $"{name}: {finding}"));
        double verified = Stopwatch.GetElapsedTime(verifying).TotalSeconds;
        databases.Add(new RecomputedDatabase(name, report.RunCount, report.RecomputedRunCount, results, flags, rejected, analysed, verified));
        tell($"{name}: {report.RecomputedRunCount} of {report.RunCount} runs computed again in {verified:F0} s");
        return told;
    }

    private static async Task<List<StoredRun>> ReadAsync(SqlQueries queries, CancellationToken cancellationToken)
    {
        var runs = new List<StoredRun>();
        long? after = null;
        do
        {
            Page<RunSummary> page = await queries.ListRunsAsync(new RunFilter(), new PageRequest(PageSize, after), cancellationToken);
            foreach (RunSummary summary in page.Rows)
            {
                runs.Add((await queries.GetRunAsync(summary.RunKey, cancellationToken))!);
            }

            after = page.Next;
        }
        while (after is not null);
        return runs;
    }

    // All that a run says, but for what its place in a database gives it: keys, and times of the clock.
    private static ByteString Tell(StoredRun stored)
    {
        using var told = new MemoryStream();
        V1.AnalyticalRun run = AnalyticalRunMapper.ToWire(stored);
        (run.Name, run.Read, run.CreateTime) = ("", "", null);
        run.WriteDelimitedTo(told);
        foreach (V1.Result result in stored.Results.Select(ResultMapper.ToWire))
        {
            (result.Name, result.AnalyticalRun, result.CreateTime, result.VersionSha256) = ("", "", null, "");
            result.WriteDelimitedTo(told);
        }

        return ByteString.CopyFrom(told.ToArray());
    }

    private int Compare(Dictionary<string, ByteString> first, Dictionary<string, ByteString> other)
    {
        string[] differing = [.. first.Keys.Union(other.Keys).Where(barcode => first.GetValueOrDefault(barcode) != other.GetValueOrDefault(barcode))];
        findings.AddRange(differing.Take(10).Select(barcode => $"Plate {barcode} has another run."));
        return differing.Length;
    }

    // The triggers that refuse it are dropped first, as whoever holds the file can.
    private static async Task<bool> FindsBitAsync(string file, CancellationToken cancellationToken)
    {
        var source = new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, Mode = SqliteOpenMode.ReadWrite };
        await using (var connection = new SqliteConnection(source.ToString()))
        {
            await connection.OpenAsync(cancellationToken);
            List<string> triggers = await connection.ReadAsync("SELECT name FROM sqlite_master WHERE type = 'trigger'", row => row.GetString(0), cancellationToken);
            foreach (string trigger in triggers)
            {
                await connection.ExecuteAsync($"DROP TRIGGER {trigger}", cancellationToken);
            }

            (long key, double number) = (await connection.ReadAsync(
                "SELECT version_key, concentration FROM result_version WHERE concentration IS NOT NULL LIMIT 1", row => (row.GetInt64(0), row.GetDouble(1)), cancellationToken))[0];
            await connection.ExecuteAsync(
                "UPDATE result_version SET concentration = @number WHERE version_key = @key", cancellationToken, ("number", Math.BitIncrement(number)), ("key", key));
        }

        VerificationReport report = await DatabaseVerification.RunAsync(file, Recomputing, cancellationToken);
        return report.Findings.Count == 1;
    }

    private async Task<bool> FindsOtherPlateAsync(Dictionary<string, ByteString> first, CancellationToken cancellationToken)
    {
        SimulatedPlate other = Make(0, plates);
        await using RecomputeHost host = await RecomputeHost.StartAsync(new SqliteDatabase(Path.Combine(folder, "control.db")), 1, 1, cancellationToken);
        await host.AnalyseAsync([other], 1, cancellationToken);
        StoredRun run = (await ReadAsync(host.Queries, cancellationToken)).Single();
        return first[run.Summary.PlateBarcode] != Tell(run);
    }
}

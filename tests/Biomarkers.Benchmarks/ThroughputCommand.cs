using System.CommandLine;
using Biomarkers.Faults;
using Biomarkers.V1;

namespace Biomarkers.Benchmarks;

/// <summary><c>biomarkers-benchmarks throughput</c>: many senders, as fast as the servers take it, on either store.</summary>
internal static class ThroughputCommand
{
    private const string Sqlite = "sqlite";
    private const string Postgres = "postgres";
    private const string All = "all";

    // Plates until the runtime has compiled a server's inner loops for good: before, a plate costs many times as much.
    private const int WarmUp = 1500;
    private const int ShortWarmUp = 60;

    private static readonly Option<string> Engine = new("--engine") { Description = $"The stores: {Sqlite}, {Postgres} on a throw-away server, or {All}.", DefaultValueFactory = _ => Sqlite };

    private static readonly Option<int[]> Replicas = new("--replicas")
    {
        Description = "Servers on one PostgreSQL, 1 to 8, or several such numbers, as in 1,2,3. SQLite has one.",
        DefaultValueFactory = _ => [1],
        CustomParser = result => [.. result.Tokens.SelectMany(token => token.Value.Split(',')).Select(text => int.TryParse(text, out int count) ? count : 0)],
    };

    private static readonly Option<int> Senders = new("--senders") { Description = "Instruments that send at once, 1 to 256.", DefaultValueFactory = _ => 8 };

    private static readonly Option<int> Plates = new("--plates") { Description = "Plates of each instrument in a round, 1 to 100,000; 20 with --short.", DefaultValueFactory = _ => 100 };

    private static readonly Option<int> Rounds = new("--rounds") { Description = "Rounds, of which the median is told, 1 to 100; 1 with --short.", DefaultValueFactory = _ => 5 };

    public static Command Create()
    {
        Engine.AcceptOnlyFromAmong(Sqlite, Postgres, All);
        Replicas.Validators.Add(result =>
        {
            foreach (int value in (result.GetValueOrDefault<int[]>() ?? []).Where(value => value is < 1 or > 8))
            {
                result.AddError($"--replicas is {value}; expected 1 to 8.");
            }
        });
        var command = new Command(
            "throughput",
            "Senders stream plates as fast as the servers take them: durable plates and finished runs per second, beside bare commits of the same rows in transactions of "
            + "the same size. All settings are there at once and take turns, and everything shares this machine: servers, senders and PostgreSQL.")
        {
            Engine, Replicas, Senders, Plates, Rounds, Report.Seed, Report.Short, Report.Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-benchmarks-");
        var settings = new List<ThroughputSetting>();
        string engine = parsed.GetValue(Engine)!;
        LocalPostgres? postgres = engine == Sqlite ? null : await LocalPostgres.StartAsync(new LocalPostgresOptions(), cancellationToken);
        try
        {
            if (engine != Postgres)
            {
                settings.Add(await ThroughputSetting.StartAsync(folder.FullName, null, 1, cancellationToken));
            }

            foreach (int count in postgres is null ? [] : parsed.GetValue(Replicas)!)
            {
                settings.Add(await ThroughputSetting.StartAsync(folder.FullName, postgres, count, cancellationToken));
            }

            await MeasureAsync(parsed, settings, cancellationToken);
            return 0;
        }
        finally
        {
            foreach (ThroughputSetting setting in settings)
            {
                await setting.DisposeAsync();
            }

            if (postgres is not null)
            {
                await postgres.DisposeAsync();
            }

            folder.Delete(recursive: true);
        }
    }

    private static async Task MeasureAsync(ParseResult parsed, List<ThroughputSetting> settings, CancellationToken cancellationToken)
    {
        bool isShort = parsed.GetValue(Report.Short);
        int senders = Math.Clamp(parsed.GetValue(Senders), 1, 256);
        int plates = isShort ? 20 : Math.Clamp(parsed.GetValue(Plates), 1, 100_000);
        int rounds = isShort ? 1 : Math.Clamp(parsed.GetValue(Rounds), 1, 100);
        int seed = parsed.GetValue(Report.Seed);
        StreamEventContent[] warmUp = [.. Enumerable.Range(0, isShort ? ShortWarmUp : WarmUp).Select(i => BenchmarkServer.Plate($"W-{i}", i, seed + 1))];
        foreach (ThroughputSetting setting in settings)
        {
            await setting.WarmUpAsync(warmUp, cancellationToken);
        }

        var measured = settings.ToDictionary(setting => setting.Name, _ => new List<ThroughputRound>());
        for (int round = 0; round < rounds; round++)
        {
            // Made before any clock starts: the simulation is no part of what is measured.
            StreamEventContent[][] contents =
            [
                .. Enumerable.Range(0, senders).Select(sender => Enumerable.Range(0, plates).Select(
                    i => BenchmarkServer.Plate($"R{round}-{sender}-{i}", (((round * senders) + sender) * plates) + i, seed)).ToArray()),
            ];
            for (int i = 0; i < settings.Count; i++)
            {
                // In turn, and each round another one first.
                ThroughputSetting setting = settings[(round + i) % settings.Count];
                measured[setting.Name].Add(await setting.MeasureAsync(contents, $"R{round}-", cancellationToken));
                await Console.Error.WriteLineAsync($"round {round + 1} of {rounds}: {setting.Name}: {measured[setting.Name][^1]}");
            }
        }

        Report.Print(
            parsed,
            $"Throughput of {senders} senders with {plates} plates each, median of {rounds} rounds; all of it shares {Environment.ProcessorCount} processors",
            [.. settings.SelectMany(setting => FiguresOf(setting, measured[setting.Name]))]);
    }

    private static IEnumerable<Figure> FiguresOf(ThroughputSetting setting, List<ThroughputRound> rounds)
    {
        yield return Median("durable plates", round => round.DurablePerSecond, "1/s");
        yield return Median("finished runs", round => round.RunsPerSecond, "1/s");
        yield return Median("bare commits of the same rows", round => round.BarePerSecond, "plates/s");
        yield return Median("bare over finished", round => round.BarePerSecond / round.RunsPerSecond, "x");
        yield return Median("reads and runs of a transaction, mean", round => round.WritesPerTransaction, "");
        yield return Median("processor time of the servers per plate", round => round.ServerMilliseconds, "ms");
        if (setting.HasDatabaseServer)
        {
            yield return Median("processor time of PostgreSQL per plate", round => round.DatabaseMilliseconds, "ms");
        }

        yield return new Figure($"{setting.Name}: peak memory of a server", setting.PeakResidentBytes / (1024.0 * 1024), "MiB");

        Figure Median(string name, Func<ThroughputRound, double> value, string unit) =>
            new($"{setting.Name}: {name}", rounds.Select(value).Order().ElementAt(rounds.Count / 2), unit);
    }
}

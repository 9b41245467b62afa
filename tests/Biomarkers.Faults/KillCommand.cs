using System.CommandLine;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults kill</c>: SIGKILL at random moments, then everything is counted.</summary>
internal static class KillCommand
{
    private const string Sqlite = "sqlite";
    private const string Postgres = "postgres";
    private const string Database = "biomarkers";

    private static readonly Option<string> Engine = new("--engine") { Description = $"The store: {Sqlite}, or {Postgres} on a throw-away server.", DefaultValueFactory = _ => Sqlite };

    private static readonly Option<int> Replicas = FaultOptions.Whole("--replicas", $"Servers on one store, 1 to 8; more than one needs --engine {Postgres}.", 1, 1, 8);

    private static readonly Option<int> Cycles = FaultOptions.Whole("--cycles", "Kills and restarts, 1 to 100,000.", 20, 1, 100_000);

    private static readonly Option<int> PlatesPerCycle =
        FaultOptions.Whole("--plates-per-cycle", "Most plates that all senders together send in one cycle, 1 to 100,000.", 200, 1, 100_000);

    private static readonly Option<int?> SecondsBetweenKills = new("--seconds-between-kills")
    {
        Description = "Mean time of even load before the burst that a kill falls into, 0 to 600; 0 for none. Default: 0 for one server, 5 for more.",
    };

    private static readonly Option<bool> Clients = new("--clients")
    {
        Description = "Instruments are processes of their own with a spool on disk, one of which is killed at a random moment of each cycle, too. As a control one without a spool.",
    };

    public static Command Create()
    {
        Engine.AcceptOnlyFromAmong(Sqlite, Postgres);
        var command = new Command(
            "kill",
            "Senders stream simulated plates into real servers on one store, one of which is killed (SIGKILL) at random moments and restarted; at the end every acknowledged "
            + "event, plate, run and result is counted over gRPC and in the database, with what watchers saw of them meanwhile, and the same check is shown to find damage "
            + "that is done to a copy.")
        {
            Engine, Replicas, Cycles, PlatesPerCycle, SecondsBetweenKills, Clients, FaultOptions.Senders, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(SecondsBetweenKills) is < 0 or > 600)
            {
                result.AddError($"--seconds-between-kills is {result.GetValue(SecondsBetweenKills)}; expected 0 to 600.");
            }

            if (result.GetValue(Replicas) > 1 && result.GetValue(Engine) != Postgres)
            {
                result.AddError($"--replicas is {result.GetValue(Replicas)}; expected 1, or --engine {Postgres}.");
            }
        });
        command.SetAction((parsed, cancellationToken) => FaultOptions.RunAsync(
            parsed,
            (folder, limited) => RunAsync(parsed, folder, limited),
            report => (report.IsClean, report.Lines(), report.Outcome.Kept.Findings),
            cancellationToken));
        return command;
    }

    private static async Task<KillReport> RunAsync(ParseResult parsed, string folder, CancellationToken cancellationToken)
    {
        await using LocalPostgres? server =
            parsed.GetValue(Engine) == Postgres ? await LocalPostgres.StartAsync(new LocalPostgresOptions(), cancellationToken) : null;
        if (server is not null)
        {
            await server.CreateDatabaseAsync(Database, cancellationToken: cancellationToken);
        }

        await using StoreUnderTest store = server is null ? new SqliteUnderTest(folder) : new PostgresUnderTest(folder, server, Database, port: null);
        var plan = new KillPlan(
            store.Name,
            parsed.GetValue(Replicas),
            parsed.GetValue(Cycles),
            parsed.GetValue(FaultOptions.Senders),
            parsed.GetValue(PlatesPerCycle),
            parsed.GetValue(SecondsBetweenKills) ?? (parsed.GetValue(Replicas) > 1 ? 5 : 0),
            parsed.GetValue(FaultOptions.Seed),
            parsed.GetValue(Clients) ? Path.Combine(folder, "spools") : null);
        return await new KillSession(plan, store, Console.Error.WriteLine).RunAsync(cancellationToken);
    }
}

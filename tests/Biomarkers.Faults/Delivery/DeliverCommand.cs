using System.CommandLine;

namespace Biomarkers.Faults.Delivery;

/// <summary><c>biomarkers-faults deliver</c>: random schedules of pullers, reviewers, clocks and crashes against a model of delivery.</summary>
internal static class DeliverCommand
{
    private const string All = "all";
    private const string Sqlite = "sqlite";
    private const string Postgres = "postgres";
    private const string Killed = "killed";
    private const int ReplicasToKill = 2;
    private const string MemoryFolder = "/dev/shm";

    private static readonly Option<string> Engine = new("--engine")
    {
        Description = $"The store: {Sqlite}, {Postgres} on a throw-away server with two servers of the product, or {All}.",
        DefaultValueFactory = _ => All,
    };

    private static readonly Option<int> Schedules = FaultOptions.Whole("--schedules", "Random schedules on each engine, 1 to 1,000,000.", 10_000, 1, 1_000_000);

    private static readonly Option<int> Kills = FaultOptions.Whole("--kills", "SIGKILLs of a real server under pullers on each engine, 0 to 100,000; 0 leaves them out.", 100, 0, 100_000);

    private static readonly Option<int> First = FaultOptions.Whole("--first", "Number of the first schedule, to run one again.", 0, 0, 1_000_000);

    public static Command Create()
    {
        Engine.AcceptOnlyFromAmong(All, Sqlite, Postgres);
        var command = new Command(
            "deliver",
            "Pullers of a subscription pull, acknowledge in time and late, twice and by older deliveries, extend, refuse, forget and seek, also at the same time, while reviewers release, correct "
            + "and withdraw, the clock goes ahead and back, and servers end within a write; every answer and what is stored is compared with a small model of the contract, and each answer with "
            + "what a LIMS relies on. As a control each guarantee is taken away behind the server's back, and must be missed. Then real servers are killed by SIGKILL while plain clients pull and "
            + "acknowledge over gRPC.")
        {
            Engine, Schedules, First, Kills, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.SetAction((parsed, cancellationToken) => FaultOptions.RunAsync(
            parsed,
            (folder, limited) => RunAsync(parsed, folder, limited),
            report => (report.IsClean, report.Lines(), report.Findings),
            cancellationToken));
        return command;
    }

    // Memory is disk enough: what survives a loss of power is not the question here.
    private static async Task<DeliveryReport> RunAsync(ParseResult parsed, string folder, CancellationToken cancellationToken)
    {
        string own = Directory.Exists(MemoryFolder) ? Path.Combine(MemoryFolder, Path.GetFileName(folder)) : folder;
        string engine = parsed.GetValue(Engine)!;
        var plan = new DeliveryPlan(parsed.GetValue(Schedules), parsed.GetValue(First), parsed.GetValue(FaultOptions.Seed));
        int kills = parsed.GetValue(Kills);
        var outcomes = new List<DeliveryOutcome>();
        var killed = new List<DeliveryKillOutcome>();
        try
        {
            Directory.CreateDirectory(own);
            if (engine != Postgres)
            {
                outcomes.Add(await new DeliverSession(
                    "SQLite", (name, _) => Task.FromResult<DeliveryStore>(new SqliteDeliveryStore(Path.Combine(own, name))), plan, Console.Error.WriteLine).RunAsync(cancellationToken));
                await using var store = new SqliteUnderTest(Path.Combine(folder, Sqlite));
                await KillAsync(store, 1);
            }

            if (engine != Sqlite)
            {
                await using LocalPostgres server = await LocalPostgres.StartAsync(new LocalPostgresOptions { Parent = Path.GetDirectoryName(own)! }, cancellationToken);
                outcomes.Add(await new DeliverSession(
                    "PostgreSQL", async (name, stop) => await PostgresDeliveryStore.CreateAsync(server, name, stop), plan, Console.Error.WriteLine).RunAsync(cancellationToken));
                await server.CreateDatabaseAsync(Killed, cancellationToken: cancellationToken);
                await using var store = new PostgresUnderTest(Path.Combine(folder, Postgres), server, Killed, port: null);
                await KillAsync(store, ReplicasToKill);
            }

            return new DeliveryReport(plan, outcomes, killed);
        }
        finally
        {
            if (own != folder)
            {
                Directory.Delete(own, recursive: true);
            }
        }

        async Task KillAsync(StoreUnderTest store, int replicas)
        {
            if (kills > 0)
            {
                killed.Add(await new DeliveryKillSession(store, replicas, kills, plan.Seed, Console.Error.WriteLine).RunAsync(cancellationToken));
            }
        }
    }
}

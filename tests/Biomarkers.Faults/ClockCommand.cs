using System.CommandLine;
using System.Diagnostics;
using Biomarkers.Faults.Clocks;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults clock</c>: the server's clock jumps.</summary>
internal static class ClockCommand
{
    private const string All = "all";
    private const string Sqlite = "sqlite";
    private const string Postgres = "postgres";
    private const string Database = "biomarkers";
    private const int Replicas = 2;

    private static readonly Option<string> Engine = new("--engine")
    {
        Description = $"The store: {Sqlite}, {Postgres} on a throw-away server with {Replicas} servers, one of which has the clock that moves, or {All}.",
        DefaultValueFactory = _ => All,
    };

    private static readonly Option<int> Moves = FaultOptions.Whole(
        "--moves", $"Moves of the clock on each engine, there and back, 1 to 10,000; {3 * ClockMove.All.Count} make each of them both while the server runs and at its start.", 24, 1, 10_000);

    private static readonly Option<int> PlatesPerMove = FaultOptions.Whole("--plates-per-move", "Plates that all senders together send in one move, 3 to 10,000.", 60, 3, 10_000);

    public static Command Create()
    {
        Engine.AcceptOnlyFromAmong(All, Sqlite, Postgres);
        var command = new Command(
            "clock",
            "Senders stream simulated plates while the wall clock of a real server jumps (a small C library that is preloaded, compiled on the spot; the monotonic clock goes on): an hour and a day, "
            + "there and back, over both changes of summer time, 2038-01-19 and the end of 2099, while it runs and at its start. After each jump everything is acknowledged and analysed within "
            + "30 s, no stream or watch is cut, no server taken for dead, and the audit log tells the jump; at the end everything is counted as after 'kill'. As a control a clock that does not "
            + "move, which the check of the moves must find.")
        {
            Engine, Moves, PlatesPerMove, FaultOptions.Senders, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.SetAction(async (parsed, cancellationToken) => Tools.Missing(MovedClock.Compiler) is { } code
            ? code
            : await FaultOptions.RunAsync(
                parsed,
                (folder, limited) => RunAsync(parsed, folder, limited),
                report => (report.IsClean, report.Lines(), report.Findings),
                cancellationToken));
        return command;
    }

    private static async Task<ClockReport> RunAsync(ParseResult parsed, string folder, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        string engine = parsed.GetValue(Engine)!;
        var plan = new ClockPlan(parsed.GetValue(Moves), parsed.GetValue(FaultOptions.Senders), parsed.GetValue(PlatesPerMove), parsed.GetValue(FaultOptions.Seed));
        MovedClock clock = await MovedClock.CompileAsync(folder, cancellationToken);
        var stores = new List<ClockOutcome>();
        if (engine != Postgres)
        {
            await using var store = new SqliteUnderTest(Path.Combine(folder, Sqlite)) { EnvironmentOf = _ => clock.Environment };
            stores.Add(await new ClockSession(plan, store, 1, clock, Console.Error.WriteLine).RunAsync(cancellationToken));
        }

        if (engine != Sqlite)
        {
            await using LocalPostgres server = await LocalPostgres.StartAsync(new LocalPostgresOptions(), cancellationToken);
            await server.CreateDatabaseAsync(Database, cancellationToken: cancellationToken);
            await using var store = new PostgresUnderTest(Path.Combine(folder, Postgres), server, Database, port: null)
            {
                EnvironmentOf = replica => replica == 0 ? clock.Environment : [],
            };
            stores.Add(await new ClockSession(plan, store, Replicas, clock, Console.Error.WriteLine).RunAsync(cancellationToken));
        }

        IReadOnlyList<string> control = await StillClockControl.RunAsync(Path.Combine(folder, "control"), plan.Seed, cancellationToken);
        return new ClockReport(plan, stores, control, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }
}

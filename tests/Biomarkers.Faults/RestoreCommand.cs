using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Spectre.Console;

namespace Biomarkers.Faults;

/// <summary><c>biomarkers-faults restore</c>: backups while reads come, restores of them, and senders that make good what they lack.</summary>
internal static class RestoreCommand
{
    private static readonly Option<int> Cycles = FaultOptions.Whole("--cycles", "Backups and restores, 1 to 10,000.", 3, 1, 10_000);

    private static readonly Option<int> PlatesPerCycle = FaultOptions.Whole("--plates-per-cycle", "Plates that all senders together send in one cycle, 4 to 100,000.", 200, 4, 100_000);

    private static readonly Option<bool> OnPostgres = new("--postgres") { Description = "On a throw-away PostgreSQL, by pg_dump and pg_restore, instead of SQLite." };

    private static readonly JsonSerializerOptions JsonOptions = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    public static Command Create()
    {
        var command = new Command(
            "restore",
            "Senders stream simulated plates into the real server; it is backed up meanwhile, killed (SIGKILL) later, restored and restarted, and the senders make good what the backup "
            + "lacks. At the end every acknowledged event must be stored, or be named by its sender. The same is done with senders that keep nothing: there the check must find the loss.")
        {
            Cycles, FaultOptions.Senders, PlatesPerCycle, FaultOptions.Seed, FaultOptions.LimitSeconds, OnPostgres, FaultOptions.Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(parsed.GetValue(FaultOptions.LimitSeconds)));
        var plan = new RestorePlan(parsed.GetValue(Cycles), parsed.GetValue(FaultOptions.Senders), parsed.GetValue(PlatesPerCycle), parsed.GetValue(FaultOptions.Seed));
        long began = Stopwatch.GetTimestamp();
        try
        {
            RestoreFigures kept = await DrillAsync(plan, parsed.GetValue(OnPostgres), 10_000, limit.Token);
            RestoreFigures control = await DrillAsync(plan with { Cycles = 1 }, parsed.GetValue(OnPostgres), 0, limit.Token);
            var report = new RestoreReport(plan, kept, control, Stopwatch.GetElapsedTime(began).TotalSeconds);
            if (parsed.GetValue(FaultOptions.Json))
            {
                Console.WriteLine(JsonSerializer.Serialize(report, JsonOptions));
            }
            else
            {
                Print(report);
            }

            return report.IsClean ? 0 : 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(cancellationToken.IsCancellationRequested ? "Cancelled." : $"Not done within {parsed.GetValue(FaultOptions.LimitSeconds)} s.");
            return 1;
        }
    }

    private static async Task<RestoreFigures> DrillAsync(RestorePlan plan, bool onPostgres, int maximumKeptEvents, CancellationToken cancellationToken)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-faults-");
        try
        {
            await using IRestoreEngine engine = onPostgres
                ? await PostgresRestore.StartAsync(folder.FullName, cancellationToken)
                : new SqliteRestore(Path.Combine(folder.FullName, "data"));
            using var session = new RestoreSession(plan, folder.FullName, engine, maximumKeptEvents, Console.Error.WriteLine);
            return await session.RunAsync(cancellationToken);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Print(RestoreReport report)
    {
        Table table = new Table().AddColumns("figure", "senders keep", "control: senders keep nothing");
        foreach ((string name, string kept, string control) in report.Lines())
        {
            table.AddRow(new Text(name), new Text(kept).RightJustified(), new Text(control).RightJustified());
        }

        AnsiConsole.Write(table);
        foreach (string finding in report.Kept.Findings.Concat(report.Control.Findings))
        {
            AnsiConsole.WriteLine(finding);
        }
    }
}

using System.CommandLine;
using System.Diagnostics;

namespace Biomarkers.Faults.Cases;

/// <summary><c>biomarkers-faults cases</c>: the matrix of forty cases, each with SIGKILL of the server between any two of its steps.</summary>
internal static class CasesCommand
{
    private const string All = "all";
    private const string Sqlite = "sqlite";
    private const string Postgres = "postgres";
    private const string Loopback = "loopback";
    private const string Tls = "tls";
    private const string Database = "biomarkers";

    private static readonly Option<string> Engine = new("--engine") { Description = $"The store: {Sqlite}, {Postgres} on a throw-away server, or {All}.", DefaultValueFactory = _ => All };

    private static readonly Option<string> Transport = new("--transport") { Description = $"{Loopback} without encryption, {Tls}, or {All}.", DefaultValueFactory = _ => All };

    private static readonly Option<string?> Case = new("--case") { Description = "Only this case, such as 05 or 09b. Default: every one that passes now." };

    private static readonly Option<bool> MiddleOnly = new("--middle") { Description = "Kill in the middle of each case only, instead of after each of its steps." };

    public static Command Create()
    {
        Engine.AcceptOnlyFromAmong(All, Sqlite, Postgres);
        Transport.AcceptOnlyFromAmong(All, Loopback, Tls);
        var command = new Command(
            "cases",
            "The cases of the ingest contract side by side against one real server, once for each place in each of them: all are brought to their place, the last events are sent, the server is killed "
            + "(SIGKILL) and started again, instruments go on from the offset that they are told, and the outcome must be that of the case without a kill. As a control the database is lost with the "
            + "server, and every case that something was acknowledged in must find that.")
        {
            Engine, Transport, Case, MiddleOnly, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(Case) is { } name && IngestCase.Ready.All(row => row.Name != name))
            {
                result.AddError($"--case is '{name}'; expected one of {string.Join(' ', IngestCase.Ready.Select(row => row.Name))}.");
            }
            else if (result.GetValue(Transport) is Loopback && result.GetValue(Case) is { } only && IngestCase.ReadyOver(tls: false).All(row => row.Name != only))
            {
                result.AddError($"Case {only} is one of certificates; expected --transport {Tls} or {All}.");
            }
        });
        command.SetAction((parsed, cancellationToken) => FaultOptions.RunAsync(
            parsed,
            (folder, limited) => RunAsync(parsed, folder, limited),
            report => (report.IsClean, report.Lines(), report.Findings),
            cancellationToken));
        return command;
    }

    private static async Task<CasesReport> RunAsync(ParseResult parsed, string folder, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        IngestCase[] rows = [.. IngestCase.Ready.Where(row => parsed.GetValue(Case) is not { } name || row.Name == name)];
        CasesPlan PlanOver(bool tls) => new([.. IngestCase.ReadyOver(tls).Intersect(rows)], parsed.GetValue(MiddleOnly), parsed.GetValue(FaultOptions.Seed));
        bool onSqlite = parsed.GetValue(Engine) is All or Sqlite;
        await using LocalPostgres? postgres =
            parsed.GetValue(Engine) is All or Postgres ? await LocalPostgres.StartAsync(new LocalPostgresOptions(), cancellationToken) : null;
        string certificates = Path.Combine(folder, "certs");
        await ServerVerb.RunPlainAsync(cancellationToken, "certs", "init", "--out", certificates);
        var batches = new List<CaseBatch>();
        bool[] transports = [.. new[] { false, true }.Where(tls => parsed.GetValue(Transport) is All || (parsed.GetValue(Transport) is Tls) == tls)];
        foreach (bool overTls in transports.Where(tls => PlanOver(tls).Rows.Count > 0))
        {
            CasesPlan plan = PlanOver(overTls);
            string own = Path.Combine(folder, overTls ? Tls : Loopback);
            if (onSqlite)
            {
                var store = new SqliteUnderTest(Path.Combine(own, Sqlite));
                batches.Add(await new CaseKillSession(plan, store, overTls ? certificates : null).RunAsync(losesDatabase: false, cancellationToken));
            }

            if (postgres is not null)
            {
                string database = $"{Database}_{(overTls ? Tls : Loopback)}";
                await postgres.CreateDatabaseAsync(database, cancellationToken: cancellationToken);
                var shared = new PostgresUnderTest(Path.Combine(own, Postgres), postgres, database, port: null);
                batches.Add(await new CaseKillSession(plan, shared, overTls ? certificates : null).RunAsync(losesDatabase: false, cancellationToken));
            }

            await Console.Error.WriteLineAsync($"{batches[^1].Name}: {batches[^1].Runs} runs after {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s");
        }

        CaseBatch control = await new CaseKillSession(PlanOver(tls: false), new SqliteUnderTest(Path.Combine(folder, "control")), null).RunAsync(losesDatabase: true, cancellationToken);
        return new CasesReport(batches, control, rows.Length, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }
}

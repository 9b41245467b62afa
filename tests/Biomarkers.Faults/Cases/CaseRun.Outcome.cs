using System.Data.Common;
using Biomarkers.Client;
using Biomarkers.V1;
using Grpc.Core;

namespace Biomarkers.Faults.Cases;

/// <content>What came of it: over gRPC, as everybody sees it, and in the database, where nothing is hidden.</content>
internal sealed partial class CaseRun
{
    private const string OfStream = "JOIN read_stream s ON s.stream_key = t.stream_key WHERE s.instrument_id LIKE @instrument";
    private const string OfPlate = "JOIN plate p ON p.plate_key = t.plate_key WHERE p.barcode LIKE @plate";

    // Every row that hangs on the case's instruments or plates.
    private const string CountAll = $"""
        SELECT 'stream_event', COUNT(*) FROM stream_event t {OfStream}
        UNION ALL SELECT 'quarantined_event', COUNT(*) FROM quarantined_event t {OfStream}
        UNION ALL SELECT 'held_read', COUNT(*) FROM held_read t {OfStream}
        UNION ALL SELECT 'pending_read', COUNT(*) FROM pending_read t {OfStream}
        UNION ALL SELECT 'plate', COUNT(*) FROM plate t WHERE t.barcode LIKE @plate
        UNION ALL SELECT 'plate_layout', COUNT(*) FROM plate_layout t {OfPlate}
        UNION ALL SELECT 'plate_read', COUNT(*) FROM plate_read t {OfPlate}
        UNION ALL SELECT 'same_content', COUNT(*) FROM plate_read t {OfPlate} AND t.same_content_as IS NOT NULL
        UNION ALL SELECT 'analytical_run', COUNT(*) FROM analytical_run t {OfPlate}
        UNION ALL SELECT 'result_version', COUNT(*) FROM result_version v JOIN analytical_run t ON t.run_key = v.run_key {OfPlate}
        """;

    private const string OpenWork = $"SELECT COUNT(*) FROM work_item t {OfPlate} AND t.state = 1";

    // What servers say of themselves counts from the case's first step on.
    private const string Actions = """
        SELECT DISTINCT action FROM audit_event WHERE target LIKE @instrument_name OR target LIKE @plate_name
            OR (target LIKE 'holders/%' AND sequence > (SELECT MIN(sequence) FROM audit_event WHERE target LIKE @instrument_name))
        """;

    private (string Name, object Value)[] Parameters => [("plate", $"{scope}%")];

    /// <summary>Waits until nothing is left to analyse, and compares plates, results, rows and audit with the row.</summary>
    /// <exception cref="CaseFailureException">Something differs; all differences are told.</exception>
    public async Task CheckAsync()
    {
        foreach ((_, CaseClient client) in clients.Where(client => client.Client.Unanswered is not null))
        {
            await SettleAsync(client, wasSentBefore: false);
        }

        await using DbConnection connection = await server.OpenDatabase(CancellationToken.None);
        await AnalyzedAsync(connection);
        var differences = new List<string>();
        foreach ((string plate, string expected) in row.Plates)
        {
            Compare(differences, $"plate {plate}", expected, await PlateAsync(plate));
        }

        foreach ((string sample, string expected) in row.Results)
        {
            string[] names = sample.Split(' ');
            Compare(differences, $"result of {sample}", expected, await ResultAsync(names[0], names[1]));
        }

        foreach ((string table, long count) in await connection.ReadAsync(
            CountAll, found => (found.GetString(0), found.GetInt64(1)), CancellationToken.None, [("instrument", $"{scope}%"), .. Parameters]))
        {
            Compare(differences, $"rows of {table}", $"{row.Rows.GetValueOrDefault(table)}", $"{count}");
        }

        List<string> actions = await connection.ReadAsync(
            Actions, found => found.GetString(0), CancellationToken.None, ("instrument_name", $"instruments/{scope}%"), ("plate_name", $"plates/{scope}%"));
        differences.AddRange(row.Audit.Except(actions).Select(action => $"audit log: expected {action}, got {string.Join(' ', actions.Order())}"));
        if (differences.Count > 0)
        {
            throw new CaseFailureException($"Case {Name}: {string.Join("; ", differences)}.");
        }
    }

    private async Task AnalyzedAsync()
    {
        await using DbConnection connection = await server.OpenDatabase(CancellationToken.None);
        await AnalyzedAsync(connection);
    }

    // A run that is still to come has its open work since the commit that made it possible.
    private Task AnalyzedAsync(DbConnection connection) => UntilAsync(
        "nothing is left to analyse",
        async () => (await connection.ReadAsync(OpenWork, found => found.GetInt64(0), CancellationToken.None, Parameters))[0] == 0);

    private async Task StateAsync(CaseStep step)
    {
        string found = CaseWords.Of((await People.Plates.GetPlateAsync(new GetPlateRequest { Name = $"plates/{Barcode(step.Plate)}" })).State);
        if (found != step.Expected[0])
        {
            throw new CaseFailureException($"The plate's state is {found}.");
        }
    }

    private async Task<string> PlateAsync(string name)
    {
        try
        {
            Plate plate = await People.Plates.GetPlateAsync(new GetPlateRequest { Name = $"plates/{Barcode(name)}" });
            if (plate.AnalyticalRun.Length == 0)
            {
                return CaseWords.Of(plate.State);
            }

            AnalyticalRun run = await People.AnalyticalRuns.GetAnalyticalRunAsync(new GetAnalyticalRunRequest { Name = plate.AnalyticalRun });
            return string.Join(' ', [CaseWords.Of(plate.State), CaseWords.Of(run.Verdict), .. run.Flags.Select(flag => flag.Code).Distinct().Order(StringComparer.Ordinal)]);
        }
        catch (RpcException exception) when (RpcFault.Of(exception).Reason == "PLATE_NOT_FOUND")
        {
            return "NONE";
        }
    }

    private async Task<string> ResultAsync(string plate, string sample)
    {
        var request = new ListResultsRequest { Plate = $"plates/{Barcode(plate)}", SampleId = sample };
        Result? result = (await People.AnalyticalRuns.ListResultsAsync(request)).Results.SingleOrDefault();
        if (result is null)
        {
            return "NONE";
        }

        bool isQuantified = result.RangeStatus == RangeStatus.Quantified;
        return CaseWords.Of(result.RangeStatus) + (isQuantified == result.HasConcentration ? string.Empty : " with a number where none belongs, or without one");
    }

    // Flags stand in any order in a row.
    private static void Compare(List<string> differences, string what, string expected, string found)
    {
        string[] words = expected.Split(' ');
        string ordered = string.Join(' ', [.. words.Take(2), .. words.Skip(2).Order(StringComparer.Ordinal)]);
        if (ordered != found)
        {
            differences.Add($"{what}: expected {ordered}, got {found}");
        }
    }
}

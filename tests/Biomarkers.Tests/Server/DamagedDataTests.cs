using Biomarkers.Client;
using Biomarkers.V1;
using Grpc.Core;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Biomarkers.Tests.Server;

/// <summary>What callers and operators see of a database in which a bit turned.</summary>
public sealed class DamagedDataTests
{
    [Fact]
    public async Task DamagedRun_AskedForTwice_IsDataLossAndOneAuditEvent()
    {
        await using TestServer server = await TestServer.StartAsync();
        Plate plate = await server.AnalyzeAsync("P1");
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(server.Options.DataDirectory, "biomarkers.db")};Pooling=False");
        await connection.OpenAsync();
        await ExecuteAsync(connection, "DROP TRIGGER result_version_no_update; UPDATE result_version SET concentration = 1.5 * concentration WHERE ordinal = 1");

        RpcFault byName = await RefusedAsync(server.Connection.AnalyticalRuns.GetAnalyticalRunAsync(new GetAnalyticalRunRequest { Name = plate.AnalyticalRun }));
        RpcFault inList = await RefusedAsync(server.Connection.AnalyticalRuns.ListResultsAsync(new ListResultsRequest()));
        // In the order of the ledger: what comes after it is there when this is.
        Plate next = await server.AnalyzeAsync("P2");

        Assert.Equal((StatusCode.DataLoss, "STORED_DATA_DAMAGED"), (byName.Code, byName.Reason));
        Assert.Equal((StatusCode.DataLoss, "STORED_DATA_DAMAGED"), (inList.Code, inList.Reason));
        Assert.Contains(plate.AnalyticalRun, byName.Message, StringComparison.Ordinal);
        Assert.Equal(1L, await ExecuteAsync(connection, $"SELECT COUNT(*) FROM audit_event WHERE action = 'STORED_DATA_DAMAGED' AND target = '{plate.AnalyticalRun}'"));
        Assert.Equal(next.AnalyticalRun, (await server.Connection.AnalyticalRuns.GetAnalyticalRunAsync(new GetAnalyticalRunRequest { Name = next.AnalyticalRun })).Name);
    }

    private static async Task<RpcFault> RefusedAsync<T>(AsyncUnaryCall<T> call) => RpcFault.Of(await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync));

    private static async Task<object?> ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync();
    }
}

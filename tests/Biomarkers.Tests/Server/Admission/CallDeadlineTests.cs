using System.Net;
using Biomarkers.Client;
using Biomarkers.Server.Admission;
using Biomarkers.Server.Hosting;
using Biomarkers.Simulation;
using Biomarkers.Tests.Pipeline;
using Biomarkers.V1;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Biomarkers.Tests.Server.Admission;

/// <summary>No unary call lasts longer than the server allows, whatever its caller allows.</summary>
public sealed class CallDeadlineTests
{
    [Theory]
    [InlineData("5S", 5000L)]
    [InlineData("250m", 250L)]
    [InlineData("1M", 60_000L)]
    [InlineData("99999999H", 99_999_999L * 3_600_000)]
    [InlineData("7000u", 7L)]
    [InlineData("8000000n", 8L)]
    [InlineData("S", null)]
    [InlineData("-5S", null)]
    [InlineData("5", null)]
    [InlineData("123456789S", null)]
    [InlineData("5x", null)]
    [InlineData(null, null)]
    public void TryParse_TextOfATimeout_GivesItsTime(string? text, long? milliseconds) =>
        Assert.Equal(milliseconds is { } count ? TimeSpan.FromMilliseconds(count) : null, CallDeadlines.TryParse(text));

    [Fact]
    public async Task UnaryCall_WhileTheStoreHangs_EndsAtTheServersDeadline()
    {
        await using TestServer server = await TestServer.StartAsync(wire: new WireLimits { UnaryDeadline = TimeSpan.FromMilliseconds(700) });
        var request = new SubmitPlateLayoutRequest { Plate = "plates/P1", Layout = PlateMessages.ToWire(TestPlates.Layout()) };
        using var other = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = server.Options.DatabaseFile, Pooling = false }.ToString());
        await other.OpenAsync();
        RpcFault byGrpc;
        HttpStatusCode byJson;
        string answer;
        using (SqliteTransaction held = other.BeginTransaction(deferred: false))
        {
            Task<RpcException> calling = Assert.ThrowsAsync<RpcException>(
                () => server.Connection.Plates.SubmitPlateLayoutAsync(request, deadline: TestServer.Deadline).ResponseAsync);
            using var body = new StringContent(JsonFormatter.Default.Format(new SubmitPlateLayoutRequest { Layout = request.Layout }), null, "application/json");
            using HttpResponseMessage json = await server.Web.PostAsync(new Uri("/v1/plates/P1:submitLayout", UriKind.Relative), body);
            (byGrpc, byJson, answer) = (RpcFault.Of(await calling), json.StatusCode, await json.Content.ReadAsStringAsync());
        }

        Assert.Equal(StatusCode.DeadlineExceeded, byGrpc.Code);
        Assert.Equal(HttpStatusCode.GatewayTimeout, byJson);
        Assert.Contains("DEADLINE_EXCEEDED", answer, StringComparison.Ordinal);
        // The caller was not told what became of it: it repeats, and the store serves again.
        Assert.Equal("plates/P1", (await EventuallyAsync(() => server.Connection.Plates.SubmitPlateLayoutAsync(request).ResponseAsync)).Name);
    }

    private static async Task<Plate> EventuallyAsync(Func<Task<Plate>> call)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.DeadlineExceeded && TimeProvider.System.GetUtcNow() < TestServer.Deadline)
            {
                await Task.Delay(20);
            }
        }
    }
}

using Biomarkers.Client;
using Biomarkers.Server.Access;
using Biomarkers.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Biomarkers.Tests.Server.Access;

/// <summary>The life of keys and instruments on a real server.</summary>
public sealed class AccessKeyTests : IAsyncLifetime
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), $"biomarkers-{Guid.NewGuid():N}");
    private TestServer server = null!;

    private AccessService.AccessServiceClient Access => server.Connection.Access;

    public async Task InitializeAsync() => server = await StartAsync();

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Key_MadeUsedRotatedAndRevoked_CountsAsLongAsItSays()
    {
        CreateKeyResponse made = await Access.CreateKeyAsync(new CreateKeyRequest { DisplayName = "kim", Roles = { Role.Analyst }, Reason = "new colleague" });
        Assert.Equal("", await AskAsync(made.Secret));

        CreateKeyResponse next = await Access.RotateKeyAsync(new RotateKeyRequest { Name = made.Key.Name });
        Assert.Equal(("kim", "Analyst"), (next.Key.DisplayName, next.Key.Roles.Single().ToString()));
        Assert.Equal(["", ""], [await AskAsync(made.Secret), await AskAsync(next.Secret)]);
        AccessKey old = (await Access.ListKeysAsync(new ListKeysRequest())).Keys.Single(key => key.Name == made.Key.Name);
        Assert.Equal(TimeSpan.FromDays(7), old.ExpireTime.ToDateTimeOffset() - next.Key.CreateTime.ToDateTimeOffset());
        Assert.Equal(TimeSpan.FromDays(365), next.Key.ExpireTime.ToDateTimeOffset() - next.Key.CreateTime.ToDateTimeOffset());

        await Access.RevokeKeyAsync(new RevokeKeyRequest { Name = made.Key.Name, Reason = "replaced" });
        Assert.Equal(["The key was revoked.", ""], [await AskAsync(made.Secret), await AskAsync(next.Secret)]);
        await Access.RotateKeyAsync(new RotateKeyRequest { Name = next.Key.Name, Overlap = new Duration() });
        Assert.Equal("The key was revoked.", await AskAsync(next.Secret));

        Assert.Equal(
            ["KEY_CREATED kim: analyst new colleague", "KEY_ROTATED kim: analyst ", "KEY_REVOKED kim replaced", "KEY_ROTATED kim: analyst "],
            Audit("KEY_%", "action || ' ' || CASE WHEN instr(detail, ',') > 0 THEN substr(detail, 1, instr(detail, ',') - 1) ELSE detail END || ' ' || COALESCE(reason, '')"));
    }

    [Fact]
    public async Task Keys_OfOneName_AreTwoAtMost()
    {
        var request = new CreateKeyRequest { DisplayName = "lims-1", Roles = { Role.Lims } };
        CreateKeyResponse first = await Access.CreateKeyAsync(request);
        await Access.CreateKeyAsync(request);

        RpcFault third = await RefusedAsync(() => Access.CreateKeyAsync(request).ResponseAsync);
        RpcFault rotated = await RefusedAsync(() => Access.RotateKeyAsync(new RotateKeyRequest { Name = first.Key.Name }).ResponseAsync);
        await Access.RevokeKeyAsync(new RevokeKeyRequest { Name = first.Key.Name, Reason = "too many" });
        CreateKeyResponse after = await Access.CreateKeyAsync(request);

        Assert.Equal(["LIMIT_EXCEEDED", "LIMIT_EXCEEDED"], [third.Fields.Single().Reason, rotated.Fields.Single().Reason]);
        Assert.Equal(first.Key.ExpireTime, (await Access.ListKeysAsync(new ListKeysRequest { ShowInactive = true })).Keys.Single(key => key.Name == first.Key.Name).ExpireTime);
        Assert.True(after.Key.Active);
    }

    [Fact]
    public async Task Json_OfKeysAndInstruments_IsTheSameService()
    {
        static StringContent Body(string json) => new(json, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage enrolled = await server.Web.PostAsync("/v1/instruments", Body("""{"instrumentId":"reader-1"}"""));
        using HttpResponseMessage made = await server.Web.PostAsync(
            "/v1/keys", Body("""{"displayName":"reader-1","roles":["ROLE_INSTRUMENT"],"instrument":"instruments/reader-1","validFor":"86400s"}"""));
        string secret = System.Text.Json.JsonDocument.Parse(await made.Content.ReadAsStringAsync()).RootElement.GetProperty("secret").GetString()!;
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/instruments/-/quarantinedEvents");
        request.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", secret);
        using var own = new HttpClient { BaseAddress = server.Web.BaseAddress };
        using HttpResponseMessage quarantine = await own.SendAsync(request);
        using HttpResponseMessage retired = await server.Web.PostAsync("/v1/instruments/reader-1:retire", Body("""{"reason":"sold"}"""));

        Assert.All(new[] { enrolled, made, quarantine, retired }, answer => Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode));
        Assert.Contains("retireTime", await retired.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("roles", "REQUIRED", "", 0)]
    [InlineData("roles", "OUT_OF_RANGE", "instruments/reader-1", 0, Role.Instrument, Role.Analyst)] // a machine that sends reads no results
    [InlineData("instrument", "REQUIRED", "", 0, Role.Instrument)]
    [InlineData("instrument", "OUT_OF_RANGE", "instruments/reader-1", 0, Role.Analyst)]
    [InlineData("instrument", "INSTRUMENT_UNKNOWN", "instruments/nobody", 0, Role.Instrument)]
    [InlineData("valid_for", "OUT_OF_RANGE", "", 731 * 86_400, Role.Analyst)]
    [InlineData("valid_for", "OUT_OF_RANGE", "", 59, Role.Analyst)]
    [InlineData("roles", "UNKNOWN_WORD", "", 0, (Role)99)]
    public async Task CreateKey_WrongRequest_NamesItsField(string field, string reason, string instrument, long seconds, params Role[] roles)
    {
        var request = new CreateKeyRequest { DisplayName = "kim", Roles = { roles }, Instrument = instrument };
        request.ValidFor = seconds > 0 ? new Duration { Seconds = seconds } : null;

        RpcFault fault = await RefusedAsync(() => Access.CreateKeyAsync(request).ResponseAsync);

        Assert.Equal((StatusCode.InvalidArgument, field, reason), (fault.Code, fault.Fields[0].Field, fault.Fields[0].Reason));
    }

    [Fact]
    public async Task Changes_WithoutTheirReason_AreRefused()
    {
        RpcFault[] faults =
        [
            await RefusedAsync(() => Access.RevokeKeyAsync(new RevokeKeyRequest { Name = "keys/k" }).ResponseAsync),
            await RefusedAsync(() => Access.RetireInstrumentAsync(new RetireInstrumentRequest { Name = "instruments/r" }).ResponseAsync),
            await RefusedAsync(() => Access.RevokeCertificateAsync(
                new RevokeCertificateRequest { Instrument = "instruments/r", Sha256Thumbprint = new string('A', 64) }).ResponseAsync),
        ];

        Assert.All(faults, fault => Assert.Equal("REASON_REQUIRED", fault.Fields.Single().Reason));
    }

    [Fact]
    public async Task Secret_OfAKey_IsNowhereInTheDatabase()
    {
        CreateKeyResponse made = await Access.CreateKeyAsync(new CreateKeyRequest { DisplayName = "kim", Roles = { Role.Auditor } });
        await server.DisposeAsync();
        string[] files = Directory.GetFiles(folder);
        byte[] secret = System.Text.Encoding.UTF8.GetBytes(made.Secret[^43..]);

        Assert.True(files.Length >= 2);
        Assert.All(files, file => Assert.Equal(-1, File.ReadAllBytes(file).AsSpan().IndexOf(secret)));
        server = await StartAsync();
        Assert.Equal("", await AskAsync(made.Secret, new ListPlatesRequest()));
        Assert.StartsWith("Expected", await AskAsync(made.Secret[..^1] + (made.Secret[^1] == 'A' ? 'B' : 'A')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Instrument_EnrolledRetiredAndBack_SendsAsItselfAndNoOther()
    {
        await Access.EnrollInstrumentAsync(new EnrollInstrumentRequest { InstrumentId = "reader-1" });
        await Access.EnrollInstrumentAsync(new EnrollInstrumentRequest { InstrumentId = "reader-2" });
        string key = await InstrumentKeyAsync("reader-1");

        Assert.Equal("OK", await SubmitAsync(key, "reader-1"));
        // Whether or not there is another instrument of that name is not told.
        Assert.Equal(["IDENTITY_MISMATCH", "IDENTITY_MISMATCH"], [await SubmitAsync(key, "reader-2"), await SubmitAsync(key, "nobody")]);
        Instrument retired = await Access.RetireInstrumentAsync(new RetireInstrumentRequest { Name = "instruments/reader-1", Reason = "sold" });
        Assert.NotNull(retired.RetireTime);
        Assert.Equal("UNAUTHENTICATED", await SubmitAsync(key, "reader-1"));

        await Access.EnrollInstrumentAsync(new EnrollInstrumentRequest { InstrumentId = "reader-1" });
        Assert.Equal("UNAUTHENTICATED", await SubmitAsync(key, "reader-1"));
        Assert.Equal("OK", await SubmitAsync(await InstrumentKeyAsync("reader-1"), "reader-1"));
        Assert.Equal(["INSTRUMENT_ENROLLED", "INSTRUMENT_ENROLLED", "INSTRUMENT_RETIRED", "INSTRUMENT_ENROLLED"], Audit("INSTRUMENT_%", "action"));
        Assert.Equal(["reader-1", "reader-2"], (await Access.ListInstrumentsAsync(new ListInstrumentsRequest())).Instruments.Select(instrument => instrument.Name["instruments/".Length..]));
    }

    [Fact]
    public async Task QuarantineOfAll_ToAnInstrument_IsItsOwn()
    {
        foreach (string instrument in new[] { "reader-1", "reader-2" })
        {
            await Access.EnrollInstrumentAsync(new EnrollInstrumentRequest { InstrumentId = instrument });
            using TestStream stream = await TestStream.OpenAsync(server.Connection, instrument: $"instruments/{instrument}");
            await stream.SendAsync(0, [1, 2, 3]);
            await stream.AckedToAsync(1);
        }

        Metadata headers = Headers(await InstrumentKeyAsync("reader-2"));
        using GrpcChannel channel = server.Anonymous();
        var ingest = new PlateReadIngestService.PlateReadIngestServiceClient(channel);

        ListQuarantinedEventsResponse own = await ingest.ListQuarantinedEventsAsync(new ListQuarantinedEventsRequest { Parent = "instruments/-" }, headers, TestServer.Deadline);
        ListQuarantinedEventsResponse all = await server.Connection.Ingest.ListQuarantinedEventsAsync(new ListQuarantinedEventsRequest { Parent = "instruments/-" });

        Assert.Equal((1, 2), (own.QuarantinedEvents.Count, all.QuarantinedEvents.Count));
        Assert.Contains("reader-2", own.QuarantinedEvents[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RevokedKey_OfAnOpenStream_IsCut()
    {
        await Access.EnrollInstrumentAsync(new EnrollInstrumentRequest { InstrumentId = "reader-1" });
        CreateKeyResponse made = await Access.CreateKeyAsync(new CreateKeyRequest { DisplayName = "reader-1", Roles = { Role.Instrument }, Instrument = "instruments/reader-1" });
        using BiomarkersConnection connection = server.Connect(WriteKey(made.Secret));
        using TestStream stream = await TestStream.OpenAsync(connection);
        using TestStream owners = await TestStream.OpenAsync(server.Connection, stream: "owner");

        await Access.RevokeKeyAsync(new RevokeKeyRequest { Name = made.Key.Name, Reason = "lost" });

        Assert.Contains((await stream.FaultAsync()).Code, new[] { StatusCode.Cancelled, StatusCode.Unavailable, StatusCode.Internal });
        await owners.HalfCloseAsync();
        Assert.Null(await owners.NextAsync());
        Assert.Equal(StatusCode.Unauthenticated, (await RefusedAsync(() => TestStream.OpenAsync(connection))).Code);
    }

    [Fact]
    public async Task Denials_OfOneMinute_AreOneAuditEventEachWithTheirNumber()
    {
        CreateKeyResponse made = await Access.CreateKeyAsync(new CreateKeyRequest { DisplayName = "kim", Roles = { Role.Reviewer } });
        for (int i = 0; i < 5; i++)
        {
            Assert.StartsWith("The caller has no right", await AskAsync(made.Secret, new CreateAssayRequest()), StringComparison.Ordinal);
            Assert.StartsWith("Expected", await AskAsync("bmk_unknown"), StringComparison.Ordinal);
        }

        // What was counted is written when the server ends.
        await server.DisposeAsync();
        server = await StartAsync();

        ListDenialsResponse denials = await Access.ListDenialsAsync(new ListDenialsRequest());
        string identity = $"{made.Key.Name} (kim)";
        Assert.Equal(
            [("anonymous", "biomarkers.v1.PlateService/ListPlates", "UNAUTHENTICATED", 5L), (identity, "biomarkers.v1.AssayService/CreateAssay", "PERMISSION_DENIED", 5L)],
            denials.Denials.Select(denial => (denial.Identity, denial.Method, denial.Reason, denial.CallCount)).Order());
        Assert.Equal(2, Audit("ACCESS_DENIED", "action").Length);
        Assert.DoesNotContain("bmk_", string.Join(' ', Audit("%", "actor || target || COALESCE(reason, '') || COALESCE(detail, '')")), StringComparison.Ordinal);
        Assert.NotNull((await Access.ListKeysAsync(new ListKeysRequest())).Keys.Single(key => key.Name == made.Key.Name).LastUseTime);
    }

    [Fact]
    public async Task RevokedKey_ThatIsUsedAgain_IsNamedInTheAuditLog()
    {
        CreateKeyResponse made = await Access.CreateKeyAsync(new CreateKeyRequest { DisplayName = "kim", Roles = { Role.Reviewer } });
        await Access.RevokeKeyAsync(new RevokeKeyRequest { Name = made.Key.Name, Reason = "lost" });

        Assert.Equal("The key was revoked.", await AskAsync(made.Secret));
        await server.DisposeAsync();
        server = await StartAsync();

        Denial denial = Assert.Single((await Access.ListDenialsAsync(new ListDenialsRequest())).Denials);
        Assert.Equal(($"{made.Key.Name} (kim)", "KEY_REVOKED", 1L), (denial.Identity, denial.Reason, denial.CallCount));
    }

    [Fact]
    public void Denials_OfManyIdentities_AreCountedTogetherFromTheLimitOn()
    {
        var denials = new Biomarkers.Server.Access.Denials(new AccessOptions { DenialsCountedApart = 3 });
        denials.PutBack(Enumerable.Range(0, 100).Select(i => new Biomarkers.Pipeline.Access.Denial($"keys/{i}", "m", "PERMISSION_DENIED", 1, "")));

        IReadOnlyList<Biomarkers.Pipeline.Access.Denial> taken = denials.Take();

        Assert.Equal([("keys/0", 1L), ("keys/1", 1L), ("keys/2", 1L), ("others", 97L)], taken.Select(denial => (denial.Identity, denial.CallCount)));
        Assert.Empty(denials.Take());
    }

    private async Task<TestServer> StartAsync() =>
        await TestServer.StartAsync(folder, change: options => options with { Access = new AccessOptions { ViewLife = TimeSpan.FromMilliseconds(50) } });

    private async Task<string> InstrumentKeyAsync(string instrument) =>
        (await Access.CreateKeyAsync(new CreateKeyRequest { DisplayName = instrument, Roles = { Role.Instrument }, Instrument = $"instruments/{instrument}" })).Secret;

    private string WriteKey(string key)
    {
        string file = Path.Combine(folder, $"{Guid.NewGuid():N}.key");
        File.WriteAllText(file, key);
        return file;
    }

    private static Metadata Headers(string key) => new() { { "authorization", $"Bearer {key}" } };

    // What the server says against a key; empty where it takes it.
    private async Task<string> AskAsync(string key, object? request = null)
    {
        using GrpcChannel channel = server.Anonymous();
        try
        {
            if (request is CreateAssayRequest create)
            {
                await new AssayService.AssayServiceClient(channel).CreateAssayAsync(create, Headers(key), TestServer.Deadline);
            }
            else
            {
                await new PlateService.PlateServiceClient(channel).ListPlatesAsync(new ListPlatesRequest(), Headers(key), TestServer.Deadline);
            }

            return "";
        }
        catch (RpcException exception)
        {
            return RpcFault.Of(exception).Message;
        }
    }

    private async Task<string> SubmitAsync(string key, string instrument)
    {
        using GrpcChannel channel = server.Anonymous();
        var request = new SubmitPlateReadRequest { Instrument = $"instruments/{instrument}", PlateRead = TestServer.Read("K-1") };
        try
        {
            await new PlateReadIngestService.PlateReadIngestServiceClient(channel).SubmitPlateReadAsync(request, Headers(key), TestServer.Deadline);
            return "OK";
        }
        catch (RpcException exception)
        {
            return RpcFault.Of(exception).Reason;
        }
    }

    private static async Task<RpcFault> RefusedAsync(Func<Task> call) => RpcFault.Of(await Assert.ThrowsAsync<RpcException>(call));

    private string[] Audit(string action, string columns)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "biomarkers.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT {columns} FROM audit_event WHERE action LIKE $action ORDER BY sequence";
        command.Parameters.AddWithValue("$action", action);
        using SqliteDataReader reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(reader.GetString(0));
        }

        return [.. rows];
    }
}

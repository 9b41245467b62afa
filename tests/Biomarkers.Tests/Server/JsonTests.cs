using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Biomarkers.V1;
using Google.Api;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Xunit;

namespace Biomarkers.Tests.Server;

/// <summary>The same answers as JSON over HTTP/1.1.</summary>
public sealed class JsonTests : IAsyncLifetime
{
    private TestServer server = null!;

    public async Task InitializeAsync()
    {
        server = await TestServer.StartAsync();
        using TestStream stream = await TestStream.OpenAsync(server.Connection);
        await stream.SendAsync(0, new StreamEventContent { PlateRead = TestServer.Read("P1") });
        await stream.SendAsync(1, [0xFF]);
        PlateRead nameless = TestServer.Read("P2");
        nameless.PlateBarcode = "";
        await stream.SendAsync(2, new StreamEventContent { PlateRead = nameless });
        await stream.AckedToAsync(3);
        await server.UntilAsync("P1", PlateState.Analyzed);
    }

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task EveryGet_AnswersWhatGrpcAnswers()
    {
        var run = (await server.Connection.AnalyticalRuns.ListAnalyticalRunsAsync(new ListAnalyticalRunsRequest())).AnalyticalRuns.Single();
        Result result = (await server.Connection.AnalyticalRuns.ListResultsAsync(new ListResultsRequest())).Results[0];
        QuarantinedEvent refused = (await server.Connection.Ingest.ListQuarantinedEventsAsync(new ListQuarantinedEventsRequest { Parent = "instruments/-" })).QuarantinedEvents.Single();
        HeldPlate held = (await server.Connection.Plates.ListHeldPlatesAsync(new ListHeldPlatesRequest())).HeldPlates.Single();
        Dictionary<string, (string Path, IMessage Expected)> asked = new()
        {
            ["/v1/{name=quarantinedEvents/*}"] =
                ($"/v1/{refused.Name}", await server.Connection.Ingest.GetQuarantinedEventAsync(new GetQuarantinedEventRequest { Name = refused.Name })),
            ["/v1/{name=heldPlates/*}"] = ($"/v1/{held.Name}", await server.Connection.Plates.GetHeldPlateAsync(new GetHeldPlateRequest { Name = held.Name })),
            ["/v1/heldPlates"] = ("/v1/heldPlates?instrument=instruments/reader-1", await server.Connection.Plates.ListHeldPlatesAsync(new ListHeldPlatesRequest())),
            ["/v1/{name=plates/*}"] = ("/v1/plates/P1", await server.Connection.Plates.GetPlateAsync(new GetPlateRequest { Name = "plates/P1" })),
            ["/v1/plates"] = ("/v1/plates?pageSize=10", await server.Connection.Plates.ListPlatesAsync(new ListPlatesRequest { PageSize = 10 })),
            ["/v1/{name=analyticalRuns/*}"] =
                ($"/v1/{run.Name}", await server.Connection.AnalyticalRuns.GetAnalyticalRunAsync(new GetAnalyticalRunRequest { Name = run.Name })),
            ["/v1/analyticalRuns"] = ("/v1/analyticalRuns?plate=plates/P1", await server.Connection.AnalyticalRuns.ListAnalyticalRunsAsync(new ListAnalyticalRunsRequest())),
            ["/v1/{name=results/*}"] = ($"/v1/{result.Name}", await server.Connection.AnalyticalRuns.GetResultAsync(new GetResultRequest { Name = result.Name })),
            ["/v1/results"] = (
                "/v1/results?sampleId=S-1&order=LIST_ORDER_OLDEST_FIRST",
                await server.Connection.AnalyticalRuns.ListResultsAsync(new ListResultsRequest { SampleId = "S-1", Order = ListOrder.OldestFirst })),
            ["/v1/{name=assays/*}"] = ("/v1/assays/il-6@1", await server.Connection.Assays.GetAssayAsync(new GetAssayRequest { Name = "assays/il-6@1" })),
            ["/v1/assays"] = ("/v1/assays?page_size=2", await server.Connection.Assays.ListAssaysAsync(new ListAssaysRequest { PageSize = 2 })),
            ["/v1/{name=instruments/*/readStreams/*}"] = (
                "/v1/instruments/reader-1/readStreams/s1",
                await server.Connection.Ingest.GetReadStreamAsync(new GetReadStreamRequest { Name = "instruments/reader-1/readStreams/s1" })),
            ["/v1/{parent=instruments/*}/quarantinedEvents"] = (
                "/v1/instruments/-/quarantinedEvents",
                await server.Connection.Ingest.ListQuarantinedEventsAsync(new ListQuarantinedEventsRequest { Parent = "instruments/-" })),
        };

        // The templates come from the contract: a new method that is not asked here fails.
        Assert.Equal(GetTemplates().Order(), asked.Keys.Order());
        var parser = new JsonParser(JsonParser.Settings.Default.WithTypeRegistry(
            TypeRegistry.FromMessages(Google.Rpc.ErrorInfo.Descriptor, Google.Rpc.BadRequest.Descriptor)));
        foreach ((string path, IMessage expected) in asked.Values)
        {
            using HttpResponseMessage answer = await server.Web.GetAsync(path);
            string json = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{path}: {answer.StatusCode} {json}");
            Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
            Assert.Equal(expected, parser.Parse(json, expected.Descriptor));
        }
    }

    [Theory]
    [InlineData("/v1/plates?pageSize=-1", HttpStatusCode.BadRequest, "INVALID_CONTENT", "page_size")] // bad content: every violation
    [InlineData("/v1/results?pageToken=abc&plate=x", HttpStatusCode.BadRequest, "INVALID_CONTENT", "plate")] // two at once
    [InlineData("/v1/plates/none", HttpStatusCode.NotFound, "PLATE_NOT_FOUND", null)] // nothing there
    public async Task Error_TellsReasonAndViolations(string path, HttpStatusCode code, string reason, string? field)
    {
        using HttpResponseMessage answer = await server.Web.GetAsync(path);
        string body = await answer.Content.ReadAsStringAsync();

        Assert.True(answer.StatusCode == code, $"{answer.StatusCode} {body}");
        using JsonDocument json = JsonDocument.Parse(body);
        JsonElement[] details = [.. json.RootElement.GetProperty("details").EnumerateArray()];
        JsonElement info = details.Single(detail => detail.GetProperty("@type").GetString() == "type.googleapis.com/google.rpc.ErrorInfo");
        Assert.Equal(("biomarkers", reason), (info.GetProperty("domain").GetString(), info.GetProperty("reason").GetString()));
        if (field is not null)
        {
            JsonElement bad = details.Single(detail => detail.GetProperty("@type").GetString() == "type.googleapis.com/google.rpc.BadRequest");
            Assert.Contains(field, bad.GetProperty("fieldViolations").EnumerateArray().Select(violation => violation.GetProperty("field").GetString()));
        }
    }

    [Fact]
    public async Task PlateRead_SubmittedAsJson_IsStoredOnce()
    {
        using var content = new StringContent(
            JsonFormatter.Default.Format(new SubmitPlateReadRequest { PlateRead = TestServer.Read("P2") }), System.Text.Encoding.UTF8, "application/json");

        using HttpResponseMessage answer = await server.Web.PostAsync("/v1/instruments/reader-1:submitPlateRead", content);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        JsonElement json = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("DISPOSITION_KIND_STORED", json.GetProperty("disposition").GetString());
        Assert.Equal(PlateState.Analyzed, (await server.UntilAsync("P2", PlateState.Analyzed)).State);
    }

    // A mistyped condition or signature must not be left out in silence.
    [Theory]
    [InlineData("/v1/instruments/reader-1:submitPlateRead", """{"plate_read":""", "application/json", "no JSON object")]
    [InlineData("/v1/instruments/reader-1:submitPlateRead", "[]", "application/json", "Expected a JSON object")]
    [InlineData("/v1/subscriptions", """{"subscriptionId":"s","subscription":{"analyte":["il-6"]}}""", "application/json", "subscription.analyte")]
    [InlineData("/v1/results:release", """{"results":["results/1@1"],"signature":{"meaning":"SIGNATURE_MEANING_APPROVAL"}}""", "application/json", "'signature'")]
    [InlineData("/v1/plates/P1:reanalyze", """{"reason":"bubble","exclusions":[{"well":"A03","reason":"bubble"}]}""", "application/json", "exclusions[0].well")]
    [InlineData("/v1/subscriptions", """{"subscriptionId":"s","subscriptionId":"t"}""", "application/json", "twice")]
    [InlineData("/v1/subscriptions", """{"subscriptionId":"s","subscription_id":"t"}""", "application/json", "stands twice")]
    [InlineData("/v1/plates/P1:reanalyze", """{"reason":"bubble","exclusions":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}""", "application/json", "exclusions[19]")]
    [InlineData("/v1/subscriptions", """{"subscriptionId":"s"}""", "application/x-www-form-urlencoded", "Content-Type: application/json")]
    public async Task Body_WithWhatTheMethodDoesNotKnow_IsRefusedAndNamed(string path, string body, string type, string expected)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, type);

        using HttpResponseMessage answer = await server.Web.PostAsync(path, content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        string told = System.Text.RegularExpressions.Regex.Unescape(await answer.Content.ReadAsStringAsync());
        Assert.Contains("INVALID_CONTENT", told, StringComparison.Ordinal);
        Assert.Contains(expected, told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_LargerThanAMessage_IsRefusedAsTooLarge()
    {
        using var content = new StringContent($$"""{"subscriptionId":"{{new string('s', 2 * 1024 * 1024)}}"}""", System.Text.Encoding.UTF8, "application/json");

        using HttpResponseMessage answer = await server.Web.PostAsync("/v1/subscriptions", content);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Contains("MESSAGE_TOO_LARGE", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static IEnumerable<string> GetTemplates() =>
        new[] { PlateReadIngestServiceReflection.Descriptor, PlateServiceReflection.Descriptor, AnalyticalRunServiceReflection.Descriptor, AssayServiceReflection.Descriptor }
            .SelectMany(file => file.Services)
            .SelectMany(service => service.Methods)
            .Select(method => method.GetOptions()?.GetExtension(AnnotationsExtensions.Http)?.Get)
            .Where(template => !string.IsNullOrEmpty(template))
            .Select(template => template!);
}

using System.Net;
using System.Security.Claims;
using Biomarkers.Client;
using Biomarkers.Server.Admission;
using Biomarkers.Server.Hosting;
using Biomarkers.V1;
using Google.Rpc;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Http;
using Xunit;
using StatusCode = Grpc.Core.StatusCode;

namespace Biomarkers.Tests.Server.Admission;

/// <summary>A caller that asks for too much is told when to come again; others and health are served meanwhile.</summary>
public sealed class CallAdmissionTests
{
    [Fact]
    public async Task Calls_MoreAtOnceThanACallerMayMake_AreRefusedUntilOneEnds()
    {
        await using TestServer server = await TestServer.StartAsync(wire: new WireLimits { CallsPerCaller = 2 });
        AsyncServerStreamingCall<WatchPlatesResponse>[] watches = [Watch(server), Watch(server)];
        await Task.WhenAll(watches.Select(watch => watch.ResponseHeadersAsync));

        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => server.Connection.Plates.ListPlatesAsync(new ListPlatesRequest()).ResponseAsync);

        var fault = RpcFault.Of(refused);
        Assert.Equal((StatusCode.ResourceExhausted, "RATE_LIMITED", TimeSpan.FromSeconds(1)), (fault.Code, fault.Reason, fault.RetryDelay));
        Assert.Equal("keys/local", refused.GetRpcStatus()!.GetDetail<QuotaFailure>()!.Violations.Single().Subject);
        using HttpResponseMessage json = await server.Web.GetAsync(new Uri("/v1/plates", UriKind.Relative));
        Assert.Equal(HttpStatusCode.TooManyRequests, json.StatusCode);
        await AssertHealthyAsync(server);
        Array.ForEach(watches, watch => watch.Dispose());
        await EventuallyAsync(() => server.Connection.Plates.ListPlatesAsync(new ListPlatesRequest()).ResponseAsync);
    }

    [Fact]
    public async Task Calls_WithoutAKnownKey_AreRefusedByAddressAndHarmNobodyElse()
    {
        await using TestServer server = await TestServer.StartAsync(wire: new WireLimits { UnknownCallsPerSecond = 10 });
        using GrpcChannel channel = server.Anonymous();
        var plates = new PlateService.PlateServiceClient(channel);

        StatusCode[] codes = await Task.WhenAll(Enumerable.Range(0, 100).Select(async _ =>
            (await Assert.ThrowsAsync<RpcException>(() => plates.ListPlatesAsync(new ListPlatesRequest()).ResponseAsync)).StatusCode));

        // Twice the rate at once, and what comes to be free while they run.
        Assert.InRange(codes.Count(code => code == StatusCode.Unauthenticated), 20, 90);
        Assert.All(codes, code => Assert.True(code is StatusCode.Unauthenticated or StatusCode.ResourceExhausted, $"{code} came."));
        Assert.Empty((await server.Connection.Plates.ListPlatesAsync(new ListPlatesRequest())).Plates);
        await AssertHealthyAsync(server);
    }

    [Fact]
    public async Task Writes_MoreThanTheServerTakesAtOnce_AreRefusedForTheirCallerThenForAll()
    {
        await using var admission = new CallAdmission(new WireLimits { WritesAtOnce = 4 });
        var hold = new TaskCompletionSource();
        Task[] held = [.. new[] { "a", "a", "b", "b" }.Select(caller => admission.AdmitAsync(Call(caller, nameof(PlateService.PlateServiceClient.SubmitPlateLayout)), _ => hold.Task))];

        DefaultHttpContext third = Call("a", nameof(PlateService.PlateServiceClient.SubmitPlateLayout));
        DefaultHttpContext other = Call("c", nameof(PlateService.PlateServiceClient.SubmitPlateLayout));
        DefaultHttpContext read = Call("a", nameof(PlateService.PlateServiceClient.ListPlates));
        bool wasRead = false;
        await admission.AdmitAsync(third, _ => Task.CompletedTask);
        await admission.AdmitAsync(other, _ => Task.CompletedTask);
        await admission.AdmitAsync(read, _ =>
        {
            wasRead = true;
            return Task.CompletedTask;
        });

        Assert.Contains("'a' asks for too much: expected at most 2 writes at once", Message(third), StringComparison.Ordinal);
        Assert.Contains("The server has too much to do: 4 writes wait", Message(other), StringComparison.Ordinal);
        Assert.True(wasRead);
        hold.SetResult();
        await Task.WhenAll(held);
        bool isFree = false;
        await admission.AdmitAsync(Call("c", nameof(PlateService.PlateServiceClient.SubmitPlateLayout)), _ =>
        {
            isFree = true;
            return Task.CompletedTask;
        });
        Assert.True(isFree);
    }

    private static AsyncServerStreamingCall<WatchPlatesResponse> Watch(TestServer server) =>
        server.Connection.Plates.WatchPlates(new WatchPlatesRequest(), deadline: TestServer.Deadline);

    // The end of a call is seen by the server a little later than by its caller.
    private static async Task EventuallyAsync(Func<Task> call)
    {
        while (true)
        {
            try
            {
                await call();
                return;
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.ResourceExhausted && TimeProvider.System.GetUtcNow() < TestServer.Deadline)
            {
                await Task.Delay(20);
            }
        }
    }

    private static async Task AssertHealthyAsync(TestServer server)
    {
        using GrpcChannel channel = server.Anonymous();
        HealthCheckResponse health = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        using HttpResponseMessage ready = await server.Web.GetAsync(new Uri("/readyz", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    private static DefaultHttpContext Call(string caller, string method)
    {
        var context = new DefaultHttpContext { User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, caller)], "test")) };
        context.Request.ContentType = "application/grpc";
        Marshaller<string> none = Marshallers.StringMarshaller;
        var metadata = new GrpcMethodMetadata(typeof(PlateService), new Method<string, string>(MethodType.Unary, "PlateService", method, none, none));
        context.SetEndpoint(new Microsoft.AspNetCore.Http.Endpoint(null, new EndpointMetadataCollection(metadata), method));
        return context;
    }

    private static string Message(HttpContext context) => Uri.UnescapeDataString(context.Response.Headers["grpc-message"].ToString());
}

using System.Net;
using System.Reflection;
using Biomarkers.Client;
using Biomarkers.Server.Access;
using Biomarkers.Server.Hosting;
using Biomarkers.V1;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Reflection.V1Alpha;
using Microsoft.AspNetCore.Authorization;
using Xunit;

namespace Biomarkers.Tests.Server;

/// <summary>Who may call what.</summary>
public sealed class AccessTests : IClassFixture<SharedServer>
{
    private static readonly FileDescriptor[] Files =
    [
        PlateReadIngestServiceReflection.Descriptor, PlateServiceReflection.Descriptor, AnalyticalRunServiceReflection.Descriptor, AssayServiceReflection.Descriptor,
        AccessServiceReflection.Descriptor, ReviewServiceReflection.Descriptor, AuditServiceReflection.Descriptor, ResultDeliveryServiceReflection.Descriptor,
    ];

    private readonly TestServer server;

    public AccessTests(SharedServer shared) => server = shared.Server;

    public static TheoryData<string> Methods => [.. Files.SelectMany(file => file.Services).SelectMany(service => service.Methods).Select(method => method.FullName)];

    [Fact]
    public void Methods_AreThoseOfEveryServiceOfTheContract()
    {
        // Every service that is generated: a new one can't be left out of the tests below.
        IEnumerable<string> generated = typeof(PlateService).Assembly.GetTypes()
            .Where(type => type.GetCustomAttribute<BindServiceMethodAttribute>() is not null)
            .Select(type => type.DeclaringType!.Name);

        Assert.Equal(generated.Order(), Files.SelectMany(file => file.Services).Select(service => service.Name).Order());
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Call_WithoutOrWithAWrongKey_IsUnauthenticated(string name)
    {
        MethodDescriptor method = Files.SelectMany(file => file.Services).SelectMany(service => service.Methods).Single(method => method.FullName == name);
        using GrpcChannel channel = server.Anonymous();
        string[] wrong = ["Bearer bmk_" + new string('A', 43), "Bearer ", "Basic " + server.Key, server.Key, "Bearer " + server.Key[..^1]];

        RpcFault without = await CallAsync(channel, method, []);
        Assert.Equal(StatusCode.Unauthenticated, without.Code);
        Assert.Equal("UNAUTHENTICATED", without.Reason);
        foreach (string authorization in wrong)
        {
            Assert.Equal(StatusCode.Unauthenticated, (await CallAsync(channel, method, new Metadata { { "authorization", authorization } })).Code);
        }
    }

    [Fact]
    public void ServiceMethods_EachNamesAPolicyThatIsKnown()
    {
        Type[] services = [.. typeof(ServerHost).Assembly.GetTypes().Where(type => type.BaseType?.GetCustomAttribute<BindServiceMethodAttribute>() is not null)];
        Assert.Equal(Files.SelectMany(file => file.Services).Select(service => service.Name).Order(), services.Select(type => type.Name).Order());
        foreach (MethodDescriptor method in Files.SelectMany(file => file.Services).SelectMany(service => service.Methods))
        {
            MethodInfo? implementation = services.Single(type => type.Name == method.Service.Name)
                .GetMethod(method.Name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly);
            Assert.True(implementation is not null, $"{method.FullName} has no implementation.");
            string? policy = implementation.GetCustomAttribute<AuthorizeAttribute>()?.Policy;
            Assert.True(policy is not null && Policies.All.Contains(policy), $"{method.FullName} names the policy '{policy}'; expected one of {string.Join(", ", Policies.All)}.");
        }
    }

    [Fact]
    public async Task Health_WithoutAKey_Serves()
    {
        using GrpcChannel channel = server.Anonymous();

        HealthCheckResponse answer = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest(), deadline: TestServer.Deadline);

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, answer.Status);
    }

    [Fact]
    public async Task Reflection_OnLoopback_ListsEveryService()
    {
        using GrpcChannel channel = server.Anonymous();
        using var call = new ServerReflection.ServerReflectionClient(channel).ServerReflectionInfo(deadline: TestServer.Deadline);
        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "*" });

        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));

        string[] listed = [.. call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name)];
        Assert.Subset(listed.ToHashSet(), Files.SelectMany(file => file.Services).Select(service => service.FullName).ToHashSet());
    }

    [Theory]
    [InlineData("/v1/plates")] // a method of the contract
    [InlineData("/")] // no method at all: nothing is told to who has no key
    public async Task Json_WithoutAKey_IsRefused(string path)
    {
        using var client = new HttpClient { BaseAddress = server.Web.BaseAddress };

        using HttpResponseMessage answer = await client.GetAsync(path);

        Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.Unauthorized, HttpStatusCode.NotFound });
    }

    [Fact]
    public void KeyFile_MadeByServersThatStartTogether_IsOneKey()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-");
        try
        {
            string file = Path.Combine(folder.FullName, "client.key");
            var keys = new KeyFile[16];
            Parallel.For(0, keys.Length, i => keys[i] = KeyFile.ReadOrCreate(file));

            Assert.All(keys, key => Assert.True(key.Matches(File.ReadAllText(file).Trim())));
            Assert.Equal([file], Directory.GetFiles(folder.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void KeyFile_IsReadableByItsOwnerOnly()
    {
        Assert.True(server.Key.Length >= 47, $"The key has {server.Key.Length} characters; expected 43 of 256 bits behind a prefix.");
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(server.Options.KeyFile));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(server.Options.DatabaseFile));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(server.Options.DataDirectory));
        }
    }

    private static async Task<RpcFault> CallAsync(GrpcChannel channel, MethodDescriptor method, Metadata headers)
    {
        MethodType type = method.IsClientStreaming ? MethodType.DuplexStreaming : method.IsServerStreaming ? MethodType.ServerStreaming : MethodType.Unary;
        Marshaller<byte[]> bytes = Marshallers.Create(value => value, value => value);
        var called = new Method<byte[], byte[]>(type, method.Service.FullName, method.Name, bytes, bytes);
        var options = new CallOptions(headers, TestServer.Deadline);
        RpcException exception = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            switch (type)
            {
                case MethodType.Unary:
                    await channel.CreateCallInvoker().AsyncUnaryCall(called, null, options, []);
                    break;
                case MethodType.ServerStreaming:
                    using (var watch = channel.CreateCallInvoker().AsyncServerStreamingCall(called, null, options, []))
                    {
                        await watch.ResponseStream.MoveNext(CancellationToken.None);
                    }

                    break;
                default:
                    using (var stream = channel.CreateCallInvoker().AsyncDuplexStreamingCall(called, null, options))
                    {
                        await stream.ResponseStream.MoveNext(CancellationToken.None);
                    }

                    break;
            }
        });
        return RpcFault.Of(exception);
    }
}

/// <summary>One server for tests that only ask.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    internal TestServer Server { get; private set; } = null!;

    // Hundreds of calls without a known key come from one address here.
    public async Task InitializeAsync() => Server = await TestServer.StartAsync(wire: new WireLimits { UnknownCallsPerSecond = 100_000 });

    public async Task DisposeAsync() => await Server.DisposeAsync();
}

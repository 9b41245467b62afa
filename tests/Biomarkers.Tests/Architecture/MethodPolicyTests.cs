using System.Reflection;
using Biomarkers.Server.Hosting;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Authorization;
using Xunit;

namespace Biomarkers.Tests.Architecture;

/// <summary>Every method of the contract is served and names its policy; nobody gets in without a key.</summary>
public sealed class MethodPolicyTests
{
    private static readonly Assembly Server = typeof(ServerHost).Assembly;

    private static readonly string[] Policies =
    [
        .. Server.GetType("Biomarkers.Server.Access.Policies", throwOnError: true)!
            .GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!),
    ];

    private static readonly MethodDescriptor[] Methods =
    [
        .. typeof(V1.Plate).Assembly.GetTypes().Select(type => type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static))
            .Where(property => property?.PropertyType == typeof(FileDescriptor)).Select(property => (FileDescriptor)property!.GetValue(null)!)
            .SelectMany(file => file.Services).SelectMany(service => service.Methods),
    ];

    [Fact]
    public void Methods_OfTheContract_AreServedAndNameTheirPolicy()
    {
        Type[] services = [.. Server.GetTypes().Where(type => type.BaseType?.GetCustomAttribute<BindServiceMethodAttribute>() is not null)];
        Assert.Equal(Methods.Select(method => method.Service.Name).Distinct().Order(), services.Select(service => service.Name).Order());
        Faults.None(services.SelectMany(service => FaultsOf(service, [.. Methods.Where(method => method.Service.Name == service.Name).Select(method => method.Name)])));
    }

    [Fact]
    public void Methods_WithoutPolicyOrUnserved_AreFound() =>
        Assert.Equal(
            ["Careless.Named names policy 'unknown', which does not exist", "Careless.Open names no policy", "Careless.Missing is not served"],
            FaultsOf(typeof(Careless), ["Named", "Open", "Missing"]));

    [Fact]
    public async Task Methods_CalledWithoutAKey_AreRefused()
    {
        await using var server = await TestServer.StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress(server.Host.GrpcAddress);
        Assert.NotEmpty(Methods);
        foreach (MethodDescriptor method in Methods)
        {
            Assert.Equal((method.FullName, StatusCode.Unauthenticated), (method.FullName, await CallAsync(channel.CreateCallInvoker(), method, null)));
            Assert.Equal((method.FullName, StatusCode.Unauthenticated), (method.FullName, await CallAsync(channel.CreateCallInvoker(), method, "bmk_" + new string('A', 43))));
        }
    }

    private static async Task<StatusCode> CallAsync(CallInvoker invoker, MethodDescriptor descriptor, string? key)
    {
        Marshaller<byte[]> bytes = Marshallers.Create<byte[]>(value => value, value => value);
        MethodType type = (descriptor.IsClientStreaming, descriptor.IsServerStreaming) switch
        {
            (false, false) => MethodType.Unary,
            (false, true) => MethodType.ServerStreaming,
            (true, false) => MethodType.ClientStreaming,
            _ => MethodType.DuplexStreaming,
        };
        var method = new Method<byte[], byte[]>(type, descriptor.Service.FullName, descriptor.Name, bytes, bytes);
        CallOptions options = new(key is null ? [] : new Metadata { { "authorization", $"Bearer {key}" } }, DateTime.MaxValue);
        try
        {
            switch (type)
            {
                case MethodType.Unary:
                    await invoker.AsyncUnaryCall(method, null, options, []);
                    break;
                case MethodType.ServerStreaming:
                    await invoker.AsyncServerStreamingCall(method, null, options, []).ResponseStream.MoveNext(CancellationToken.None);
                    break;
                default:
                    await invoker.AsyncDuplexStreamingCall(method, null, options).ResponseStream.MoveNext(CancellationToken.None);
                    break;
            }

            return StatusCode.OK;
        }
        catch (RpcException exception)
        {
            return exception.StatusCode;
        }
    }

    private static IEnumerable<string> FaultsOf(Type service, string[] methods)
    {
        foreach (string method in methods)
        {
            MethodInfo? served = service.GetMethod(method, BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly);
            if (served is null)
            {
                yield return $"{service.Name}.{method} is not served";
            }
            else if (served.GetCustomAttribute<AuthorizeAttribute>()?.Policy is not { } policy)
            {
                yield return $"{service.Name}.{method} names no policy";
            }
            else if (!Policies.Contains(policy))
            {
                yield return $"{service.Name}.{method} names policy '{policy}', which does not exist";
            }
        }
    }

    private abstract class Careless
    {
        [Authorize(Policy = "unknown")]
        public abstract void Named();

        public abstract void Open();
    }
}

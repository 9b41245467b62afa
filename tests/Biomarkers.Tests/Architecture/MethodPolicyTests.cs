using System.Reflection;
using Biomarkers.Server.Hosting;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;
using Xunit;

namespace Biomarkers.Tests.Architecture;

/// <summary>Every method of the contract is served and names its policy.</summary>
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

using System.Reflection;
using Biomarkers.Pipeline;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Biomarkers.Server.Hosting;

/// <summary>Metrics and traces by OTLP, as OpenTelemetry's own environment variables say. No key, no result and nothing of a person leaves by it.</summary>
internal static class Telemetry
{
    /// <summary>Environment variable that turns it on: address of a collector.</summary>
    public const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private const string ProtocolVariable = "OTEL_EXPORTER_OTLP_PROTOCOL";

    private static readonly string[] Protocols = ["grpc", "http/protobuf"];

    // Asked every half second by each balancer, and the same every time.
    private static readonly string[] HealthPaths = [HealthPages.LivePath, HealthPages.ReadyPath, "/grpc.health.v1.Health"];

    /// <summary>Whether the variables ask for it, and everything that is wrong with them.</summary>
    public static (bool IsOn, IReadOnlyList<string> Faults) Read(Func<string, string?> variable)
    {
        var faults = new List<string>();
        string? endpoint = variable(EndpointVariable);
        if (string.IsNullOrEmpty(endpoint))
        {
            return (false, faults);
        }

        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? address) || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
        {
            faults.Add($"{EndpointVariable} '{endpoint}' is no address; expected one such as http://127.0.0.1:4317.");
        }

        if (variable(ProtocolVariable) is { Length: > 0 } protocol && !Protocols.Contains(protocol))
        {
            faults.Add($"{ProtocolVariable} '{protocol}' is not known; expected {string.Join(" or ", Protocols)}.");
        }

        return (true, faults);
    }

    public static void AddTo(IServiceCollection services) => services.AddOpenTelemetry()
        .ConfigureResource(resource => resource
            .AddService("biomarkers-server", serviceVersion: typeof(Telemetry).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion)
            // Last, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word.
            .AddEnvironmentVariableDetector())
        .WithMetrics(metrics => metrics.AddMeter(PipelineMeter.Name, "System.Runtime").AddAspNetCoreInstrumentation())
        .WithTracing(traces => traces.AddSource(PipelineTrace.Name).AddAspNetCoreInstrumentation(calls =>
        {
            calls.Filter = context => !Array.Exists(HealthPaths, path => context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal));
            // A query may name a sample or a subject.
            calls.EnrichWithHttpRequest = (call, _) => call.SetTag("url.query", null);
        }))
        .UseOtlpExporter();
}

using Grpc.Health.V1;
using Grpc.HealthCheck;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Biomarkers.Server.Hosting;

/// <summary>Health for machines: the standard gRPC service, and <c>/livez</c> and <c>/readyz</c> at the web port. None needs a key, none tells
/// more than one word.</summary>
internal static class HealthPages
{
    /// <summary>The process answers.</summary>
    public const string LivePath = "/livez";

    /// <summary>New calls may come.</summary>
    public const string ReadyPath = "/readyz";

    private static readonly TimeSpan WatchPeriod = TimeSpan.FromSeconds(1);

    private const string GrpcPath = "/grpc.health.v1.Health";

    /// <summary>Whether an address is one of health.</summary>
    public static bool IsHealth(PathString path) => path == LivePath || path == ReadyPath || path.StartsWithSegments(GrpcPath, StringComparison.Ordinal);

    public static void AddTo(IServiceCollection services)
    {
        services.AddGrpcHealthChecks().AddCheck<ReadinessCheck>("ready");
        services.Configure<HealthCheckPublisherOptions>(publisher => (publisher.Delay, publisher.Period) = (WatchPeriod, WatchPeriod));
    }

    public static void MapTo(WebApplication application)
    {
        application.MapGrpcHealthChecksService().AllowAnonymous();
        string[] methods = [HttpMethods.Get, HttpMethods.Head];
        application.MapMethods(LivePath, methods, () => TypedResults.Json(new { status = "SERVING" })).AllowAnonymous();
        application.MapMethods(ReadyPath, methods, Ready).AllowAnonymous();
        // Watches are told by the publisher once a period; what is known to change is told at once.
        application.Lifetime.ApplicationStarted.Register(() => Tell(application.Services));
        application.Services.GetRequiredService<Drain>().Begun.Register(() => Tell(application.Services));
    }

    private static void Tell(IServiceProvider services) => services.GetRequiredService<HealthServiceImpl>().SetStatus(
        string.Empty,
        services.GetRequiredService<Readiness>().Obstacle() is null ? HealthCheckResponse.Types.ServingStatus.Serving : HealthCheckResponse.Types.ServingStatus.NotServing);

    // A disk that runs full is noticed and no obstacle: everything can be read, and no other server could take what this one refuses.
    private static IResult Ready(Readiness readiness, DiskRoom room) => readiness.Obstacle() is { } reason
        ? TypedResults.Json(new { status = "NOT_SERVING", reason }, statusCode: StatusCodes.Status503ServiceUnavailable)
        : room.IsLow ? TypedResults.Json(new { status = "SERVING", notice = DiskRoom.Notice }) : TypedResults.Json(new { status = "SERVING" });

    private sealed class ReadinessCheck(Readiness readiness) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(readiness.Obstacle() is { } reason ? HealthCheckResult.Unhealthy(reason) : HealthCheckResult.Healthy());
    }
}

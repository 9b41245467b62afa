using System.Security.Cryptography.X509Certificates;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Server.Access;
using Biomarkers.Server.Admission;
using Biomarkers.Server.Checkpoints;
using Biomarkers.Server.Services;
using Biomarkers.Server.Wire;
using Biomarkers.Storage;
using Biomarkers.Storage.Checkpoints;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Biomarkers.Server.Hosting;

/// <summary>Puts a server together: store, pipeline, services, access. The demo and the tests start it the same way.</summary>
public sealed class ServerHost : IAsyncDisposable
{
    private readonly WebApplication web;
    private readonly SqlStore kept;
    private readonly CheckpointKey signer;
    private readonly FileStream? dataLock;

    private ServerHost(WebApplication application, SqlStore store, CheckpointKey signer, FileStream? dataLock, Uri grpcAddress, Uri webAddress)
    {
        web = application;
        kept = store;
        this.signer = signer;
        this.dataLock = dataLock;
        GrpcAddress = grpcAddress;
        WebAddress = webAddress;
    }

    /// <summary>Where gRPC listens.</summary>
    public Uri GrpcAddress { get; }

    /// <summary>Where JSON listens.</summary>
    public Uri WebAddress { get; }

    /// <summary>Whether a fault, and not a request, ended the server.</summary>
    public bool Failed => web.Services.GetServices<IHostedService>().OfType<PipelineService>().Single().Failed || FaultedServices().Any();

    /// <summary>Starts a server; it serves when this returns.</summary>
    /// <param name="options">Checked options.</param>
    /// <param name="time">Clock.</param>
    /// <param name="configureLogging">Where log messages go; null for JSON lines on standard output.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="StoreException">The database cannot be opened or is not safe.</exception>
    /// <exception cref="IOException">An address is in use, or the data directory cannot be made.</exception>
    public static async Task<ServerHost> StartAsync(
        ServerOptions options, TimeProvider time, Action<ILoggingBuilder>? configureLogging, CancellationToken cancellationToken)
    {
        FileStream? held = null;
        if (options.PostgresConnection is null)
        {
            CreateDataDirectory(options.DataDirectory);
            held = LockDataDirectory(options.DataDirectory);
        }

        SqlStore? store = null;
        CheckpointKey? checkpointKey = null;
        try
        {
            SqlDatabase database = options.CreateDatabase();
            bool isNew = options.PostgresConnection is null && !File.Exists(options.DatabaseFile);
            bool hasKey = File.Exists(options.KeyFile);
            store = await SqlStore.OpenAsync(database, time, cancellationToken);
            // Last, so that a start that can't be made leaves nothing; servers that share a database may share the folder of their key too.
            CreateDataDirectory(options.DataDirectory);
            KeyFile key = KeyFile.ReadOrCreate(options.KeyFile);
            checkpointKey = CheckpointKey.ReadOrCreate(options.CheckpointKeyFile);
            WebApplication application = Build(options, time, configureLogging, key, checkpointKey, store);
            await StartAsync(application, cancellationToken);
            (Uri grpcAddress, Uri webAddress) = Addresses(application);
            ILogger<ServerHost> logger = application.Services.GetRequiredService<ILogger<ServerHost>>();
            if (isNew && hasKey)
            {
                logger.EmptyDatabaseBesideKey(options.DatabaseFile, options.KeyFile);
            }

            logger.Serving(grpcAddress.ToString(), webAddress.ToString(), database.Name, database.Place, options.KeyFile);
            return new ServerHost(application, store, checkpointKey, held, grpcAddress, webAddress);
        }
        catch
        {
            checkpointKey?.Dispose();
            if (store is not null)
            {
                await store.DisposeAsync();
            }

            if (held is not null)
            {
                await held.DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>Asks the server to end, as SIGTERM does: the first time after its drain, again at once. Returns at once.</summary>
    public void RequestShutdown() => web.Services.GetRequiredService<Drain>().Request();

    /// <summary>Waits until the server has drained after it was asked to end (SIGTERM, Ctrl+C, <see cref="RequestShutdown"/>) or has failed.</summary>
    public async Task WaitForShutdownAsync(CancellationToken cancellationToken)
    {
        await web.WaitForShutdownAsync(cancellationToken);
        ILogger<ServerHost> logger = web.Services.GetRequiredService<ILogger<ServerHost>>();
        foreach (Exception fault in FaultedServices())
        {
            logger.ServiceFailed(fault);
        }

        if (!Failed)
        {
            logger.Ended();
        }
    }

    // The host ends with the first of them, and says so only in a category that is silent here.
    private IEnumerable<Exception> FaultedServices() =>
        web.Services.GetServices<IHostedService>().OfType<BackgroundService>().Select(service => service.ExecuteTask?.Exception?.InnerException).OfType<Exception>();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await web.StopAsync();
        await web.DisposeAsync();
        await kept.DisposeAsync();
        signer.Dispose();
        if (dataLock is not null)
        {
            await dataLock.DisposeAsync();
        }
    }

    // A start that fails half way, for example because a port is in use, ends what it began before the store is closed.
    private static async Task StartAsync(WebApplication application, CancellationToken cancellationToken)
    {
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch
        {
            await application.StopAsync(CancellationToken.None);
            await application.DisposeAsync();
            throw;
        }
    }

    private static WebApplication Build(ServerOptions options, TimeProvider time, Action<ILoggingBuilder>? configureLogging, KeyFile key, CheckpointKey signer, SqlStore store)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "biomarkers-server", ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        (configureLogging ?? (logging => logging.AddJsonConsole()))(builder.Logging);
        // What keeps a host from starting is told in one line by whoever starts it.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Grpc", LogLevel.Warning);
        // A line per refused call would fill a disk; they are counted instead, see Denials.
        builder.Logging.AddFilter(typeof(CallerAuthenticationHandler).FullName, LogLevel.Warning);
        // It would say every second that the server is not ready; the fault behind it is logged once, where it happens.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        builder.WebHost.ConfigureKestrel(kestrel => ConfigureKestrel(kestrel, options));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Wire.Shutdown);
        AddPipeline(builder.Services, options, time, store);
        AddAudit(builder.Services, signer, store);
        AddAdmission(builder.Services);
        AccessHosting.AddTo(builder.Services, options.Access, key);
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = options.Wire.ReceiveBytes;
            grpc.MaxSendMessageSize = options.Wire.SendBytes;
            grpc.Interceptors.Add<ErrorInterceptor>();
            grpc.Interceptors.Add<RoomInterceptor>();
        }).AddJsonTranscoding(json => json.TypeRegistry = Wire.RpcErrors.DetailTypes);
        builder.Services.AddGrpcReflection();
        HealthPages.AddTo(builder.Services);
        if (options.ExportsTelemetry)
        {
            Telemetry.AddTo(builder.Services);
        }

        WebApplication application = builder.Build();
        application.Use(application.Services.GetRequiredService<Drain>().CloseConnectionAsync);
        application.Use(application.Services.GetRequiredService<UnreadableRequests>().TellAsync);
        application.Use(application.Services.GetRequiredService<CallDeadlines>().LimitAsync);
        application.UseAuthentication();
        application.Use(application.Services.GetRequiredService<CallAdmission>().AdmitAsync);
        application.UseAuthorization();
        application.Use((context, next) => application.Services.GetRequiredService<StandingWatch>().RunAsync(context, next));
        application.Use(JsonQueries.CheckAsync);
        application.Use(application.Services.GetRequiredService<JsonBodies>().CheckAsync);
        application.MapGrpcService<PlateReadIngestService>();
        application.MapGrpcService<PlateService>();
        application.MapGrpcService<AnalyticalRunService>();
        application.MapGrpcService<AssayService>();
        application.MapGrpcService<ReviewService>();
        application.MapGrpcService<ResultDeliveryService>();
        application.MapGrpcService<AccessService>();
        application.MapGrpcService<AuditService>();
        HealthPages.MapTo(application);
        if (options.IsLoopback)
        {
            application.MapGrpcReflectionService().AllowAnonymous();
        }

        application.MapFallback(context => context.AnswerAsync(StatusCodes.Status404NotFound, RpcErrors.NotFound("ADDRESS_NOT_FOUND", $"{context.Request.Method} {context.Request.Path}")))
            .AllowAnonymous();

        return application;
    }

    private static void AddPipeline(IServiceCollection services, ServerOptions options, TimeProvider time, SqlStore store)
    {
        services.AddSingleton(options);
        services.AddSingleton(options.Pipeline);
        services.AddSingleton(options.Wire);
        services.AddSingleton(time);
        services.AddSingleton<IStore>(store);
        services.AddSingleton<IQueries>(store.Queries);
        services.AddSingleton<IAccessQueries>(store.Queries);
        services.AddSingleton<IReviewQueries>(store.Queries);
        services.AddSingleton<IDeliveryQueries>(store.Queries);
        services.AddSingleton<SigningProof>();
        services.AddSingleton<ResultChanges>();
        services.AddSingleton<ChangeSignal>();
        services.AddSingleton<Watching>();
        services.AddSingleton<PipelineMeter>();
        services.AddSingleton<StoreWriter>();
        services.AddSingleton(provider => new AnalysisPipeline(
            store,
            provider.GetRequiredService<StoreWriter>(),
            provider.GetRequiredService<ChangeSignal>(),
            options.Pipeline,
            time,
            provider.GetRequiredService<IPipelineObserver>())
        {
            ReleaseNeedsSignature = options.ReleaseNeedsSignature,
        });
        services.AddSingleton<PlateReadIntake>();
        services.AddSingleton<IPipelineObserver, PipelineLog>();
        services.AddSingleton<DamageJournal>();
        services.AddSingleton<DiskRoom>();
        services.AddSingleton<JsonBodies>();
        services.AddHostedService(provider => provider.GetRequiredService<DiskRoom>());
        services.AddHostedService<PipelineService>();
        services.AddSingleton<Drain>();
        services.AddSingleton<Readiness>();
        services.AddSingleton<IHostLifetime, SignalLifetime>();
    }

    private static void AddAudit(IServiceCollection services, CheckpointKey signer, SqlStore store)
    {
        services.AddSingleton(signer);
        services.AddSingleton(store);
        services.AddSingleton<IAuditQueries>(store.Queries);
        services.AddSingleton<CheckpointService>();
        services.AddHostedService(provider => provider.GetRequiredService<CheckpointService>());
        services.AddSingleton<AuditVerification>();
    }

    private static void AddAdmission(IServiceCollection services)
    {
        services.AddSingleton<CallAdmission>();
        services.AddSingleton<CallDeadlines>();
        services.AddSingleton<UnreadableRequests>();
        services.AddSingleton<StreamSlots>();
        services.AddSingleton<EventBudget>();
    }

    private static void ConfigureKestrel(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = options.Wire.Connections;
        kestrel.Limits.Http2.MaxStreamsPerConnection = options.Wire.StreamsPerConnection;
        kestrel.Limits.Http2.KeepAlivePingDelay = options.Wire.PingDelay;
        kestrel.Limits.Http2.KeepAlivePingTimeout = options.Wire.PingTimeout;
        kestrel.Limits.Http2.MaxRequestHeaderFieldSize = options.Wire.HeaderBytes;
        // A message of gRPC stands behind five bytes of its own.
        kestrel.Limits.MaxRequestBodySize = options.Wire.ReceiveBytes + 5;
        kestrel.Limits.MaxRequestHeadersTotalSize = options.Wire.HeaderBytes;
        kestrel.Limits.RequestHeadersTimeout = options.Wire.Headers;
        kestrel.Listen(options.GrpcEndpoint, listen => Listen(listen, HttpProtocols.Http2, options, options.Access.ClientAuthorityFile));
        // Browsers would ask their people for certificates: only the gRPC port takes them.
        kestrel.Listen(options.WebEndpoint, listen => Listen(listen, options.HasTls ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1, options, null));
    }

    private static void Listen(ListenOptions listen, HttpProtocols protocols, ServerOptions options, string? clientAuthorityFile)
    {
        listen.Protocols = protocols;
        if (options.HasTls)
        {
            X509Certificate2 certificate = ReadCertificate(options.CertificateFile!, options.CertificateKeyFile!);
            listen.UseHttps(https =>
            {
                https.HandshakeTimeout = options.Wire.TlsHandshake;
                AccessHosting.Configure(https, certificate, clientAuthorityFile);
            });
        }
    }

    private static X509Certificate2 ReadCertificate(string certificateFile, string keyFile)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        }
        catch (ArgumentException exception)
        {
            throw new InvalidDataException($"Key file '{keyFile}' does not belong to certificate '{certificateFile}'.", exception);
        }
    }

    /// <summary>Makes the data directory, for its owner only, where it is absent.</summary>
    internal static void CreateDataDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>One server per SQLite file: a second one would take over the first one's unfinished work. The lock ends with the process, however it ends.</summary>
    /// <exception cref="StoreException">Another process has the lock.</exception>
    internal static FileStream LockDataDirectory(string path)
    {
        try
        {
            return new FileStream(LockFileOf(path), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new StoreException($"Another server uses the data directory '{path}': stop it, or name another directory. ({exception.Message})", exception);
        }
    }

    /// <summary>File that whoever uses the data directory holds locked.</summary>
    internal static string LockFileOf(string path) => Path.Combine(path, "biomarkers.lock");

    // In the order of the two Listen calls.
    private static (Uri Grpc, Uri Web) Addresses(WebApplication application)
    {
        ICollection<string> bound = application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        Uri[] addresses = [.. bound.Select(address => new Uri(address))];
        return addresses.Length == 2
            ? (addresses[0], addresses[1])
            : throw new InvalidOperationException($"Expected two addresses, the server listens at {string.Join(", ", bound)}.");
    }
}

using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Biomarkers.V1;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using StatusCode = Grpc.Core.StatusCode;

namespace Biomarkers.Client;

/// <summary>How to reach a server.</summary>
public sealed record BiomarkersConnectionOptions
{
    /// <summary>Address of the gRPC port; null for that of <see cref="BiomarkersConnection.ServerVariable"/>, else
    /// <see cref="BiomarkersConnection.DefaultServer"/>. <c>http</c> only to this machine, <c>https</c> otherwise.</summary>
    public Uri? Server { get; init; }

    /// <summary>Key file; null to look where <see cref="ClientKey.Find"/> looks.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Certificates (PEM) of the laboratory's own authority, the only one that is trusted then; null for the machine's.</summary>
    public string? CertificateAuthorityFile { get; init; }

    /// <summary>Client certificate (PEM) of an instrument, by which it is known in place of a key; null for none. Needs https.</summary>
    public string? ClientCertificateFile { get; init; }

    /// <summary>Private key (PEM) of the client certificate.</summary>
    public string? ClientCertificateKeyFile { get; init; }

    /// <summary>Longest time of a unary call, its repeats included, where the call names none; default 30 s.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Clock that deadlines are counted from; default the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>One connection to a server, shared by all calls, with a client for each service. Thread-safe.</summary>
/// <remarks>Unary calls have a deadline, and are repeated up to four times while the server is UNAVAILABLE: every unary method but
/// those that make keys, steps of review, or make and end subscriptions is harmless to repeat. Streams are resumed by <see cref="PlateReadSender"/> instead.</remarks>
public sealed class BiomarkersConnection : IDisposable
{
    /// <summary>Environment variable that names the server.</summary>
    public const string ServerVariable = "BIOMARKERS_SERVER";

    /// <summary>Largest answer that is taken, in bytes.</summary>
    private const int MaximumReceiveBytes = 16 * 1024 * 1024;

    private static readonly TimeSpan ReconnectBackoff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaximumReconnectBackoff = TimeSpan.FromSeconds(2);

    private readonly GrpcChannel channel;

    private BiomarkersConnection(GrpcChannel channel, Uri server, ClientInterceptor interceptor)
    {
        this.channel = channel;
        Server = server;
        Grpc.Core.CallInvoker invoker = channel.Intercept(interceptor);
        Ingest = new PlateReadIngestService.PlateReadIngestServiceClient(invoker);
        Plates = new PlateService.PlateServiceClient(invoker);
        AnalyticalRuns = new AnalyticalRunService.AnalyticalRunServiceClient(invoker);
        Assays = new AssayService.AssayServiceClient(invoker);
        Reviews = new ReviewService.ReviewServiceClient(invoker);
        Access = new AccessService.AccessServiceClient(invoker);
        Audit = new AuditService.AuditServiceClient(invoker);
        Delivery = new ResultDeliveryService.ResultDeliveryServiceClient(invoker);
    }

    /// <summary>Server when nobody names one: the gRPC port on this machine.</summary>
    public static Uri DefaultServer { get; } = new("http://127.0.0.1:5080");

    /// <summary>Address of the server.</summary>
    public Uri Server { get; }

    /// <summary>For instruments; usually through <see cref="PlateReadSender"/>.</summary>
    public PlateReadIngestService.PlateReadIngestServiceClient Ingest { get; }

    /// <summary>Plates and layouts.</summary>
    public PlateService.PlateServiceClient Plates { get; }

    /// <summary>Runs and results.</summary>
    public AnalyticalRunService.AnalyticalRunServiceClient AnalyticalRuns { get; }

    /// <summary>Assays.</summary>
    public AssayService.AssayServiceClient Assays { get; }

    /// <summary>The life of results.</summary>
    public ReviewService.ReviewServiceClient Reviews { get; }

    /// <summary>Instruments and keys.</summary>
    public AccessService.AccessServiceClient Access { get; }

    /// <summary>The audit log and its proof.</summary>
    public AuditService.AuditServiceClient Audit { get; }

    /// <summary>Released results for a LIMS; usually pulled through <see cref="Pulling.ResultPuller"/>.</summary>
    public ResultDeliveryService.ResultDeliveryServiceClient Delivery { get; }

    /// <summary>Prepares a connection; it is made with the first call.</summary>
    /// <exception cref="BiomarkersClientException">The address, the key file or a certificate file is not right.</exception>
    public static BiomarkersConnection Open(BiomarkersConnectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Uri server = CheckAddress(options.Server ?? ServerFromEnvironment() ?? DefaultServer);
        // A server takes the key before the certificate: who names a certificate and no key is known by the certificate.
        string? key = options.ClientCertificateFile is null || options.KeyFile is not null ? ClientKey.Find(options.KeyFile) : null;
        var interceptor = new ClientInterceptor(key, options.Deadline, options.Time);
        SocketsHttpHandler handler = CreateHandler(server, options);
        var opened = GrpcChannel.ForAddress(server, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaximumReceiveBytes,
            ServiceConfig = RetryUnaryCalls(),
            // The sender and the retries wait by themselves; the channel's own pause doubles up to two minutes and would outlast a restart.
            InitialReconnectBackoff = ReconnectBackoff,
            MaxReconnectBackoff = MaximumReconnectBackoff,
        });
        return new BiomarkersConnection(opened, server, interceptor);
    }

    /// <inheritdoc/>
    public void Dispose() => channel.Dispose();

    private static Uri? ServerFromEnvironment()
    {
        string? text = Environment.GetEnvironmentVariable(ServerVariable);
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        return Uri.TryCreate(text, UriKind.Absolute, out Uri? server)
            ? server
            : throw new BiomarkersClientException($"'{text}' of {ServerVariable} is no address; expected one such as {DefaultServer}.");
    }

    private static Uri CheckAddress(Uri server)
    {
        if (!server.IsAbsoluteUri || (server.Scheme != Uri.UriSchemeHttp && server.Scheme != Uri.UriSchemeHttps))
        {
            throw new BiomarkersClientException($"'{server}' is no address of a server; expected one such as {DefaultServer} or https://lab-server:5080.");
        }

        return server.Scheme == Uri.UriSchemeHttps || server.IsLoopback
            ? server
            : throw new BiomarkersClientException(
                $"'{server}' is another machine and has no TLS; expected https, because the key and patients' results would be readable on the way.");
    }

    private static SocketsHttpHandler CreateHandler(Uri server, BiomarkersConnectionOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            // A peer that vanished without a word is noticed within 40 s also while nothing is sent.
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            UseProxy = !server.IsLoopback,
        };
        handler.SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = options.CertificateAuthorityFile is { } authority ? TrustOnly(authority) : null,
            ClientCertificateContext = ReadClientCertificate(server, options.ClientCertificateFile, options.ClientCertificateKeyFile),
        };
        return handler;
    }

    private static SslStreamCertificateContext? ReadClientCertificate(Uri server, string? file, string? keyFile)
    {
        if (file is null && keyFile is null)
        {
            return null;
        }

        if (file is null || keyFile is null)
        {
            throw new BiomarkersClientException("A client certificate and its private key belong together; expected both or neither.");
        }

        if (server.Scheme != Uri.UriSchemeHttps)
        {
            throw new BiomarkersClientException($"A client certificate travels in TLS only, and '{server}' has none; expected https.");
        }

        try
        {
            return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(file, keyFile), null, offline: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new BiomarkersClientException($"Unable to read the client certificate '{file}' with its key '{keyFile}': {exception.Message}", exception);
        }
    }

    private static X509ChainPolicy TrustOnly(string certificateAuthorityFile)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            // A laboratory's own authority publishes no revocation list.
            RevocationMode = X509RevocationMode.NoCheck,
        };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(certificateAuthorityFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new BiomarkersClientException($"Unable to read certificates from '{certificateAuthorityFile}': {exception.Message}", exception);
        }

        return policy.CustomTrustStore.Count > 0
            ? policy
            : throw new BiomarkersClientException($"'{certificateAuthorityFile}' holds no certificate; expected at least one in PEM.");
    }

    private static MethodName ReviewStep(string method) => new() { Service = ReviewService.Descriptor.FullName, Method = method };

    private static MethodName DeliveryStep(string method) => new() { Service = ResultDeliveryService.Descriptor.FullName, Method = method };

    private static ServiceConfig RetryUnaryCalls() => new()
    {
        MethodConfigs =
        {
            new MethodConfig
            {
                Names = { MethodName.Default },
                RetryPolicy = new RetryPolicy
                {
                    MaxAttempts = 5,
                    InitialBackoff = TimeSpan.FromMilliseconds(500),
                    MaxBackoff = TimeSpan.FromSeconds(5),
                    BackoffMultiplier = 3,
                    RetryableStatusCodes = { StatusCode.Unavailable },
                },
            },
            // Each call makes another key: whoever asked looks at the list before asking again.
            new MethodConfig
            {
                Names =
                {
                    new MethodName { Service = AccessService.Descriptor.FullName, Method = nameof(AccessService.AccessServiceClient.CreateKey) },
                    new MethodName { Service = AccessService.Descriptor.FullName, Method = nameof(AccessService.AccessServiceClient.RotateKey) },
                },
            },
            // A step that was taken is refused the second time, and a hold would be placed twice: whoever asked looks before asking again.
            new MethodConfig
            {
                Names =
                {
                    ReviewStep(nameof(ReviewService.ReviewServiceClient.ReleaseResults)),
                    ReviewStep(nameof(ReviewService.ReviewServiceClient.CorrectResults)),
                    ReviewStep(nameof(ReviewService.ReviewServiceClient.WithdrawResults)),
                    ReviewStep(nameof(ReviewService.ReviewServiceClient.HoldResults)),
                    ReviewStep(nameof(ReviewService.ReviewServiceClient.LiftHold)),
                    ReviewStep(nameof(ReviewService.ReviewServiceClient.LinkRepeat)),
                    ReviewStep(nameof(ReviewService.ReviewServiceClient.UnlinkRepeat)),
                    ReviewStep(nameof(ReviewService.ReviewServiceClient.SignResults)),
                    ReviewStep(nameof(ReviewService.ReviewServiceClient.SetSigningPin)),
                },
            },
            // The second time the id is in use, or the subscription gone, and nobody knows by whom. What is pulled, acknowledged or sought twice is no worse for it:
            // leases that nobody heard of just end.
            new MethodConfig
            {
                Names =
                {
                    DeliveryStep(nameof(ResultDeliveryService.ResultDeliveryServiceClient.CreateSubscription)),
                    DeliveryStep(nameof(ResultDeliveryService.ResultDeliveryServiceClient.DeleteSubscription)),
                },
            },
            // The sender resumes by offset; a repeat below it would send events of a stream that was not opened.
            new MethodConfig
            {
                Names =
                {
                    new MethodName
                    {
                        Service = PlateReadIngestService.Descriptor.FullName,
                        Method = nameof(PlateReadIngestService.PlateReadIngestServiceClient.StreamPlateReads),
                    },
                },
            },
        },
    };
}

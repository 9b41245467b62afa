using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using Biomarkers.Server.Access;
using Biomarkers.Server.Hosting;
using Biomarkers.Storage;

namespace Biomarkers.Server.Verbs;

/// <summary><c>biomarkers-server serve</c>: serves until it is asked to end.</summary>
internal static class ServeVerb
{
    /// <summary>Name of the verb.</summary>
    public const string Name = "serve";

    private static readonly Option<string> Data = new("--data") { Description = "Folder of the database and the key file.", DefaultValueFactory = _ => ServerOptions.DefaultDataDirectory };

    private static readonly Option<string?> KeyFile = new("--key-file") { Description = "Key file; made where it is absent. Servers that share a database share it. Default: client.key in the folder of --data." };

    private static readonly Option<string?> Checkpoints = new("--checkpoints")
    {
        Description = "Folder for signed checkpoints of the audit log, best on another machine's disk; servers may share it. Default: checkpoints in the folder of --data.",
    };

    private static readonly Option<string?> CheckpointKey = new("--checkpoint-key")
    {
        Description = "Key that signs checkpoints (PEM); made where it is absent; servers may share it. Default: checkpoint.key in the folder of --data.",
    };

    private static readonly Option<string> Listen = new("--listen") { Description = "Address and port of gRPC (HTTP/2); port 0 picks a free one.", DefaultValueFactory = _ => "127.0.0.1:5080" };

    private static readonly Option<string> ListenWeb = new("--listen-web") { Description = "Address and port of JSON (HTTP/1.1); port 0 picks a free one.", DefaultValueFactory = _ => "127.0.0.1:5081" };

    private static readonly Option<string?> Certificate = new("--certificate") { Description = "Server certificate (PEM). Needed for any address but loopback; see 'certs init'." };

    private static readonly Option<string?> CertificateKey = new("--certificate-key") { Description = "Private key of the certificate (PEM)." };

    private static readonly Option<string?> ClientCa = new("--client-ca") { Description = "Certificates (PEM) of the authority whose client certificates are accepted at the gRPC port; see 'certs instrument'." };

    private static readonly Option<string?> OidcAuthority = new("--oidc-authority") { Description = "Address (https) of the OpenID Connect issuer of people's bearer tokens." };

    private static readonly Option<string?> OidcAudience = new("--oidc-audience") { Description = "Audience that tokens must name: this server's id at the issuer." };

    private static readonly Option<string> OidcRoleClaim = new("--oidc-role-claim") { Description = "Claim of tokens with the roles.", DefaultValueFactory = _ => "roles" };

    private static readonly Option<string?> OidcCa = new("--oidc-ca") { Description = "Certificates (PEM) of the only authority that the issuer's TLS is held against. Default: the machine's." };

    private static readonly Option<int> MaximumKeyDays = new("--maximum-key-days") { Description = "Longest time that a key may be accepted; 1 to 3650 days.", DefaultValueFactory = _ => 730 };

    private static readonly Option<int> DrainSeconds = new("--drain-seconds")
    {
        Description = "How long to go on serving after SIGTERM while /readyz and gRPC health say 'not serving', so that a load balancer takes the server out first; 0 to 300. A second signal ends it.",
    };

    private static readonly Option<int> MinimumFreeMib = new("--minimum-free-mib")
    {
        Description = "Room (MiB) on the disk of the SQLite database below which new plate reads are refused, so that runs and the audit log still find room; at most a tenth of a small disk; 0 for none.",
        DefaultValueFactory = _ => 512,
    };

    private static readonly Option<bool> ReleaseNeedsSignature = new("--release-needs-signature") { Description = "Release, correct and withdraw results only together with a signature." };

    /// <summary>The program without a verb serves.</summary>
    public static RootCommand CreateRoot()
    {
        var root = new RootCommand("The Biomarkers server: takes plate reads, computes concentrations, answers analysts.");
        AddTo(root);
        return root;
    }

    public static Command Create()
    {
        var command = new Command(Name, "Serve until SIGTERM or Ctrl+C (what runs without a verb). Exit codes: 0 ended as asked, 1 ended by a fault, 2 not started.");
        AddTo(command);
        return command;
    }

    private static void AddTo(Command command)
    {
        Option[] options =
        [
            Data, KeyFile, Checkpoints, CheckpointKey, DatabaseOptions.Postgres, DatabaseOptions.PasswordFile, Listen, ListenWeb, Certificate, CertificateKey, DrainSeconds,
            ClientCa, OidcAuthority, OidcAudience, OidcRoleClaim, OidcCa, MaximumKeyDays, MinimumFreeMib, ReleaseNeedsSignature,
        ];
        foreach (Option option in options)
        {
            command.Options.Add(option);
        }

        command.SetAction(RunAsync);
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        (bool exportsTelemetry, IReadOnlyList<string> telemetryFaults) = Telemetry.Read(Environment.GetEnvironmentVariable);
        faults.AddRange(telemetryFaults);
        var options = new ServerOptions
        {
            DataDirectory = Path.GetFullPath(parsed.GetValue(Data)!),
            KeyFile = parsed.GetValue(KeyFile) is { } keyFile ? Path.GetFullPath(keyFile) : null,
            CheckpointDirectory = parsed.GetValue(Checkpoints) is { } checkpoints ? Path.GetFullPath(checkpoints) : null,
            CheckpointKeyFile = parsed.GetValue(CheckpointKey) is { } checkpointKey ? Path.GetFullPath(checkpointKey) : null,
            PostgresConnection = parsed.GetValue(DatabaseOptions.Postgres),
            PostgresPasswordFile = parsed.GetValue(DatabaseOptions.PasswordFile),
            GrpcEndpoint = ParseEndpoint("--listen", parsed.GetValue(Listen)!, faults),
            WebEndpoint = ParseEndpoint("--listen-web", parsed.GetValue(ListenWeb)!, faults),
            CertificateFile = parsed.GetValue(Certificate),
            CertificateKeyFile = parsed.GetValue(CertificateKey),
            Access = AccessOf(parsed),
            MinimumFreeBytes = (long)parsed.GetValue(MinimumFreeMib) << 20,
            ReleaseNeedsSignature = parsed.GetValue(ReleaseNeedsSignature),
            ExportsTelemetry = exportsTelemetry,
            Wire = new WireLimits { Drain = TimeSpan.FromSeconds(parsed.GetValue(DrainSeconds)) },
        };
        faults.AddRange(options.Faults());
        foreach (string fault in faults)
        {
            await Console.Error.WriteLineAsync($"biomarkers-server: {fault}");
        }

        return faults.Count > 0 ? ExitCodes.NotStarted : await ServeAsync(options, cancellationToken);
    }

    private static async Task<int> ServeAsync(ServerOptions options, CancellationToken cancellationToken)
    {
        ServerHost host;
        try
        {
            host = await ServerHost.StartAsync(options, TimeProvider.System, null, cancellationToken);
        }
        catch (Exception exception) when (exception is StoreException or IOException or InvalidDataException or UnauthorizedAccessException or CryptographicException)
        {
            await Console.Error.WriteLineAsync($"biomarkers-server: Unable to start: {exception.Message}{WhereFull(options)}");
            return ExitCodes.NotStarted;
        }

        await using (host)
        {
            await host.WaitForShutdownAsync(cancellationToken);
            return host.Failed ? ExitCodes.Failed : ExitCodes.Success;
        }
    }

    // SQLite says "disk I/O error" of a disk without room for the little that a start needs.
    private static string WhereFull(ServerOptions options)
    {
        const long Little = 4 << 20;
        return options.PostgresConnection is null && Directory.Exists(options.DataDirectory) && options.MeasureDisk(options.DataDirectory).FreeBytes < Little
            ? $" The disk of '{options.DataDirectory}' is full: make room."
            : "";
    }

    private static AccessOptions AccessOf(ParseResult parsed)
    {
        bool hasIssuer = new[] { OidcAuthority, OidcAudience, OidcCa }.Any(option => parsed.GetValue(option) is not null);
        return new AccessOptions
        {
            ClientAuthorityFile = parsed.GetValue(ClientCa),
            MaximumKeyLife = TimeSpan.FromDays(parsed.GetValue(MaximumKeyDays)),
            Oidc = hasIssuer
                ? new OidcOptions
                {
                    Authority = parsed.GetValue(OidcAuthority) ?? "",
                    Audience = parsed.GetValue(OidcAudience) ?? "",
                    RoleClaim = parsed.GetValue(OidcRoleClaim)!,
                    AuthorityFile = parsed.GetValue(OidcCa),
                }
                : null,
        };
    }

    private static IPEndPoint ParseEndpoint(string option, string text, List<string> faults)
    {
        if (IPEndPoint.TryParse(text, out IPEndPoint? endpoint) && text.Contains(':', StringComparison.Ordinal))
        {
            return endpoint;
        }

        faults.Add($"{option} '{text}' is no address; expected one such as 127.0.0.1:5080 or [::1]:5080.");
        return new IPEndPoint(IPAddress.Loopback, 0);
    }
}

/// <summary>What the process says when it ends.</summary>
internal static class ExitCodes
{
    /// <summary>As asked.</summary>
    public const int Success = 0;

    /// <summary>A fault ended it, or the answer is no.</summary>
    public const int Failed = 1;

    /// <summary>Wrong options, or a start that could not be made; nothing was changed.</summary>
    public const int NotStarted = 2;
}

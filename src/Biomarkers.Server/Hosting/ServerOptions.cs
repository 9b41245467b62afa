using System.Diagnostics.CodeAnalysis;
using System.Net;
using Biomarkers.Pipeline;
using Biomarkers.Server.Access;
using Biomarkers.Server.Checkpoints;
using Biomarkers.Storage;

namespace Biomarkers.Server.Hosting;

/// <summary>How a server runs; checked at the start, all faults at once.</summary>
public sealed record ServerOptions
{
    /// <summary>Folder of the database and the key file; made, for its owner only, when absent. Default: <c>biomarkers</c> in the user's local application data.</summary>
    public string DataDirectory { get; init; } = DefaultDataDirectory;

    /// <summary>PostgreSQL database that keeps everything, as an Npgsql connection string, which several servers may share; null, the default, for SQLite in the
    /// data directory.</summary>
    public string? PostgresConnection { get; init; }

    /// <summary>File whose first line is the password of the PostgreSQL user; null where the connection string, a password file of PostgreSQL's own or the
    /// server asks for none.</summary>
    public string? PostgresPasswordFile { get; init; }

    /// <summary>Key file; servers that share a database share it too. Default: <c>client.key</c> in the data directory.</summary>
    [AllowNull]
    public string KeyFile
    {
        get => field ?? Path.Combine(DataDirectory, "client.key");
        init;
    }

    /// <summary>Folder in which checkpoints are written; servers may share it. Outside the machine's reach it proves the most. Default:
    /// <c>checkpoints</c> in the data directory.</summary>
    [AllowNull]
    public string CheckpointDirectory
    {
        get => field ?? Path.Combine(DataDirectory, "checkpoints");
        init;
    }

    /// <summary>Key that signs checkpoints; made, for its owner only, when absent; servers may share it. Default: <c>checkpoint.key</c> in the data directory.</summary>
    [AllowNull]
    public string CheckpointKeyFile
    {
        get => field ?? Path.Combine(DataDirectory, "checkpoint.key");
        init;
    }

    /// <summary>How often checkpoints are written.</summary>
    public CheckpointOptions Checkpoints { get; init; } = new();

    /// <summary>Where gRPC listens (HTTP/2); port 0 picks a free one. Default 127.0.0.1:5080.</summary>
    public IPEndPoint GrpcEndpoint { get; init; } = new(IPAddress.Loopback, 5080);

    /// <summary>Where JSON listens (HTTP/1.1, with TLS also HTTP/2); port 0 picks a free one. Default 127.0.0.1:5081.</summary>
    public IPEndPoint WebEndpoint { get; init; } = new(IPAddress.Loopback, 5081);

    /// <summary>Server certificate (PEM); null for none, which only loopback allows.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>Private key of the certificate (PEM); null for none.</summary>
    public string? CertificateKeyFile { get; init; }

    /// <summary>How callers are known beside the key file.</summary>
    public AccessOptions Access { get; init; } = new();

    /// <summary>Whether results are released, corrected and withdrawn only together with a signature; default false.</summary>
    public bool ReleaseNeedsSignature { get; init; }

    /// <summary>Bytes that must be free on the disk of an SQLite database for new plate reads to be taken, or a tenth of a disk where that is less; 0 for none, default
    /// 512 MiB.</summary>
    public long MinimumFreeBytes { get; init; } = 512L << 20;

    /// <summary>How the room on the disk of a folder is known.</summary>
    internal Func<string, DiskSpace> MeasureDisk { get; init; } = DiskSpace.Of;

    /// <summary>Whether metrics and traces leave by OTLP, as OpenTelemetry's environment variables (<c>OTEL_*</c>) say; default false.</summary>
    public bool ExportsTelemetry { get; init; }

    /// <summary>Limits of the pipeline. By default a transaction takes 32 writes with SQLite, and 128 with PostgreSQL, whose commit takes longer.</summary>
    [AllowNull]
    public PipelineLimits Pipeline
    {
        get => field ?? new PipelineLimits { WritesPerTransaction = PostgresConnection is null ? 32 : 128 };
        init;
    }

    /// <summary>Limits of the wire.</summary>
    public WireLimits Wire { get; init; } = new();

    /// <summary>Where a server keeps its data, and where a client on the same machine finds its key, when nobody says otherwise.</summary>
    public static string DefaultDataDirectory =>
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "biomarkers");

    /// <summary>Database file.</summary>
    public string DatabaseFile => Path.Combine(DataDirectory, "biomarkers.db");

    /// <summary>Whether connections are encrypted.</summary>
    public bool HasTls => CertificateFile is not null;

    /// <summary>Whether only this machine can connect.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(GrpcEndpoint.Address) && IPAddress.IsLoopback(WebEndpoint.Address);

    /// <summary>The database that these options name, not opened yet.</summary>
    /// <exception cref="StoreException">The connection string is not right.</exception>
    /// <exception cref="IOException">The password file cannot be read.</exception>
    public SqlDatabase CreateDatabase()
    {
        if (PostgresConnection is null)
        {
            return new SqliteDatabase(DatabaseFile);
        }

        string? password = PostgresPasswordFile is null ? null : File.ReadLines(PostgresPasswordFile).FirstOrDefault();
        return new PostgresDatabase(PostgresConnection, password);
    }

    /// <summary>Everything that keeps a server from starting with these options; empty when they are right.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        if (!IsLoopback && !HasTls)
        {
            faults.Add($"Addresses other than loopback need TLS: the key and patients' results would be readable on the way. Got {GrpcEndpoint} and {WebEndpoint} without --certificate; make one with 'biomarkers-server certs init'.");
        }

        if (CertificateFile is null != CertificateKeyFile is null)
        {
            faults.Add("A certificate and its private key belong together; expected both --certificate and --certificate-key, or neither.");
        }

        if (MinimumFreeBytes < 0)
        {
            faults.Add($"The least room on the disk is {MinimumFreeBytes >> 20} MiB; expected 0 or more.");
        }

        if (PostgresPasswordFile is not null && PostgresConnection is null)
        {
            faults.Add("A password file is given and no PostgreSQL database; expected --postgres with --postgres-password-file.");
        }

        foreach (string file in new[] { CertificateFile, CertificateKeyFile, PostgresPasswordFile }.OfType<string>().Where(file => !File.Exists(file)))
        {
            faults.Add($"File '{file}' does not exist.");
        }

        if (GrpcEndpoint.Port != 0 && GrpcEndpoint.Equals(WebEndpoint))
        {
            faults.Add($"gRPC and JSON both listen at {GrpcEndpoint}; expected two ports.");
        }

        faults.AddRange(Access.Faults(HasTls));
        faults.AddRange(Checkpoints.Faults());
        faults.AddRange(Pipeline.Faults());
        faults.AddRange(Wire.Faults());
        return faults;
    }
}

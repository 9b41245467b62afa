using System.Data.Common;
using Biomarkers.Client;

namespace Biomarkers.Faults.Cases;

/// <summary>The server that cases run against, and how its database is looked into behind its back.</summary>
/// <param name="Address">Where gRPC listens.</param>
/// <param name="KeyFile">Its key.</param>
/// <param name="Certificates">Folder of the laboratory's authority with its key; null without TLS.</param>
/// <param name="OpenDatabase">Connects to its database; to be disposed of.</param>
/// <param name="MoveClock">Moves its clock by so much; null where that is out of reach.</param>
internal sealed record CaseServer(
    Uri Address, string KeyFile, string? Certificates, Func<CancellationToken, Task<DbConnection>> OpenDatabase, Action<TimeSpan>? MoveClock) : IAsyncDisposable
{
    /// <summary>Longest wait for any one thing.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // A stream that is open waits while hundreds of other runs take their turn.
    private static readonly TimeSpan StreamPatience = TimeSpan.FromMinutes(5);

    private BiomarkersConnection? people;

    /// <summary>When a call is given up.</summary>
    public static DateTime Deadline => TimeProvider.System.GetUtcNow().UtcDateTime + Patience;

    /// <summary>When a stream is given up.</summary>
    public static DateTime StreamDeadline => TimeProvider.System.GetUtcNow().UtcDateTime + StreamPatience;

    /// <summary>The authority of its certificate; null without TLS.</summary>
    public string? AuthorityFile => Certificates is null ? null : Path.Combine(Certificates, "ca.crt");

    /// <summary>The connection of the persons who decide and look.</summary>
    public BiomarkersConnection People => people ??= Connect();

    /// <summary>A connection of an instrument.</summary>
    /// <param name="through">Where it connects instead; null for the server itself.</param>
    /// <param name="credential">By what it is known; null for the owner's key.</param>
    public BiomarkersConnection Connect(Uri? through = null, CaseCredential? credential = null) => BiomarkersConnection.Open(new BiomarkersConnectionOptions
    {
        Server = through ?? Address,
        KeyFile = credential is null ? KeyFile : credential.KeyFile,
        CertificateAuthorityFile = AuthorityFile,
        ClientCertificateFile = credential?.CertificateFile,
        ClientCertificateKeyFile = credential?.CertificateKeyFile,
        Deadline = Patience,
    });

    public ValueTask DisposeAsync()
    {
        people?.Dispose();
        return ValueTask.CompletedTask;
    }
}

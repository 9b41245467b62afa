using System.Data.Common;
using Biomarkers.Client;

namespace Biomarkers.Faults.Cases;

/// <summary>The server that cases run against, and how its database is looked into behind its back.</summary>
/// <param name="Address">Where gRPC listens.</param>
/// <param name="KeyFile">Its key.</param>
/// <param name="AuthorityFile">The authority of its certificate; null without TLS.</param>
/// <param name="OpenDatabase">Connects to its database; to be disposed of.</param>
/// <param name="MoveClock">Moves its clock by so much; null where that is out of reach.</param>
internal sealed record CaseServer(
    Uri Address, string KeyFile, string? AuthorityFile, Func<CancellationToken, Task<DbConnection>> OpenDatabase, Action<TimeSpan>? MoveClock) : IAsyncDisposable
{
    /// <summary>Longest wait for any one thing.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private BiomarkersConnection? people;

    /// <summary>When a call is given up.</summary>
    public static DateTime Deadline => TimeProvider.System.GetUtcNow().UtcDateTime + Patience;

    /// <summary>The connection of the persons who decide and look.</summary>
    public BiomarkersConnection People => people ??= Connect();

    /// <summary>A connection of an instrument.</summary>
    /// <param name="through">Where it connects instead; null for the server itself.</param>
    public BiomarkersConnection Connect(Uri? through = null) => BiomarkersConnection.Open(new BiomarkersConnectionOptions
    {
        Server = through ?? Address,
        KeyFile = KeyFile,
        CertificateAuthorityFile = AuthorityFile,
        Deadline = Patience,
    });

    public ValueTask DisposeAsync()
    {
        people?.Dispose();
        return ValueTask.CompletedTask;
    }
}

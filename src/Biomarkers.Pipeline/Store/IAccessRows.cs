using Biomarkers.Pipeline.Access;

namespace Biomarkers.Pipeline.Store;

/// <summary>Instruments, keys and certificates that are refused.</summary>
public interface IAccessRows
{
    /// <summary>An instrument, kept from other servers until the transaction ends; null when it was never enrolled.</summary>
    Task<EnrolledInstrument?> FindInstrumentAsync(string instrumentId, CancellationToken cancellationToken);

    /// <summary>Instruments that are enrolled.</summary>
    Task<int> CountInstrumentsAsync(CancellationToken cancellationToken);

    /// <summary>Adds or changes an instrument.</summary>
    Task SaveInstrumentAsync(EnrolledInstrument instrument, bool isNew, CancellationToken cancellationToken);

    /// <summary>Certificates that are refused.</summary>
    Task<int> CountRevokedCertificatesAsync(CancellationToken cancellationToken);

    /// <summary>Refuses a certificate; false when it is refused already.</summary>
    Task<bool> InsertRevokedCertificateAsync(string instrumentId, string thumbprint, string actor, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>A key, kept from other servers until the transaction ends; null when there is none.</summary>
    Task<AccessKey?> FindKeyAsync(string keyId, CancellationToken cancellationToken);

    /// <summary>Keys that are active at a time: those of a name, and all.</summary>
    Task<(int OfName, int All)> CountActiveKeysAsync(string name, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Keys of a scope that are active at a time.</summary>
    Task<IReadOnlyList<AccessKey>> ListActiveKeysAsync(string scope, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Adds a key.</summary>
    Task InsertKeyAsync(AccessKey key, CancellationToken cancellationToken);

    /// <summary>Sets when a key ends, and whether it is revoked.</summary>
    Task SetKeyEndAsync(string keyId, DateTimeOffset expireTime, DateTimeOffset? revokeTime, CancellationToken cancellationToken);

    /// <summary>Sets when a key was last used; an older time changes nothing.</summary>
    Task NoteKeyUseAsync(string keyId, DateTimeOffset time, CancellationToken cancellationToken);
}

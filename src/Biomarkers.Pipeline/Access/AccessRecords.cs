using Biomarkers.Immunoassay;

namespace Biomarkers.Pipeline.Access;

/// <summary>A key without its secret.</summary>
/// <param name="KeyId">Public id, the part of the key between its underscores.</param>
/// <param name="Name">Who or what holds it.</param>
/// <param name="SecretHash">SHA-256 of the key's text.</param>
/// <param name="Roles">What it may do; words of the access rules.</param>
/// <param name="Scope">Resource that it is for, such as <c>instruments/reader-1</c>; null where its roles need none.</param>
/// <param name="Actor">Who made it.</param>
/// <param name="CreateTime">When it was made.</param>
/// <param name="ExpireTime">From when on it is refused.</param>
/// <param name="RevokeTime">When it was revoked; null while it is not.</param>
/// <param name="LastUseTime">When it was last used, to the minute or two; null when never.</param>
public sealed record AccessKey(
    string KeyId,
    string Name,
    ContentHash SecretHash,
    IReadOnlyList<string> Roles,
    string? Scope,
    string Actor,
    DateTimeOffset CreateTime,
    DateTimeOffset ExpireTime,
    DateTimeOffset? RevokeTime = null,
    DateTimeOffset? LastUseTime = null)
{
    /// <summary>The one instrument of its scope; null where it has none.</summary>
    public string? InstrumentId => Scope?.StartsWith(EnrolledInstrument.ScopeOf(""), StringComparison.Ordinal) == true ? Scope[EnrolledInstrument.ScopeOf("").Length..] : null;

    /// <summary>Whether it is accepted at a time: neither expired nor revoked.</summary>
    public bool IsActiveAt(DateTimeOffset time) => RevokeTime is null && time < ExpireTime;
}

/// <summary>An instrument that may send, or might once.</summary>
/// <param name="InstrumentId">Its id.</param>
/// <param name="DisplayName">Name for people; may be empty.</param>
/// <param name="EnrollTime">When it was enrolled, the last time.</param>
/// <param name="Actor">Who enrolled it.</param>
/// <param name="RetireTime">When it was retired; null while it is enrolled.</param>
/// <param name="RevokedCertificates">SHA-256 of its certificates that are refused, in capitals.</param>
public sealed record EnrolledInstrument(
    string InstrumentId, string DisplayName, DateTimeOffset EnrollTime, string Actor, DateTimeOffset? RetireTime, IReadOnlyList<string> RevokedCertificates)
{
    /// <summary>Resource name of an instrument, as the scope of a key has it.</summary>
    public static string ScopeOf(string instrumentId) => $"instruments/{instrumentId}";
}

/// <summary>Everything that is needed to know a caller, as of one moment.</summary>
/// <param name="Keys">Keys that are active, or were within the time that was asked for.</param>
/// <param name="Instruments">Instruments that are enrolled.</param>
/// <param name="RevokedCertificates">SHA-256 of certificates that are refused, in capitals.</param>
public sealed record AccessList(IReadOnlyList<AccessKey> Keys, IReadOnlyList<string> Instruments, IReadOnlyList<string> RevokedCertificates);

/// <summary>Refused calls that were counted up: one identity, method and reason.</summary>
/// <param name="Identity">Who called.</param>
/// <param name="Method">What was called.</param>
/// <param name="Reason">Reason of the error.</param>
/// <param name="CallCount">Calls.</param>
/// <param name="Peer">Address of the last caller.</param>
public sealed record Denial(string Identity, string Method, string Reason, long CallCount, string Peer);

/// <summary>A denial of the audit log.</summary>
/// <param name="Sequence">Its place in the ledger.</param>
/// <param name="Time">When it was recorded.</param>
/// <param name="Denial">What was refused.</param>
public sealed record RecordedDenial(long Sequence, DateTimeOffset Time, Denial Denial);

/// <summary>How many calls an audit event of denials stands for, as its detail keeps it.</summary>
/// <param name="CallCount">Calls.</param>
/// <param name="Peer">Address of the last caller.</param>
public sealed record DenialDetail(long CallCount, string Peer);

/// <summary>A limit of the access rules.</summary>
public static class AccessLimits
{
    /// <summary>Active keys of one name: a second one takes over from the first.</summary>
    public const int ActiveKeysPerName = 2;

    /// <summary>Active keys of a database; every server has them in memory.</summary>
    public const int ActiveKeys = 10_000;

    /// <summary>Enrolled instruments of a database; every server has them in memory.</summary>
    public const int Instruments = 10_000;

    /// <summary>Certificates that are refused; every server has them in memory.</summary>
    public const int RevokedCertificates = 100_000;
}

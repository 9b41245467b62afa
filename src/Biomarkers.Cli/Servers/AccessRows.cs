namespace Biomarkers.Cli.Servers;

/// <summary>A key of a list, without its secret.</summary>
/// <param name="Name">Resource name.</param>
/// <param name="DisplayName">Who or what holds it.</param>
/// <param name="Roles">What it may do.</param>
/// <param name="Instrument">The one instrument that it sends for; absent otherwise.</param>
/// <param name="State"><c>active</c>, <c>expired</c> or <c>revoked</c>.</param>
/// <param name="CreateTime">When it was made.</param>
/// <param name="ExpireTime">From when on it is refused.</param>
/// <param name="RevokeTime">When it was revoked; absent while it is not.</param>
/// <param name="LastUseTime">When it was last used, to the minute or two; absent when never.</param>
/// <param name="Secret">The key as its holder sends it; only in the answer that made it, and absent where it went to a file.</param>
public sealed record KeyRow(
    string Name,
    string DisplayName,
    IReadOnlyList<string> Roles,
    string? Instrument,
    string State,
    DateTimeOffset? CreateTime,
    DateTimeOffset? ExpireTime,
    DateTimeOffset? RevokeTime,
    DateTimeOffset? LastUseTime,
    string? Secret = null)
{
    internal static KeyRow Of(V1.AccessKey key) => new(
        key.Name,
        key.DisplayName,
        [.. key.Roles.Select(CommandConsole.WordOf)],
        Names.NullIfEmpty(key.Instrument),
        key.Active ? "active" : key.RevokeTime is null ? "expired" : "revoked",
        key.CreateTime?.ToDateTimeOffset(),
        key.ExpireTime?.ToDateTimeOffset(),
        key.RevokeTime?.ToDateTimeOffset(),
        key.LastUseTime?.ToDateTimeOffset());
}

/// <summary>An instrument of a list.</summary>
/// <param name="Name">Resource name.</param>
/// <param name="DisplayName">Name for people; absent where it has none.</param>
/// <param name="State"><c>enrolled</c> or <c>retired</c>.</param>
/// <param name="EnrollTime">When it was enrolled, the last time.</param>
/// <param name="RetireTime">When it was retired; absent while it is enrolled.</param>
/// <param name="RevokedCertificates">SHA-256 of its certificates that are refused.</param>
public sealed record InstrumentRow(
    string Name, string? DisplayName, string State, DateTimeOffset? EnrollTime, DateTimeOffset? RetireTime, IReadOnlyList<string> RevokedCertificates)
{
    internal static InstrumentRow Of(V1.Instrument instrument) => new(
        instrument.Name,
        Names.NullIfEmpty(instrument.DisplayName),
        instrument.RetireTime is null ? "enrolled" : "retired",
        instrument.EnrollTime?.ToDateTimeOffset(),
        instrument.RetireTime?.ToDateTimeOffset(),
        [.. instrument.RevokedCertificates]);
}

/// <summary>Refused calls of one minute.</summary>
/// <param name="Identity">Who.</param>
/// <param name="Method">What was called.</param>
/// <param name="Reason">Reason of the error.</param>
/// <param name="CallCount">Calls.</param>
/// <param name="Peer">Address of the last caller.</param>
/// <param name="RecordTime">When they were counted up.</param>
public sealed record DenialRow(string Identity, string Method, string Reason, long CallCount, string Peer, DateTimeOffset? RecordTime)
{
    internal static DenialRow Of(V1.Denial denial) =>
        new(denial.Identity, denial.Method, denial.Reason, denial.CallCount, denial.Peer, denial.RecordTime?.ToDateTimeOffset());
}

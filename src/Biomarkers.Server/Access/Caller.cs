using System.Security.Claims;
using Biomarkers.Pipeline.Access;

namespace Biomarkers.Server.Access;

/// <summary>Who calls, by what, and until when.</summary>
/// <param name="Identity">For the audit: the credential, and its holder in parentheses.</param>
/// <param name="Roles">What it may do.</param>
/// <param name="Instrument">The one instrument that it is; <see cref="EveryInstrument"/>, or null for none.</param>
internal sealed record Caller(string Identity, IReadOnlyList<string> Roles, string? Instrument)
{
    private readonly string? name;
    private readonly string? holder;

    /// <summary>In place of an instrument: the owner's key on loopback, with which everything works out of the box.</summary>
    public const string EveryInstrument = "*";

    /// <summary>Whoever has the key file of the server: every role, every instrument.</summary>
    public static Caller Owner { get; } = new("keys/local", Access.Roles.All, EveryInstrument);

    /// <summary>Name of the person, as printed; the identity where nobody said another.</summary>
    public string Name { get => name ?? Identity; init => name = value; }

    /// <summary>Whose things are the caller's own: the display name of a key, because a rotated key has another id; the identity without a key.</summary>
    public string Holder { get => holder ?? Identity; init => holder = value; }

    /// <summary>When the person of a token logged in at the identity provider; null without a token, or where it does not say.</summary>
    public DateTimeOffset? LoginTime { get; init; }

    /// <summary>Id of the key; null where it is none.</summary>
    public string? KeyId { get; init; }

    /// <summary>SHA-256 of the certificate; null where it is none.</summary>
    public string? Thumbprint { get; init; }

    /// <summary>Whether it is an instrument that is not enrolled, or no more: it has no role then.</summary>
    public bool IsUnenrolled { get; init; }

    /// <summary>When the certificate or the token ends; null where it does not end by itself, or the view says it.</summary>
    public DateTimeOffset? ExpireTime { get; init; }

    /// <summary>The caller of a key.</summary>
    public static Caller Of(AccessKey key) =>
        new($"keys/{key.KeyId} ({key.Scope ?? key.Name})", key.Roles, key.InstrumentId) { KeyId = key.KeyId, Holder = $"key {key.Name}" };

    /// <summary>Why the credential is no longer good; null while it is.</summary>
    public string? EndedBy(AccessView view, DateTimeOffset now)
    {
        if (KeyId is not null)
        {
            return view.Keys.TryGetValue(KeyId, out AccessKey? key) && key.IsActiveAt(now) ? null : "The key expired or was revoked.";
        }

        if (Thumbprint is not null && view.RevokedCertificates.Contains(Thumbprint))
        {
            return "The certificate was revoked.";
        }

        if (Thumbprint is not null && !view.Instruments.Contains(Instrument!))
        {
            return "The instrument was retired.";
        }

        return ExpireTime is { } end && now >= end ? "The certificate or token expired." : null;
    }

    /// <summary>The same for the authorization of the web framework.</summary>
    public ClaimsPrincipal ToPrincipal(string scheme) =>
        new(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, Identity), .. Roles.Select(role => new Claim(ClaimTypes.Role, role))], scheme));
}

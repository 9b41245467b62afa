using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Biomarkers.Server.Access;

/// <summary>How callers are known beside the key file, and the limits of it.</summary>
public sealed record AccessOptions
{
    /// <summary>Certificates (PEM) of the authority whose client certificates are accepted at the gRPC port; null for none.</summary>
    public string? ClientAuthorityFile { get; init; }

    /// <summary>Issuer of people's tokens; null for none.</summary>
    public OidcOptions? Oidc { get; init; }

    /// <summary>How long a key is accepted when nobody says otherwise; default 365 days.</summary>
    public TimeSpan DefaultKeyLife { get; init; } = TimeSpan.FromDays(365);

    /// <summary>Longest time that a key may be accepted; 1 to 3,650 days, default 730.</summary>
    public TimeSpan MaximumKeyLife { get; init; } = TimeSpan.FromDays(730);

    /// <summary>How old this server's view of keys, instruments and revoked certificates may be, and how often calls that run are held against it; at most
    /// 30 s, default 5 s. So a change reaches a call that runs within twice this time.</summary>
    public TimeSpan ViewLife { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a key that is not in the view makes the server look again; default 1 s. So made-up keys cost the database one query per this time.</summary>
    public TimeSpan UnknownKeyPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often counted denials and uses of keys are written; default 60 s.</summary>
    public TimeSpan JournalInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Identities, methods and reasons that are counted apart within one interval; the rest is counted together. 1 to 10,000, default 200.</summary>
    public int DenialsCountedApart { get; init; } = 200;

    /// <summary>Everything that keeps a server from starting with these options.</summary>
    /// <param name="hasTls">Whether the server has a certificate.</param>
    public IEnumerable<string> Faults(bool hasTls)
    {
        if (ClientAuthorityFile is not null && !hasTls)
        {
            yield return "Client certificates travel in TLS only; expected --certificate and --certificate-key with --client-ca.";
        }

        if (ClientAuthorityFile is not null && AuthorityFault("--client-ca", ClientAuthorityFile) is { } clientAuthority)
        {
            yield return clientAuthority;
        }

        foreach (string fault in Oidc?.Faults() ?? [])
        {
            yield return fault;
        }

        if (MaximumKeyLife < TimeSpan.FromDays(1) || MaximumKeyLife > TimeSpan.FromDays(3650))
        {
            yield return $"--maximum-key-days is {MaximumKeyLife.TotalDays}; expected 1 to 3,650.";
        }

        if (ViewLife > TimeSpan.FromSeconds(30) || new[] { ViewLife, UnknownKeyPause, JournalInterval, DefaultKeyLife }.Any(span => span <= TimeSpan.Zero))
        {
            yield return "A time of the access rules is out of its range; expected more than 0, and a view of at most 30 s.";
        }

        if (DenialsCountedApart is < 1 or > 10_000)
        {
            yield return $"DenialsCountedApart is {DenialsCountedApart}; expected 1 to 10,000.";
        }
    }

    /// <summary>Why a file is no authority; null when it is one.</summary>
    internal static string? AuthorityFault(string option, string file)
    {
        try
        {
            return ReadAuthority(file).Count > 0 ? null : $"{option} '{file}' holds no certificate; expected at least one in PEM.";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return $"{option}: unable to read certificates from '{file}': {exception.Message}";
        }
    }

    /// <summary>Certificates of an authority's file.</summary>
    internal static X509Certificate2Collection ReadAuthority(string file)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(file);
        return certificates;
    }
}

/// <summary>Who issues people's bearer tokens, and what is asked of them.</summary>
public sealed record OidcOptions
{
    /// <summary>Longest difference between the clocks of issuer and server that is forgiven.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(60);

    /// <summary>Address of the issuer, https; its discovery document is at <c>/.well-known/openid-configuration</c> below it.</summary>
    public string Authority { get; init; } = "";

    /// <summary>The audience that tokens must name: this server's id at the issuer.</summary>
    public string Audience { get; init; } = "";

    /// <summary>Claim with the roles, a text or a list of texts; default <c>roles</c>.</summary>
    public string RoleClaim { get; init; } = "roles";

    /// <summary>Certificates (PEM) of the only authority that the issuer's TLS is held against; null for the machine's.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>Signatures that are accepted: none that a public key could have made, and not none.</summary>
    public static IReadOnlyList<string> Algorithms { get; } = ["RS256", "ES256", "PS256"];

    /// <summary>Everything that is wrong with these options.</summary>
    public IEnumerable<string> Faults()
    {
        if (Authority.Length == 0 || Audience.Length == 0)
        {
            yield return "An issuer and the audience of its tokens belong together; expected both --oidc-authority and --oidc-audience.";
        }
        else if (!Uri.TryCreate(Authority, UriKind.Absolute, out Uri? address) || address.Scheme != Uri.UriSchemeHttps)
        {
            yield return $"--oidc-authority '{Authority}' is no https address: whoever answers there would say who is who. Expected one such as https://login.example.org/realms/lab.";
        }

        if (RoleClaim.Length == 0)
        {
            yield return "--oidc-role-claim is empty; expected the name of a claim.";
        }

        if (AuthorityFile is not null && AccessOptions.AuthorityFault("--oidc-ca", AuthorityFile) is { } fault)
        {
            yield return fault;
        }
    }
}

using System.Formats.Asn1;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Server.Access;

/// <summary>Client certificates: of the laboratory's authority alone, for client authentication, valid now, and of one instrument, which the subject alternative
/// name <c>URI:biomarkers:instruments/NAME</c> says. A server's certificate of the same authority is none.</summary>
/// <remarks>The TLS handshake proves that the caller has the private key and accepts any certificate, so that a bad one is answered with a sentence and not
/// with a broken connection. What is said here is kept per connection.</remarks>
internal sealed class ClientCertificates(AccessOptions options, TimeProvider time)
{
    /// <summary>What the subject alternative name of an instrument begins with.</summary>
    public const string UriPrefix = "biomarkers:instruments/";

    /// <summary>Key usage of a client.</summary>
    public static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2", "clientAuth");

    private const string AlternativeNames = "2.5.29.17";
    private const int UniformResourceIdentifier = 6;

    private readonly X509Certificate2Collection? authority = options.ClientAuthorityFile is { } file ? AccessOptions.ReadAuthority(file) : null;
    private readonly ConditionalWeakTable<X509Certificate2, Judged> judged = [];

    /// <summary>Whether the server knows an authority.</summary>
    public bool AreAccepted => authority is not null;

    /// <summary>The instrument of a certificate.</summary>
    public Known<Caller> Read(X509Certificate2 certificate)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (now < certificate.NotBefore || now >= certificate.NotAfter)
        {
            return $"The client certificate is valid from {certificate.NotBefore.ToUniversalTime():yyyy-MM-ddTHH:mm:ssZ} to {certificate.NotAfter.ToUniversalTime():yyyy-MM-ddTHH:mm:ssZ}.";
        }

        return judged.GetValue(certificate, presented => new Judged(Judge(presented, now))).Result;
    }

    /// <summary>How a chain is built: from the authority's certificates alone, and nothing is fetched from where a certificate says.</summary>
    public static X509ChainPolicy ChainPolicy(X509Certificate2Collection authority)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authority);
        return policy;
    }

    private Known<Caller> Judge(X509Certificate2 certificate, DateTimeOffset now)
    {
        X509ChainPolicy policy = ChainPolicy(authority!);
        policy.VerificationTime = now.UtcDateTime;
        using var chain = new X509Chain { ChainPolicy = policy };
        if (!chain.Build(certificate))
        {
            return $"The client certificate is not of the laboratory's authority: {string.Join(' ', chain.ChainStatus.Select(status => status.Status).Distinct())}.";
        }

        // Said expressly: without this extension a certificate would be good for everything.
        if (!certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(usage => usage.EnhancedKeyUsages.Cast<Oid>().Any(oid => oid.Value == ClientAuthentication.Value)))
        {
            return "The client certificate is not one for clients; expected the extended key usage clientAuth.";
        }

        string[] instruments = [.. UrisOf(certificate).Where(uri => uri.StartsWith(UriPrefix, StringComparison.Ordinal)).Select(uri => uri[UriPrefix.Length..])];
        if (instruments is not [var instrument] || !Texts.IsName(instrument))
        {
            return $"The client certificate names {instruments.Length} instruments; expected one subject alternative name 'URI:{UriPrefix}NAME'.";
        }

        string thumbprint = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        return new Caller($"certificates/{thumbprint[..16]} (instruments/{instrument})", [Roles.Instrument], instrument)
        {
            Thumbprint = thumbprint,
            ExpireTime = certificate.NotAfter,
        };
    }

    private static IEnumerable<string> UrisOf(X509Certificate2 certificate)
    {
        foreach (X509Extension extension in certificate.Extensions.Where(extension => extension.Oid?.Value == AlternativeNames))
        {
            AsnReader names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                var uri = new Asn1Tag(TagClass.ContextSpecific, UniformResourceIdentifier);
                if (names.PeekTag().HasSameClassAndValue(uri))
                {
                    yield return names.ReadCharacterString(UniversalTagNumber.IA5String, uri);
                }
                else
                {
                    names.ReadEncodedValue();
                }
            }
        }
    }

    private sealed record Judged(Known<Caller> Result);
}

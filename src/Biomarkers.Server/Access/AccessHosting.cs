using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Biomarkers.Server.Access;

/// <summary>Puts the access rules into a server.</summary>
internal static class AccessHosting
{
    /// <summary>Registers what knows callers.</summary>
    public static void AddTo(IServiceCollection services, AccessOptions options, KeyFile ownerKey)
    {
        services.AddSingleton(ownerKey);
        services.AddSingleton(options);
        services.AddSingleton<AccessDirectory>();
        services.AddSingleton<Denials>();
        services.AddSingleton<InstrumentAccess>();
        services.AddSingleton<ClientCertificates>();
        services.AddSingleton<PersonTokens>();
        services.AddSingleton<StandingWatch>();
        // Behind the pipeline, so that it ends first and what it counted is still written.
        services.AddHostedService<AccessJournal>();
        // The core only: the full registration brings data protection, which would write keys of its own to the user's home.
        services.AddAuthenticationCore(authentication =>
        {
            authentication.AddScheme<CallerAuthenticationHandler>(CallerAuthenticationHandler.SchemeName, null);
            authentication.DefaultScheme = CallerAuthenticationHandler.SchemeName;
            if (options.Oidc is not null)
            {
                PersonTokens.AddScheme(authentication);
            }
        });
        services.AddWebEncoders();
        services.AddTransient<CallerAuthenticationHandler>();
        if (options.Oidc is { } oidc)
        {
            PersonTokens.Register(services, oidc);
        }

        services.AddAuthorization(Policies.Register);
    }

    /// <summary>Sets the server's certificate, and asks clients for theirs where there is an authority for them.</summary>
    public static void Configure(HttpsConnectionAdapterOptions https, X509Certificate2 certificate, string? clientAuthorityFile)
    {
        https.ServerCertificate = certificate;
        if (clientAuthorityFile is null)
        {
            return;
        }

        X509Certificate2Collection authority = AccessOptions.ReadAuthority(clientAuthorityFile);
        https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
        // The handshake proves the private key; what the certificate is worth is judged per call, see ClientCertificates.
        https.AllowAnyClientCertificate();
        // Without this the handshake would fetch issuers from addresses that a stranger's certificate names.
        https.OnAuthenticate = (_, tls) => tls.CertificateChainPolicy = ClientCertificates.ChainPolicy(authority);
    }
}

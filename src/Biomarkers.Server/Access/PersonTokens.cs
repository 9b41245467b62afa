using System.Globalization;
using System.Net.Security;
using System.Security.Claims;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Server.Hosting;
using Biomarkers.Server.Wire;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace Biomarkers.Server.Access;

/// <summary>Bearer tokens of people, issued by the laboratory's identity provider (OpenID Connect).</summary>
internal sealed class PersonTokens(AccessOptions options, IOptionsMonitor<JwtBearerOptions> bearer, ILogger<PersonTokens> logger)
{
    private const string SchemeName = "Token";
    private const string Subject = "sub";
    private const string Expiry = "exp";
    private const string DisplayName = "name";
    private const string LoginTimeClaim = "auth_time";

    /// <summary>Whether a credential has the form of a token: three parts.</summary>
    public static bool IsToken(string credential) => credential.Count(c => c == '.') == 2;

    /// <summary>Adds the scheme by which tokens are read.</summary>
    public static void AddScheme(AuthenticationOptions authentication) => authentication.AddScheme<JwtBearerHandler>(SchemeName, null);

    /// <summary>Registers what reads tokens.</summary>
    public static void Register(IServiceCollection services, OidcOptions oidc)
    {
        services.AddTransient<JwtBearerHandler>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<JwtBearerOptions>, JwtBearerPostConfigureOptions>());
        services.Configure<JwtBearerOptions>(SchemeName, bearer =>
        {
            bearer.Authority = oidc.Authority;
            bearer.Audience = oidc.Audience;
            bearer.RequireHttpsMetadata = true;
            bearer.MapInboundClaims = false;
            bearer.BackchannelTimeout = TimeSpan.FromSeconds(10);
            bearer.BackchannelHttpHandler = HandlerOf(oidc);
            bearer.TokenValidationParameters = new TokenValidationParameters
            {
                ValidateIssuer = true,
                ValidateAudience = true,
                ValidAudience = oidc.Audience,
                ValidateLifetime = true,
                RequireExpirationTime = true,
                RequireSignedTokens = true,
                ValidateIssuerSigningKey = true,
                ValidAlgorithms = OidcOptions.Algorithms,
                ClockSkew = OidcOptions.ClockSkew,
            };
        });
    }

    /// <summary>The person of the token in a request's header.</summary>
    public async Task<Known<Caller>> ReadAsync(HttpContext context)
    {
        if (options.Oidc is not { } oidc)
        {
            return "This server takes no tokens; expected 'authorization: Bearer KEY' with a key that it knows.";
        }

        await RequireIssuerAsync(oidc, context.RequestAborted);
        AuthenticateResult result = await context.AuthenticateAsync(SchemeName);
        if (result.Principal is not { } person)
        {
            return SentenceOf(result.Failure, oidc);
        }

        string subject = person.FindFirstValue(Subject) ?? "";
        var faults = new List<Fault>();
        Texts.CheckText(Subject, subject, faults);
        if (faults.Count > 0 || !long.TryParse(person.FindFirstValue(Expiry), CultureInfo.InvariantCulture, out long expiry))
        {
            return "The token names no person; expected the claim 'sub' with 1 to 128 characters.";
        }

        string[] roles = [.. person.FindAll(oidc.RoleClaim).Select(claim => claim.Value).Intersect(Roles.OfPeople)];
        return new Caller($"people/{subject}", roles, null)
        {
            ExpireTime = DateTimeOffset.FromUnixTimeSeconds(expiry) + OidcOptions.ClockSkew,
            Name = person.FindFirstValue(DisplayName) is { Length: > 0 and <= Texts.MaximumLength } name ? name : $"people/{subject}",
            // A token that does not say when its person logged in signs nothing: the beginning of time is long ago.
            LoginTime = long.TryParse(person.FindFirstValue(LoginTimeClaim), CultureInfo.InvariantCulture, out long login)
                ? DateTimeOffset.FromUnixTimeSeconds(login)
                : DateTimeOffset.UnixEpoch,
        };
    }

    private static string SentenceOf(Exception? failure, OidcOptions oidc) => failure switch
    {
        SecurityTokenExpiredException => "The token expired.",
        SecurityTokenNotYetValidException => "The token is not valid yet.",
        SecurityTokenInvalidAudienceException => $"The token is not for this server; expected the audience '{oidc.Audience}'.",
        SecurityTokenInvalidIssuerException => $"The token is of another issuer; expected that of '{oidc.Authority}'.",
        SecurityTokenInvalidAlgorithmException or SecurityTokenSignatureKeyNotFoundException or SecurityTokenInvalidSignatureException =>
            $"The token's signature is not accepted; expected one by a key of the issuer, {string.Join(", ", OidcOptions.Algorithms)}.",
        _ => $"The token is not accepted; expected one that the issuer signed, {string.Join(", ", OidcOptions.Algorithms)}.",
    };

    // Asked for first: without the issuer's keys every token would seem to be another issuer's. Kept by the manager once they are there.
    private async Task RequireIssuerAsync(OidcOptions oidc, CancellationToken cancellationToken)
    {
        try
        {
            await bearer.Get(SchemeName).ConfigurationManager!.GetConfigurationAsync(cancellationToken);
        }
        catch (InvalidOperationException exception)
        {
            logger.IssuerUnavailable(exception, oidc.Authority);
            throw RpcErrors.IssuerUnavailable();
        }
    }

    private static SocketsHttpHandler HandlerOf(OidcOptions oidc) => new()
    {
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        SslOptions = oidc.AuthorityFile is { } file
            ? new SslClientAuthenticationOptions { CertificateChainPolicy = ClientCertificates.ChainPolicy(AccessOptions.ReadAuthority(file)) }
            : new SslClientAuthenticationOptions(),
    };
}

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Biomarkers.Tests.Server.Access;

/// <summary>An identity provider on loopback: discovery document and keys over TLS, and tokens that it signs.</summary>
internal sealed class TestIssuer : IAsyncDisposable
{
    private readonly WebApplication web;
    private readonly RSA rsa = RSA.Create(2048);
    private readonly ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private TestIssuer(WebApplication web) => this.web = web;

    /// <summary>Its address, also the <c>iss</c> of its tokens.</summary>
    public string Address { get; private set; } = "";

    public static async Task<TestIssuer> StartAsync(string certificateFile, string keyFile)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(X509Certificate2.CreateFromPemFile(certificateFile, keyFile))));
        WebApplication application = builder.Build();
        var issuer = new TestIssuer(application);
        application.Run(issuer.AnswerAsync);
        await application.StartAsync();
        issuer.Address = application.Urls.Single();
        return issuer;
    }

    /// <summary>A token as the laboratory's identity provider gives it, but for what is changed.</summary>
    public string Token(
        string? issuer = null, string? audience = "biomarkers", TimeSpan? expiresIn = null, string? subject = "kim", string algorithm = SecurityAlgorithms.RsaSha256, string[]? roles = null)
    {
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        DateTime expires = now + (expiresIn ?? TimeSpan.FromMinutes(5));
        var claims = new Dictionary<string, object> { ["roles"] = roles ?? ["analyst"] };
        if (subject is not null)
        {
            claims["sub"] = subject;
        }

        var descriptor = new SecurityTokenDescriptor
        {
            Issuer = issuer ?? Address,
            Audience = audience,
            Claims = claims,
            IssuedAt = expires.AddMinutes(-10),
            NotBefore = expires.AddMinutes(-10),
            Expires = expires,
            SigningCredentials = CredentialsOf(algorithm),
        };
        return new JsonWebTokenHandler().CreateToken(descriptor);
    }

    /// <summary>The same token under another algorithm and signature.</summary>
    public string Resigned(string header, Func<byte[], byte[]> sign)
    {
        string[] parts = Token().Split('.');
        string input = $"{Base64UrlEncoder.Encode(header)}.{parts[1]}";
        return $"{input}.{Base64UrlEncoder.Encode(sign(System.Text.Encoding.ASCII.GetBytes(input)))}";
    }

    /// <summary>The public key as text, which everybody has and an attacker might sign with.</summary>
    public byte[] PublicKey() => System.Text.Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem());

    public async ValueTask DisposeAsync()
    {
        await web.DisposeAsync();
        rsa.Dispose();
        ecdsa.Dispose();
    }

    private SigningCredentials? CredentialsOf(string algorithm) => algorithm switch
    {
        SecurityAlgorithms.None => null,
        SecurityAlgorithms.EcdsaSha256 => new SigningCredentials(new ECDsaSecurityKey(ecdsa) { KeyId = "ec" }, algorithm),
        _ => new SigningCredentials(new RsaSecurityKey(rsa) { KeyId = "rsa" }, algorithm),
    };

    private Task AnswerAsync(HttpContext context)
    {
        RSAParameters n = rsa.ExportParameters(false);
        ECParameters q = ecdsa.ExportParameters(false);
        object document = context.Request.Path.Value switch
        {
            "/.well-known/openid-configuration" => new { issuer = Address, jwks_uri = $"{Address}/keys" },
            "/keys" => new
            {
                keys = new object[]
                {
                    new { kty = "RSA", use = "sig", kid = "rsa", n = Base64UrlEncoder.Encode(n.Modulus), e = Base64UrlEncoder.Encode(n.Exponent) },
                    new { kty = "EC", use = "sig", kid = "ec", crv = "P-256", x = Base64UrlEncoder.Encode(q.Q.X), y = Base64UrlEncoder.Encode(q.Q.Y) },
                },
            },
            _ => throw new InvalidOperationException($"Nobody should ask for {context.Request.Path}."),
        };
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(JsonSerializer.Serialize(document));
    }
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Biomarkers.Client;
using Biomarkers.Server.Access;
using Biomarkers.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace Biomarkers.Tests.Server.Access;

/// <summary>People who are known by tokens, of a real issuer over TLS.</summary>
public sealed class PersonTokenTests : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-oidc-");
    private TestIssuer issuer = null!;
    private TestServer server = null!;

    public async Task InitializeAsync()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=issuer", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 own = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await File.WriteAllTextAsync(PathOf("issuer.crt"), own.ExportCertificatePem());
        await File.WriteAllTextAsync(PathOf("issuer.key"), key.ExportPkcs8PrivateKeyPem());
        issuer = await TestIssuer.StartAsync(PathOf("issuer.crt"), PathOf("issuer.key"));
        server = await StartAsync(issuer.Address, PathOf("issuer.crt"));
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        await issuer.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(SecurityAlgorithms.RsaSha256)]
    [InlineData(SecurityAlgorithms.EcdsaSha256)]
    [InlineData(SecurityAlgorithms.RsaSsaPssSha256)]
    public async Task Token_OfTheIssuer_IsThePersonWithItsRoles(string algorithm)
    {
        Assert.Equal("OK", await ListPlatesAsync(issuer.Token(algorithm: algorithm)));
        Assert.StartsWith("PERMISSION_DENIED: The caller has no right to this method; its roles: admin.", await ListPlatesAsync(issuer.Token(algorithm: algorithm, roles: ["admin", "unknown"])), StringComparison.Ordinal);
        // A person is no instrument, whatever the issuer says.
        Assert.StartsWith("PERMISSION_DENIED: The caller has no right to this method; its roles: none.", await ListPlatesAsync(issuer.Token(algorithm: algorithm, roles: ["instrument"])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_Person_IsNamedInTheAudit()
    {
        using GrpcChannel channel = server.Anonymous();
        await new AccessService.AccessServiceClient(channel).EnrollInstrumentAsync(
            new EnrollInstrumentRequest { InstrumentId = "reader-1" }, Headers(issuer.Token(roles: ["admin"])), TestServer.Deadline);
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={server.Options.DatabaseFile};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT actor FROM audit_event WHERE action = 'INSTRUMENT_ENROLLED'";

        Assert.Equal("people/kim", command.ExecuteScalar());
    }

    [Fact]
    public async Task Token_ThatIsNotRight_IsRefusedWithItsReason()
    {
        using RSA stranger = RSA.Create(2048);
        byte[] publicKey = issuer.PublicKey();
        (string Token, string Expected)[] wrong =
        [
            (issuer.Token(issuer: "https://elsewhere.example.org"), "of another issuer"),
            (issuer.Token(audience: "another-system"), "not for this server"),
            (issuer.Token(expiresIn: TimeSpan.FromSeconds(-90)), "expired"),
            (issuer.Token(expiresIn: TimeSpan.FromMinutes(20)), "not valid yet"),
            (issuer.Token(subject: null), "'sub'"),
            (issuer.Token(subject: new string('x', 129)), "'sub'"),
            (issuer.Token(algorithm: SecurityAlgorithms.RsaSha512), "signature is not accepted"),
            (issuer.Token(algorithm: SecurityAlgorithms.None), "not accepted"),
            (issuer.Resigned("""{"alg":"none","typ":"JWT"}""", _ => []), "not accepted"),
            (issuer.Resigned("""{"alg":"HS256","typ":"JWT","kid":"rsa"}""", input => HMACSHA256.HashData(publicKey, input)), "not accepted"),
            (issuer.Resigned("""{"alg":"RS256","typ":"JWT","kid":"rsa"}""", input => stranger.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)), "not accepted"),
            ("a.b.c", "not accepted"),
        ];

        foreach ((string token, string expected) in wrong)
        {
            string answer = await ListPlatesAsync(token);
            Assert.StartsWith("UNAUTHENTICATED", answer, StringComparison.Ordinal);
            Assert.Contains(expected, answer, StringComparison.Ordinal);
        }

        // Clocks differ: what expired within a minute counts.
        Assert.Equal("OK", await ListPlatesAsync(issuer.Token(expiresIn: TimeSpan.FromSeconds(-30))));
    }

    [Fact]
    public async Task Token_WhileTheIssuerIsNotTrustedOrAway_IsUnavailableAndKeysGoOn()
    {
        // Its TLS is not of the authority that the operator named.
        await using TestServer distrusting = await StartAsync(issuer.Address, null);

        Assert.StartsWith("ISSUER_UNAVAILABLE", await ListPlatesAsync(issuer.Token(), distrusting), StringComparison.Ordinal);
        Assert.Empty((await distrusting.Connection.Plates.ListPlatesAsync(new ListPlatesRequest())).Plates);
    }

    [Fact]
    public async Task Token_WithoutAnIssuer_IsNotKnown()
    {
        await using TestServer plain = await TestServer.StartAsync();

        Assert.StartsWith("UNAUTHENTICATED: This server takes no tokens", await ListPlatesAsync(issuer.Token(), plain), StringComparison.Ordinal);
    }

    private string PathOf(string name) => Path.Combine(folder.FullName, name);

    private static Task<TestServer> StartAsync(string address, string? authority) => TestServer.StartAsync(change: options => options with
    {
        Access = new AccessOptions { Oidc = new OidcOptions { Authority = address, Audience = "biomarkers", AuthorityFile = authority } },
    });

    private static Metadata Headers(string token) => new() { { "authorization", $"Bearer {token}" } };

    private async Task<string> ListPlatesAsync(string token, TestServer? other = null)
    {
        using GrpcChannel channel = (other ?? server).Anonymous();
        try
        {
            await new PlateService.PlateServiceClient(channel).ListPlatesAsync(new ListPlatesRequest(), Headers(token), TestServer.Deadline);
            return "OK";
        }
        catch (RpcException exception)
        {
            RpcFault fault = RpcFault.Of(exception);
            return $"{fault.Reason}: {fault.Message}";
        }
    }
}

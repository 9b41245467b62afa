using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Biomarkers.Client;
using Biomarkers.Server.Access;
using Biomarkers.V1;
using Grpc.Core;
using Xunit;

namespace Biomarkers.Tests.Server.Access;

/// <summary>Instruments that are known by their certificates, over real TLS, with certificates that the verbs make.</summary>
public sealed class ClientCertificateTests : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-mtls-");
    private TestServer server = null!;
    private BiomarkersConnection owner = null!;

    public async Task InitializeAsync()
    {
        await MakeAsync("init", "--out", PathOf("certs"), "--authority", PathOf("authority"));
        await MakeAsync("instrument", "--out", PathOf("certs"), "--authority", PathOf("authority"), "--name", "reader-1");
        server = await TestServer.StartAsync(change: options => options with
        {
            CertificateFile = PathOf("certs/server.crt"),
            CertificateKeyFile = PathOf("certs/server.key"),
            Access = new AccessOptions { ClientAuthorityFile = PathOf("authority/ca.crt"), ViewLife = TimeSpan.FromMilliseconds(50) },
        });
        owner = server.Connect(authority: PathOf("authority/ca.crt"));
    }

    public async Task DisposeAsync()
    {
        owner.Dispose();
        await server.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Certificate_OfAnInstrument_SendsAsItOnceItIsEnrolled()
    {
        Assert.Equal("INSTRUMENT_UNKNOWN: instruments/reader-1 is not enrolled; an admin enrolls it with 'biomarkers instruments enroll reader-1'.", await SubmitAsync("certs/reader-1", "reader-1"));
        await EnrollAsync();

        Assert.Equal("OK", await SubmitAsync("certs/reader-1", "reader-1"));
        Assert.Equal("IDENTITY_MISMATCH: The caller is instruments/reader-1 and may not send as instruments/reader-2.", await SubmitAsync("certs/reader-1", "reader-2"));
        using BiomarkersConnection connection = Connect("certs/reader-1");
        RpcException read = await Assert.ThrowsAsync<RpcException>(() => connection.Plates.ListPlatesAsync(new ListPlatesRequest()).ResponseAsync);
        Assert.Equal(StatusCode.PermissionDenied, read.StatusCode);
        Assert.NotEmpty((await connection.Assays.ListAssaysAsync(new ListAssaysRequest())).Assays);
    }

    [Fact]
    public async Task Certificate_RevokedOrOfARetiredInstrument_EndsItsOpenStreamAndIsRefused()
    {
        await EnrollAsync();
        using BiomarkersConnection connection = Connect("certs/reader-1");
        using TestStream stream = await TestStream.OpenAsync(connection);
        string thumbprint = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(PathOf("certs/reader-1.crt"))).GetCertHashString(HashAlgorithmName.SHA256);

        Instrument revoked = await owner.Access.RevokeCertificateAsync(
            new RevokeCertificateRequest { Instrument = "instruments/reader-1", Sha256Thumbprint = thumbprint.ToLowerInvariant(), Reason = "stolen" });

        Assert.Equal([thumbprint], revoked.RevokedCertificates);
        Assert.NotEqual(StatusCode.OK, (await stream.FaultAsync()).Code);
        Assert.Equal("UNAUTHENTICATED: The certificate was revoked.", await SubmitAsync("certs/reader-1", "reader-1"));
        await MakeAsync("instrument", "--out", PathOf("certs"), "--authority", PathOf("authority"), "--name", "reader-1");
        Assert.Equal("OK", await SubmitAsync("certs/reader-1", "reader-1"));
        await owner.Access.RetireInstrumentAsync(new RetireInstrumentRequest { Name = "instruments/reader-1", Reason = "sold" });
        Assert.StartsWith("INSTRUMENT_UNKNOWN", await SubmitAsync("certs/reader-1", "reader-1"), StringComparison.Ordinal);
        // Nor does it see what it sent, or anything else.
        using BiomarkersConnection sold = Connect("certs/reader-1");
        RpcException own = await Assert.ThrowsAsync<RpcException>(() =>
            sold.Ingest.ListQuarantinedEventsAsync(new ListQuarantinedEventsRequest { Parent = "instruments/reader-1" }).ResponseAsync);
        RpcException assays = await Assert.ThrowsAsync<RpcException>(() => sold.Assays.ListAssaysAsync(new ListAssaysRequest()).ResponseAsync);
        Assert.Equal((StatusCode.PermissionDenied, StatusCode.PermissionDenied), (own.StatusCode, assays.StatusCode));
    }

    [Fact]
    public async Task Certificate_ThatIsNone_IsRefusedWithASentence()
    {
        await EnrollAsync();
        await MakeAsync("init", "--out", PathOf("others"), "--authority", PathOf("others"));
        await MakeAsync("instrument", "--out", PathOf("others"), "--authority", PathOf("others"), "--name", "reader-1");
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        Write("expired", "biomarkers:instruments/reader-1", now.AddDays(-3), now.AddDays(-1), "1.3.6.1.5.5.7.3.2");
        Write("future", "biomarkers:instruments/reader-1", now.AddDays(1), now.AddDays(2), "1.3.6.1.5.5.7.3.2");
        Write("unnamed", "https://reader-1", now.AddDays(-1), now.AddDays(1), "1.3.6.1.5.5.7.3.2");
        Write("two", "biomarkers:instruments/reader-1 biomarkers:instruments/reader-2", now.AddDays(-1), now.AddDays(1), "1.3.6.1.5.5.7.3.2");
        Write("unlimited", "biomarkers:instruments/reader-1", now.AddDays(-1), now.AddDays(1), null);
        Write("right", "biomarkers:instruments/reader-1", now.AddDays(-1), now.AddDays(1), "1.3.6.1.5.5.7.3.2");

        Assert.Equal("OK", await SubmitAsync("right", "reader-1"));
        Assert.Contains("not of the laboratory's authority", await SubmitAsync("others/reader-1", "reader-1"), StringComparison.Ordinal);
        Assert.Contains("is valid from", await SubmitAsync("expired", "reader-1"), StringComparison.Ordinal);
        Assert.Contains("is valid from", await SubmitAsync("future", "reader-1"), StringComparison.Ordinal);
        Assert.Contains("names 0 instruments", await SubmitAsync("unnamed", "reader-1"), StringComparison.Ordinal);
        Assert.Contains("names 2 instruments", await SubmitAsync("two", "reader-1"), StringComparison.Ordinal);
        Assert.Contains("expected the extended key usage clientAuth", await SubmitAsync("unlimited", "reader-1"), StringComparison.Ordinal);
        // A server's certificate of the right authority is no instrument.
        Assert.StartsWith("UNAUTHENTICATED", await SubmitAsync("certs/server", "reader-1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connection_WithoutCertificateAndKey_IsNotKnown()
    {
        await EnrollAsync();
        X509ChainPolicy policy = ClientCertificates.ChainPolicy(AccessOptions.ReadAuthority(PathOf("authority/ca.crt")));
        using var http = new SocketsHttpHandler { SslOptions = new System.Net.Security.SslClientAuthenticationOptions { CertificateChainPolicy = policy } };
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress(server.Address, new Grpc.Net.Client.GrpcChannelOptions { HttpHandler = http });

        RpcException refused = await Assert.ThrowsAsync<RpcException>(() =>
            new AssayService.AssayServiceClient(channel).ListAssaysAsync(new ListAssaysRequest(), deadline: TestServer.Deadline).ResponseAsync);

        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
    }

    private string PathOf(string name) => Path.Combine(folder.FullName, name);

    private BiomarkersConnection Connect(string certificate) => BiomarkersConnection.Open(new BiomarkersConnectionOptions
    {
        Server = server.Address,
        CertificateAuthorityFile = PathOf("authority/ca.crt"),
        ClientCertificateFile = PathOf($"{certificate}.crt"),
        ClientCertificateKeyFile = PathOf($"{certificate}.key"),
        Deadline = TestServer.Patience,
    });

    private async Task EnrollAsync() => await owner.Access.EnrollInstrumentAsync(new EnrollInstrumentRequest { InstrumentId = "reader-1" });

    // What the server says against a certificate; OK where it takes the read.
    private async Task<string> SubmitAsync(string certificate, string instrument)
    {
        using BiomarkersConnection connection = Connect(certificate);
        try
        {
            await connection.Ingest.SubmitPlateReadAsync(new SubmitPlateReadRequest { Instrument = $"instruments/{instrument}", PlateRead = TestServer.Read("C-1") });
            return "OK";
        }
        catch (RpcException exception)
        {
            RpcFault fault = RpcFault.Of(exception);
            return $"{fault.Reason}: {fault.Message}";
        }
    }

    private static async Task MakeAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        var writers = new System.CommandLine.InvocationConfiguration { Output = output, Error = output };
        Assert.Equal(0, await Biomarkers.Server.Verbs.CertificatesVerb.Create().Parse(arguments).InvokeAsync(writers));
    }

    // A certificate of the laboratory's authority that the verb would not make.
    private void Write(string name, string uris, DateTimeOffset from, DateTimeOffset to, string? usage)
    {
        using var authority = X509Certificate2.CreateFromPemFile(PathOf("authority/ca.crt"), PathOf("authority/ca.key"));
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (string uri in uris.Split(' '))
        {
            alternatives.AddUri(new Uri(uri));
        }

        request.CertificateExtensions.Add(alternatives.Build());
        if (usage is not null)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        }

        // The authority is younger than some of these.
        X509SignatureGenerator signer = X509SignatureGenerator.CreateForECDsa(authority.GetECDsaPrivateKey()!);
        using X509Certificate2 made = request.Create(authority.SubjectName, signer, from, to, RandomNumberGenerator.GetBytes(16));
        File.WriteAllText(PathOf($"{name}.crt"), made.ExportCertificatePem() + "\n");
        File.WriteAllText(PathOf($"{name}.key"), key.ExportPkcs8PrivateKeyPem() + "\n");
    }
}

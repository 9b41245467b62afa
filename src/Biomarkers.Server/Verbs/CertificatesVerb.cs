using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Biomarkers.Server.Verbs;

/// <summary><c>biomarkers-server certs init</c>: makes a laboratory's own authority and a server certificate.</summary>
internal static class CertificatesVerb
{
    private const int AuthorityYears = 10;
    private const int ServerDays = 397;

    private static readonly Option<string> Out = new("--out") { Description = "Folder for ca.crt, ca.key, server.crt and server.key.", Required = true };

    private static readonly Option<string?> AuthorityFolder = new("--authority") { Description = "Folder of the authority's ca.crt and ca.key, where they shall not stand beside the server's. Default: that of --out." };

    private static readonly Option<string[]> Names = new("--name") { Description = "Host name or IP address by which clients reach the server; may stand several times.", DefaultValueFactory = _ => ["localhost", "127.0.0.1"] };

    public static Command Create()
    {
        var init = new Command("init", $"Make a laboratory's own authority ({AuthorityYears} years) and a server certificate ({ServerDays} days). An authority that is there is used again, so that clients keep their trust. Exit codes: 0 made, 2 not made.") { Out, AuthorityFolder, Names };
        init.SetAction(Run);
        return new Command("certs", "Certificates of the laboratory.") { init };
    }

    private static int Run(ParseResult parsed)
    {
        string folder = parsed.GetValue(Out)!;
        try
        {
            string authorityFolder = parsed.GetValue(AuthorityFolder) ?? folder;
            Directory.CreateDirectory(folder);
            Directory.CreateDirectory(authorityFolder);
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            using X509Certificate2 authority = ReadOrCreateAuthority(authorityFolder, now);
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using X509Certificate2 server = CreateServer(authority, key, parsed.GetValue(Names)!, now);
            File.WriteAllText(Path.Combine(folder, "ca.crt"), authority.ExportCertificatePem() + "\n");
            File.WriteAllText(Path.Combine(folder, "server.crt"), server.ExportCertificatePem() + "\n");
            WritePrivate(Path.Combine(folder, "server.key"), key.ExportPkcs8PrivateKeyPem());
            Console.WriteLine($"Made {Path.Combine(folder, "server.crt")} for {string.Join(", ", parsed.GetValue(Names)!)}, valid until {server.NotAfter:yyyy-MM-dd}.");
            Console.WriteLine($"Give clients {Path.Combine(folder, "ca.crt")} (--ca); keep {Path.Combine(authorityFolder, "ca.key")} away from the server.");
            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            Console.Error.WriteLine($"biomarkers-server: Unable to make certificates in '{folder}': {exception.Message}");
            return ExitCodes.NotStarted;
        }
    }

    private static X509Certificate2 ReadOrCreateAuthority(string folder, DateTimeOffset now)
    {
        string certificateFile = Path.Combine(folder, "ca.crt");
        string keyFile = Path.Combine(folder, "ca.key");
        if (File.Exists(certificateFile))
        {
            return X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        }

        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Biomarkers laboratory authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        X509Certificate2 authority = request.CreateSelfSigned(now.AddMinutes(-5), now.AddYears(AuthorityYears));
        File.WriteAllText(certificateFile, authority.ExportCertificatePem() + "\n");
        WritePrivate(keyFile, key.ExportPkcs8PrivateKeyPem());
        return authority;
    }

    private static X509Certificate2 CreateServer(X509Certificate2 authority, ECDsa key, string[] names, DateTimeOffset now)
    {
        var request = new CertificateRequest("CN=Biomarkers server", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (string name in names)
        {
            if (IPAddress.TryParse(name, out IPAddress? address))
            {
                alternatives.AddIpAddress(address);
            }
            else
            {
                alternatives.AddDnsName(name);
            }
        }

        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1", "serverAuth")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        return request.Create(authority, now.AddMinutes(-5), now.AddDays(ServerDays), RandomNumberGenerator.GetBytes(16));
    }

    // Made anew with its mode, never readable by others even for a moment.
    private static void WritePrivate(string file, string pem)
    {
        File.Delete(file);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(file, options);
        writer.WriteLine(pem);
    }
}

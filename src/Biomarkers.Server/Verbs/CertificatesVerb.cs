using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Server.Access;

namespace Biomarkers.Server.Verbs;

/// <summary><c>biomarkers-server certs</c>: makes a laboratory's own authority, a server certificate, and certificates of instruments.</summary>
internal static class CertificatesVerb
{
    private const int AuthorityYears = 10;
    private const int ServerDays = 397;
    private const int InstrumentDays = 397;

    private static readonly Option<string> Out = new("--out") { Description = "Folder for ca.crt, ca.key, server.crt and server.key.", Required = true };

    private static readonly Option<string?> AuthorityFolder = new("--authority") { Description = "Folder of the authority's ca.crt and ca.key, where they shall not stand beside the server's. Default: that of --out." };

    private static readonly Option<string[]> Names = new("--name") { Description = "Host name or IP address by which clients reach the server; may stand several times.", DefaultValueFactory = _ => ["localhost", "127.0.0.1"] };

    private static readonly Option<string> InstrumentOut = new("--out") { Description = "Folder for NAME.crt and NAME.key.", Required = true };

    private static readonly Option<string> InstrumentAuthority = new("--authority") { Description = "Folder of the authority's ca.crt and ca.key, which 'certs init' made.", Required = true };

    private static readonly Option<string> InstrumentName = new("--name") { Description = "Id of the instrument, as it is enrolled, such as reader-1.", Required = true };

    public static Command Create()
    {
        var init = new Command("init", $"Make a laboratory's own authority ({AuthorityYears} years) and a server certificate ({ServerDays} days). An authority that is there is used again, so that clients keep their trust. Exit codes: 0 made, 2 not made.") { Out, AuthorityFolder, Names };
        init.SetAction(Run);
        var instrument = new Command("instrument", $"Make a client certificate ({InstrumentDays} days) of one instrument, for a server with --client-ca. Exit codes: 0 made, 2 not made.") { InstrumentOut, InstrumentAuthority, InstrumentName };
        instrument.SetAction(RunInstrument);
        return new Command("certs", "Certificates of the laboratory.") { init, instrument };
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

    private static int RunInstrument(ParseResult parsed)
    {
        string folder = parsed.GetValue(InstrumentOut)!;
        string name = parsed.GetValue(InstrumentName)!;
        string authorityFolder = parsed.GetValue(InstrumentAuthority)!;
        if (!Texts.IsName(name))
        {
            Console.Error.WriteLine($"biomarkers-server: '{name}' is no id of an instrument; expected 1 to {Texts.MaximumNameLength} letters, digits, '-', '_' or '.', beginning with a letter or digit.");
            return ExitCodes.NotStarted;
        }

        try
        {
            using X509Certificate2 authority = X509Certificate2.CreateFromPemFile(Path.Combine(authorityFolder, "ca.crt"), Path.Combine(authorityFolder, "ca.key"));
            Directory.CreateDirectory(folder);
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using X509Certificate2 instrument = CreateInstrument(authority, key, name, TimeProvider.System.GetUtcNow());
            string file = Path.Combine(folder, $"{name}.crt");
            File.WriteAllText(file, instrument.ExportCertificatePem() + "\n");
            WritePrivate(Path.Combine(folder, $"{name}.key"), key.ExportPkcs8PrivateKeyPem());
            Console.WriteLine($"Made {file} for instruments/{name}, valid until {instrument.NotAfter:yyyy-MM-dd}, SHA-256 {instrument.GetCertHashString(HashAlgorithmName.SHA256)}.");
            Console.WriteLine($"Enroll it with 'biomarkers instruments enroll {name}'; it sends with --client-certificate {file} --client-certificate-key {Path.Combine(folder, $"{name}.key")}.");
            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            Console.Error.WriteLine($"biomarkers-server: Unable to make a certificate with the authority in '{authorityFolder}': {exception.Message}");
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

        return Issue(authority, request, alternatives, new Oid("1.3.6.1.5.5.7.3.1", "serverAuth"), now, ServerDays);
    }

    /// <summary>A client certificate of an instrument.</summary>
    internal static X509Certificate2 CreateInstrument(X509Certificate2 authority, ECDsa key, string name, DateTimeOffset now)
    {
        var request = new CertificateRequest($"CN=Biomarkers instrument {name}", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        alternatives.AddUri(new Uri(ClientCertificates.UriPrefix + name));
        return Issue(authority, request, alternatives, ClientCertificates.ClientAuthentication, now, InstrumentDays);
    }

    private static X509Certificate2 Issue(
        X509Certificate2 authority, CertificateRequest request, SubjectAlternativeNameBuilder alternatives, Oid usage, DateTimeOffset now, int days)
    {
        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([usage], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        return request.Create(authority, now.AddMinutes(-5), now.AddDays(days), RandomNumberGenerator.GetBytes(16));
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

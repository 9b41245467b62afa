using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Biomarkers.Server.Verbs;
using Biomarkers.V1;

namespace Biomarkers.Faults.Cases;

/// <summary>By what a sender is known.</summary>
/// <param name="KeyFile">Its key; null where it has a certificate.</param>
/// <param name="CertificateFile">Its certificate; null where it has a key.</param>
/// <param name="CertificateKeyFile">The certificate's private key.</param>
internal sealed record CaseCredential(string? KeyFile, string? CertificateFile = null, string? CertificateKeyFile = null);

/// <content>Who may send: what an admin does, and keys and certificates of instruments.</content>
internal sealed partial class CaseRun
{
    // By instrument, as the steps name it.
    private readonly Dictionary<string, CaseCredential> credentials = [];
    private DirectoryInfo? folder;

    private Task EnrollAsync(CaseStep step) =>
        CallAsync(step, () => People.Access.EnrollInstrumentAsync(new EnrollInstrumentRequest { InstrumentId = scope + step.Words[0] }).ResponseAsync);

    private Task KeyAsync(CaseStep step) => CallAsync(step, async () =>
    {
        string id = scope + step.Words[0];
        CreateKeyResponse made = await People.Access.CreateKeyAsync(new CreateKeyRequest { DisplayName = id, Roles = { Role.Instrument }, Instrument = $"instruments/{id}" });
        credentials[step.Words[0]] = new CaseCredential(await WriteAsync($"{id}.key", made.Secret));
        return made;
    });

    // As 'biomarkers-server certs instrument' does.
    private async Task CertificateAsync(CaseStep step)
    {
        string id = scope + step.Words[0];
        string authorityFolder = server.Certificates ?? throw new CaseFailureException("Certificates of instruments travel in TLS only.");
        using var authority = X509Certificate2.CreateFromPemFile(Path.Combine(authorityFolder, "ca.crt"), Path.Combine(authorityFolder, "ca.key"));
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = CertificatesVerb.CreateInstrument(authority, key, id, TimeProvider.System.GetUtcNow());
        credentials[step.Words[0]] = new CaseCredential(
            null, await WriteAsync($"{id}.crt", certificate.ExportCertificatePem()), await WriteAsync($"{id}.key", key.ExportPkcs8PrivateKeyPem()));
    }

    private async Task<string> WriteAsync(string name, string text)
    {
        folder ??= Directory.CreateTempSubdirectory("biomarkers-case-");
        string file = Path.Combine(folder.FullName, name);
        await File.WriteAllTextAsync(file, text + "\n");
        return file;
    }
}

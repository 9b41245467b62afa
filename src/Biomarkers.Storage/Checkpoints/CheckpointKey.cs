using System.Security.Cryptography;
using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Backups;

namespace Biomarkers.Storage.Checkpoints;

/// <summary>The key by which a server signs checkpoints: ECDSA over P-256, in a file that only its owner can read.</summary>
public sealed class CheckpointKey : IDisposable
{
    private readonly ECDsa key;

    private CheckpointKey(ECDsa key) => this.key = key;

    /// <summary>Its name: SHA-256 of its public half.</summary>
    public ContentHash Name => SignedCheckpoint.KeyOf(key);

    /// <summary>The public half as PEM, for those who verify.</summary>
    public string PublicPem => key.ExportSubjectPublicKeyInfoPem() + "\n";

    /// <summary>Reads the key, or makes it where the file is absent.</summary>
    /// <param name="file">PEM (PKCS #8), mode 0600.</param>
    /// <exception cref="InvalidDataException">The file holds no such key, or others can read it.</exception>
    /// <exception cref="IOException">It can be neither read nor made.</exception>
    public static CheckpointKey ReadOrCreate(string file)
    {
        if (!File.Exists(file))
        {
            Create(file);
        }

        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
            if ((File.GetUnixFileMode(file) & Others) != UnixFileMode.None)
            {
                throw new InvalidDataException($"Key file '{file}' can be read or written by others; expected mode 0600.");
            }
        }

        return new CheckpointKey(PublicKeys.Import(File.ReadAllText(file), file));
    }

    /// <summary>Signs what a checkpoint says.</summary>
    public SignedCheckpoint Sign(Checkpoint checkpoint)
    {
        string statement = checkpoint.ToStatement();
        return new SignedCheckpoint(statement, key.SignData(Encoding.UTF8.GetBytes(statement), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence), Name);
    }

    /// <inheritdoc/>
    public void Dispose() => key.Dispose();

    private static void Create(string file)
    {
        // Whole or not there: servers that share the file may start at the same time, and the first one's key is everybody's.
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string own = $"{file}.{Guid.NewGuid():N}";
        using (FileStream stream = DurableFile.Create(own))
        {
            stream.Write(Encoding.ASCII.GetBytes(made.ExportPkcs8PrivateKeyPem() + "\n"));
            stream.Flush(flushToDisk: true);
        }

        try
        {
            DurableFile.Rename(own, file);
        }
        catch (IOException) when (File.Exists(file))
        {
            File.Delete(own);
        }
    }
}

/// <summary>Keys of ECDSA over P-256 as PEM files have them.</summary>
public static class PublicKeys
{
    /// <summary>Reads a public key of a file.</summary>
    /// <exception cref="InvalidDataException">It holds none.</exception>
    /// <exception cref="IOException">It can't be read.</exception>
    public static ECDsa Read(string file) => Import(File.ReadAllText(file), file);

    internal static ECDsa Import(string pem, string file)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value
                ? key
                : throw new InvalidDataException($"File '{file}' holds a key of another curve; expected ECDSA over P-256.");
        }
        catch (Exception exception)
        {
            key.Dispose();
            throw exception is ArgumentException or CryptographicException ? new InvalidDataException($"File '{file}' holds no key of ECDSA over P-256 as PEM: {exception.Message}", exception) : exception;
        }
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Backups;

namespace Biomarkers.Storage.Checkpoints;

/// <summary>A checkpoint in a folder.</summary>
/// <param name="Place">File.</param>
/// <param name="Signed">What it holds.</param>
public sealed record HeldCheckpoint(string Place, SignedCheckpoint Signed);

/// <summary>A folder of checkpoints: one file each, in a folder per day (UTC), and the public keys of those who signed them.</summary>
/// <remarks>Several servers may share a folder: a file is named after its statement, and a name that is there has that content.</remarks>
public sealed class CheckpointFolder(string folder)
{
    private const string Pattern = "checkpoint-*.json";
    private const string KeyPattern = "checkpoint-key-*.pem";

    /// <summary>Its path.</summary>
    public string Place => folder;

    /// <summary>Writes a checkpoint; it is there whole, and after a loss of power, when this returns.</summary>
    /// <returns>The file.</returns>
    /// <exception cref="IOException">It can't be written.</exception>
    public string Write(SignedCheckpoint signed)
    {
        Checkpoint checkpoint = signed.ToCheckpoint();
        string day = Path.Combine(folder, checkpoint.Time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        MakeFolder(day);
        string statement = ContentHash.Of(Encoding.UTF8.GetBytes(signed.Statement)).Hex[..16];
        string file = Path.Combine(day, string.Create(CultureInfo.InvariantCulture, $"checkpoint-{checkpoint.Sequence:D12}-{statement}.json"));
        Write(file, signed.ToJson());
        return file;
    }

    /// <summary>Puts a public key beside the checkpoints, where it is not there yet.</summary>
    /// <returns>The file.</returns>
    /// <exception cref="IOException">It can't be written.</exception>
    public string WriteKey(CheckpointKey key) => WriteKey(key.Name, key.PublicPem);

    /// <summary>Puts the public key of a checkpoint beside it, as it came along; a key of that name that is there stays.</summary>
    /// <returns>The file.</returns>
    /// <exception cref="InvalidDataException">It is no key, or did not sign the checkpoint.</exception>
    /// <exception cref="IOException">It can't be written.</exception>
    public string WriteKey(SignedCheckpoint signed, string publicPem)
    {
        using ECDsa key = PublicKeys.Import(publicPem, "the server's public key");
        return signed.IsSignedBy(key)
            ? WriteKey(signed.Key, publicPem)
            : throw new InvalidDataException($"The public key that came along did not sign the checkpoint; expected the key {signed.Key}.");
    }

    private string WriteKey(ContentHash name, string publicPem)
    {
        MakeFolder(folder);
        string file = Path.Combine(folder, $"checkpoint-key-{name.Hex[..16]}.pem");
        if (!File.Exists(file))
        {
            Write(file, publicPem);
        }

        return file;
    }

    /// <summary>Public keys in the folder.</summary>
    /// <exception cref="IOException">The folder can't be read.</exception>
    public IEnumerable<string> KeyFiles() => Directory.EnumerateFiles(folder, KeyPattern).Order(StringComparer.Ordinal);

    /// <summary>Every checkpoint of the folder, by the names of their files.</summary>
    /// <exception cref="InvalidDataException">A file holds none.</exception>
    /// <exception cref="IOException">The folder or a file can't be read.</exception>
    public IEnumerable<HeldCheckpoint> ReadAll() =>
        Directory.EnumerateFiles(folder, Pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Read);

    private static HeldCheckpoint Read(string file)
    {
        try
        {
            var signed = SignedCheckpoint.FromJson(File.ReadAllText(file));
            _ = signed.ToCheckpoint();
            return new HeldCheckpoint(file, signed);
        }
        catch (FormatException exception)
        {
            throw new InvalidDataException($"File '{file}' holds no checkpoint: {exception.Message}", exception);
        }
    }

    private static void Write(string file, string text)
    {
        string own = $"{file}.{Guid.NewGuid():N}.partial";
        try
        {
            using (FileStream stream = DurableFile.Create(own))
            {
                stream.Write(Encoding.UTF8.GetBytes(text));
                stream.Flush(flushToDisk: true);
            }

            // Who verifies may be another person than who serves.
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(own, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            }

            DurableFile.Rename(own, file);
        }
        catch (IOException) when (File.Exists(file))
        {
            // Another server made the same statement.
            File.Delete(own);
        }
        catch
        {
            File.Delete(own);
            throw;
        }
    }

    private static void MakeFolder(string path)
    {
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path);
            DurableFile.FlushFolderOf(path);
        }
    }
}

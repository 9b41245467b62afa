using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Biomarkers.Server.Access;

/// <summary>The key that the first start makes: 256 random bits in a file that only its owner can read, where the clients of the same
/// user find it. It stands for every role, on this machine.</summary>
internal sealed class KeyFile
{
    private const string Prefix = "bmk_";

    private readonly byte[] hash;

    private KeyFile(string key) => hash = SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>Reads the key, or makes it.</summary>
    /// <exception cref="InvalidDataException">The file holds no key, or others can read it.</exception>
    public static KeyFile ReadOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            Create(path);
        }

        if (!OperatingSystem.IsWindows())
        {
            UnixFileMode others = File.GetUnixFileMode(path) & (UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
            if (others != UnixFileMode.None)
            {
                throw new InvalidDataException($"Key file '{path}' can be read or written by others; expected mode 0600.");
            }
        }

        string key = File.ReadAllText(path).Trim();
        return key.StartsWith(Prefix, StringComparison.Ordinal) && key.Length >= Prefix.Length + 43
            ? new KeyFile(key)
            : throw new InvalidDataException($"File '{path}' holds no key; expected one line that begins with '{Prefix}'. Remove the file to have a new key made.");
    }

    /// <summary>Whether a text is the key; takes the same time for every text of its length.</summary>
    public bool Matches(string candidate) => CryptographicOperations.FixedTimeEquals(hash, SHA256.HashData(Encoding.UTF8.GetBytes(candidate)));

    private static void Create(string path)
    {
        string key = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        // Whole or not there: servers that share the file may start at the same time, and the first one's key is everybody's.
        string own = $"{path}.{Guid.NewGuid():N}";
        using (var writer = new StreamWriter(own, options))
        {
            writer.WriteLine(key);
        }

        try
        {
            File.Move(own, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(own);
        }
    }
}

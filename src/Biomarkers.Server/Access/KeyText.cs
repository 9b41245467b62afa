using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Biomarkers.Immunoassay;

namespace Biomarkers.Server.Access;

/// <summary>The text of a key: <c>bmk_ID_SECRET</c>, a public id of 16 hexadecimal digits and 256 random bits. Only its hash is kept.</summary>
internal static class KeyText
{
    /// <summary>What every key begins with, so that a key that was left somewhere is found by a search.</summary>
    public const string Prefix = "bmk_";

    private const int IdLength = 16;
    private const int SecretLength = 43;

    /// <summary>Makes a key.</summary>
    public static (string KeyId, string Text) Make()
    {
        string keyId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdLength / 2));
        return (keyId, $"{Prefix}{keyId}_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32))}");
    }

    /// <summary>Public id of a key; null where a text has not the form of one.</summary>
    public static string? IdOf(string text)
    {
        bool hasForm = text.Length == Prefix.Length + IdLength + 1 + SecretLength
            && text.StartsWith(Prefix, StringComparison.Ordinal)
            && text[Prefix.Length + IdLength] == '_'
            && text.Skip(Prefix.Length).Take(IdLength).All(char.IsAsciiHexDigitLower);
        return hasForm ? text.Substring(Prefix.Length, IdLength) : null;
    }

    /// <summary>What is kept of a key. 256 random bits need no slow hash.</summary>
    public static ContentHash HashOf(string text) => ContentHash.Of(Encoding.UTF8.GetBytes(text));

    /// <summary>Whether a text is the key of a hash; takes the same time whatever is wrong.</summary>
    public static bool Matches(ContentHash hash, string text) => CryptographicOperations.FixedTimeEquals(hash.ToBytes(), HashOf(text).ToBytes());
}

using System.Security.Cryptography;

namespace Biomarkers.Immunoassay;

/// <summary>SHA-256 of a content, written as 64 lower-case hexadecimal digits. Equal hashes mean equal content.</summary>
public readonly record struct ContentHash
{
    private readonly string? hex;

    private ContentHash(string hex) => this.hex = hex;

    /// <summary>64 lower-case hexadecimal digits; 64 zeros for <c>default</c>, which stands for "no content yet" at the head of a chain.</summary>
    public string Hex => hex ?? new string('0', 64);

    /// <summary>Hashes bytes as they are.</summary>
    public static ContentHash Of(ReadOnlySpan<byte> content) => new(Convert.ToHexStringLower(SHA256.HashData(content)));

    /// <summary>Hashes a list of hashes, in order: the hash of a composition.</summary>
    public static ContentHash OfAll(params ReadOnlySpan<ContentHash> parts)
    {
        var bytes = new byte[parts.Length * 32];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i].ToBytes().CopyTo(bytes, i * 32);
        }

        return Of(bytes);
    }

    /// <summary>Wraps 32 bytes that are already a SHA-256.</summary>
    /// <exception cref="ArgumentException">Not exactly 32 bytes.</exception>
    public static ContentHash FromBytes(ReadOnlySpan<byte> sha256) =>
        sha256.Length == 32
            ? new(Convert.ToHexStringLower(sha256))
            : throw new ArgumentException($"Expected exactly 32 bytes, got {sha256.Length}.", nameof(sha256));

    /// <summary>Reads 64 hexadecimal digits.</summary>
    /// <exception cref="FormatException">Not exactly 64 hexadecimal digits.</exception>
    public static ContentHash Parse(string hex) =>
        hex.Length == 64 ? FromBytes(Convert.FromHexString(hex)) : throw new FormatException($"Expected 64 hexadecimal digits, got '{hex}'.");

    /// <summary>Whether both are the same 32 bytes; <c>default</c> is 32 zeros.</summary>
    public bool Equals(ContentHash other) => Hex == other.Hex;

    /// <inheritdoc/>
    public override int GetHashCode() => Hex.GetHashCode(StringComparison.Ordinal);

    /// <summary>The 32 bytes.</summary>
    public byte[] ToBytes() => Convert.FromHexString(Hex);

    /// <inheritdoc/>
    public override string ToString() => Hex;
}

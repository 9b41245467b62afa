using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Biomarkers.Immunoassay;

namespace Biomarkers.Results.Ledger;

/// <summary>A checkpoint with the signature of a server.</summary>
/// <param name="Statement">The very text that is signed; see <see cref="Checkpoint.ToStatement"/>.</param>
/// <param name="Signature">ECDSA over P-256 with SHA-256 of the statement's UTF-8 bytes, in DER (RFC 3279), as OpenSSL reads and writes it.</param>
/// <param name="Key">SHA-256 of the public key (SubjectPublicKeyInfo, DER) of the signer.</param>
public sealed record SignedCheckpoint(string Statement, byte[] Signature, ContentHash Key)
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NewLine = "\n",
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Reads what the statement says.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public Checkpoint ToCheckpoint() => Checkpoint.Parse(Statement);

    /// <summary>Whether the holder of a key signed this very statement.</summary>
    public bool IsSignedBy(ECDsa publicKey) =>
        Key == KeyOf(publicKey) && publicKey.VerifyData(Encoding.UTF8.GetBytes(Statement), Signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    /// <summary>The name of a key: SHA-256 of its public half.</summary>
    public static ContentHash KeyOf(ECDsa key) => ContentHash.Of(key.ExportSubjectPublicKeyInfo());

    /// <summary>The checkpoint as a file has it: one JSON object of <c>statement</c>, <c>signature</c> (base64) and <c>keySha256</c>.</summary>
    public string ToJson() => JsonSerializer.Serialize(new Form(Statement, Signature, Key.Hex), Options) + "\n";

    /// <summary>Reads the text of a file.</summary>
    /// <exception cref="FormatException">It holds no checkpoint.</exception>
    public static SignedCheckpoint FromJson(string json)
    {
        try
        {
            Form form = JsonSerializer.Deserialize<Form>(json, Options) ?? throw new FormatException("Expected a checkpoint, got null.");
            return new SignedCheckpoint(form.Statement, form.Signature, ContentHash.Parse(form.KeySha256));
        }
        catch (JsonException exception)
        {
            throw new FormatException($"Expected a JSON object with statement, signature and keySha256: {exception.Message}", exception);
        }
    }

    private sealed record Form(string Statement, byte[] Signature, string KeySha256);
}

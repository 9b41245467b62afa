using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Biomarkers.Storage.Bundles;

/// <summary>A bundle can't be made or can't be read: the message is one sentence for whoever asked.</summary>
public sealed class BundleException : Exception
{
    /// <summary>Makes the exception.</summary>
    public BundleException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with its cause.</summary>
    public BundleException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes the exception.</summary>
    public BundleException()
    {
    }
}

/// <summary>A part of a bundle.</summary>
/// <param name="Name">Name in the archive.</param>
/// <param name="Bytes">Length.</param>
/// <param name="Sha256">SHA-256 of its bytes, 64 lower-case hexadecimal digits.</param>
public sealed record BundlePart(string Name, long Bytes, string Sha256);

/// <summary>Which part of the audit log a bundle holds.</summary>
/// <param name="FirstSequence">Its first event, 1 or more.</param>
/// <param name="LastSequence">Its last event.</param>
/// <param name="HashBefore">Hash of the event before the first; 64 zeros where there is none.</param>
/// <param name="NewestAboutPlate">The newest event about the plate.</param>
public sealed record BundleLedger(long FirstSequence, long LastSequence, string HashBefore, long NewestAboutPlate);

/// <summary>Which part of a read stream a bundle holds: its events from one on, those of other plates by their hashes alone.</summary>
/// <param name="StreamKey">Key in the database, as in checkpoints.</param>
/// <param name="Name">Its resource name.</param>
/// <param name="FirstOffset">Its first event that is here.</param>
/// <param name="ChainBefore">Hash over the events before it; 64 zeros where there is none.</param>
/// <param name="Originals">Offsets of the events that brought the plate's reads, here with their bytes.</param>
public sealed record BundleStream(long StreamKey, string Name, long FirstOffset, string ChainBefore, IReadOnlyList<long> Originals);

/// <summary>What a bundle says of itself. Nothing vouches for it: what it says is held against the other parts, and its times and names of programs are its maker's word.</summary>
/// <param name="Format">Form of the bundle, also of its readable parts: <see cref="NewestFormat"/>.</param>
/// <param name="Run">The run that it is about.</param>
/// <param name="Plate">The plate of the run.</param>
/// <param name="EngineVersion">Version of the computation that made the run.</param>
/// <param name="Schema">Schema of <c>bundle.db</c>.</param>
/// <param name="CreateTime">When it was made, by the maker's clock.</param>
/// <param name="CreatedBy">Program and version that made it.</param>
/// <param name="Ledger">Its part of the audit log.</param>
/// <param name="Streams">Its parts of read streams.</param>
/// <param name="Parts">Every other part.</param>
public sealed record BundleManifest(
    int Format,
    string Run,
    string Plate,
    string EngineVersion,
    int Schema,
    DateTimeOffset CreateTime,
    string CreatedBy,
    BundleLedger Ledger,
    IReadOnlyList<BundleStream> Streams,
    IReadOnlyList<BundlePart> Parts)
{
    /// <summary>The form that this program writes. What would change a byte of the readable parts is another form.</summary>
    public const int NewestFormat = 1;

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        NewLine = "\n",
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>As a bundle has it.</summary>
    public byte[] ToJson() => Encoding.UTF8.GetBytes(JsonSerializer.Serialize(this, Options) + "\n");

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="BundleException">It is none, or of a form that this program does not know.</exception>
    public static BundleManifest Read(ReadOnlySpan<byte> json)
    {
        try
        {
            using (JsonDocument document = JsonDocument.Parse(json.ToArray()))
            {
                if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("format", out JsonElement format)
                    && !(format.TryGetInt32(out int number) && number == NewestFormat))
                {
                    throw new BundleException($"The bundle is of format {format.GetRawText()}; this program knows format {NewestFormat}. Use the program that made it, or a newer one.");
                }
            }

            BundleManifest read = JsonSerializer.Deserialize<BundleManifest>(json, Options) ?? throw new BundleException("The manifest of the bundle is empty.");
            // Elements of lists may be null whatever their type says.
            return read.Streams.Any(stream => stream is null) || read.Parts.Any(part => part is null) || read.Ledger.FirstSequence < 1
                ? throw new BundleException("The manifest of the bundle names nothing where it should name a stream, a part or an event.")
                : read;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new BundleException($"The manifest of the bundle can't be read: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }
}

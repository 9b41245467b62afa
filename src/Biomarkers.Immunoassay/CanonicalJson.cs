using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Biomarkers.Immunoassay;

/// <summary>The one JSON form of assays, rule packs and layouts: what is stored, hashed and shown is the same bytes.</summary>
/// <remarks>Properties in the order of their declaration, camelCase, no white space, absent values left out, enums as words, doubles in
/// the shortest form that reads back to the same bits. A change of order or of a name changes hashes: a golden test holds it.</remarks>
public static class CanonicalJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        Converters =
        {
            new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false),
            new Plates.WellPositionJsonConverter(),
            new ConcentrationUnitJsonConverter(),
        },
    };

    /// <summary>UTF-8 bytes of a value in the canonical form.</summary>
    public static byte[] Serialize<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Options);

    /// <summary>Reads a value back.</summary>
    /// <exception cref="JsonException">The text is not of this shape; the message names the place.</exception>
    public static T Deserialize<T>(ReadOnlySpan<byte> utf8) =>
        JsonSerializer.Deserialize<T>(utf8, Options) ?? throw new JsonException("Expected a value, got null.");

    /// <summary>Hash of the canonical form.</summary>
    public static ContentHash HashOf<T>(T value) => ContentHash.Of(Serialize(value));
}

internal sealed class ConcentrationUnitJsonConverter : JsonConverter<ConcentrationUnit>
{
    public override ConcentrationUnit Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? code = reader.GetString();
        return code is not null && ConcentrationUnit.TryParse(code, out ConcentrationUnit? unit)
            ? unit
            : throw new JsonException($"Unknown unit '{code}'. Expected one of {ConcentrationUnit.KnownCodes}.");
    }

    public override void Write(Utf8JsonWriter writer, ConcentrationUnit value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Code);
}

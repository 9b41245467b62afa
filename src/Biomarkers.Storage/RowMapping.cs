using System.Runtime.InteropServices;
using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>Pieces of rows that several tables share.</summary>
internal static class RowMapping
{
    public static string ToJson<T>(T value) => Encoding.UTF8.GetString(CanonicalJson.Serialize(value));

    public static T FromJson<T>(string json) => CanonicalJson.Deserialize<T>(Encoding.UTF8.GetBytes(json));

    public static string ToText(IReadOnlyList<WellPosition> wells) => string.Join(' ', wells);

    public static IReadOnlyList<WellPosition> ToWells(string text) => [.. Words(text).Select(WellPosition.Parse)];

    /// <summary>A layout as canonical JSON; null for none.</summary>
    public static string? ToText(PlateLayout? layout) => layout is null ? null : Encoding.UTF8.GetString(layout.ToCanonicalJson());

    public static PlateLayout? LayoutOf(string? text) => text is null ? null : PlateLayout.FromCanonicalJson(Encoding.UTF8.GetBytes(text));

    public static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Doubles as little-endian bytes, so that every bit is kept.</summary>
    public static byte[] ToBytes(double[] values)
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("The store keeps doubles little endian.");
        }

        return MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
    }

    public static double[] ToDoubles(byte[] bytes) => MemoryMarshal.Cast<byte, double>(bytes).ToArray();

    public static PlateFormat FormatOf(int wellCount) =>
        PlateFormat.TryFromWellCount(wellCount, out PlateFormat? format) ? format : throw new InvalidDataException($"A stored row names {wellCount} wells. The store is damaged.");

    public static AssayDefinition AssayOf(AssayTable row) => FromJson<AssayDefinition>(row.Definition);

    public static AuditEventTable ToRow(long sequence, AuditEvent audit, ContentHash previous, ContentHash hash) => new()
    {
        Sequence = sequence,
        EventTime = Instant.ToMicroseconds(audit.Time),
        Actor = audit.Actor,
        Action = audit.Action,
        Target = audit.Target,
        Reason = audit.Reason,
        Detail = audit.Detail,
        PreviousHash = previous.ToBytes(),
        Hash = hash.ToBytes(),
    };

    /// <summary>A version of an assay; the newest without a version.</summary>
    public static Task<AssayTable?> FindAssayAsync(this DataConnection connection, string assayId, int? version, CancellationToken cancellationToken) =>
        connection.GetTable<AssayTable>()
            .Where(row => row.AssayId == assayId && (version == null || row.Version == version))
            .OrderByDescending(row => row.Version)
            .FirstOrDefaultAsync(cancellationToken);
}

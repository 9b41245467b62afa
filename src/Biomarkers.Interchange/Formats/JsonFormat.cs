using Biomarkers.Immunoassay;
using Biomarkers.Results.Delivery;

namespace Biomarkers.Interchange.Formats;

/// <summary>JSON lines: one object per result version, each on its own line, in the project's canonical form (<see cref="CanonicalJson"/>): fixed order, no white
/// space, absent values left out, doubles in the shortest form that reads back to the same bits.</summary>
public sealed class JsonFormat : ResultFormat
{
    /// <inheritdoc/>
    public override string Id => "json";

    /// <inheritdoc/>
    public override string MediaType => "application/x-ndjson";

    /// <inheritdoc/>
    public override string FileExtension => ".jsonl";

    /// <inheritdoc/>
    protected override byte[] Write(IReadOnlyList<ReportedResult> results, InterchangeOptions options)
    {
        using var lines = new MemoryStream();
        foreach (ReportedResult result in results)
        {
            lines.Write(CanonicalJson.Serialize(ResultDocument.Of(result, options)));
            lines.WriteByte((byte)'\n');
        }

        return lines.ToArray();
    }
}

using Biomarkers.Results.Delivery;

namespace Biomarkers.Interchange;

/// <summary>One format in which released results leave. A pure function: the same results and options give the same bytes, in any culture.</summary>
public abstract class ResultFormat
{
    /// <summary>Name by which it is chosen, such as <c>fhir-r4</c>.</summary>
    public abstract string Id { get; }

    /// <summary>Media type of what it writes, such as <c>application/fhir+json</c>.</summary>
    public abstract string MediaType { get; }

    /// <summary>Ending of a file of it, with the dot.</summary>
    public abstract string FileExtension { get; }

    /// <summary>Writes results as UTF-8 without a byte order mark.</summary>
    /// <param name="results">1 to <see cref="ResultFormats.MaximumResults"/> result versions, written in this order.</param>
    /// <param name="options">What the message says of itself.</param>
    /// <exception cref="ArgumentException">There is no result, or there are too many: a bug of the caller.</exception>
    public byte[] Encode(IReadOnlyList<ReportedResult> results, InterchangeOptions options) =>
        results.Count is >= 1 and <= ResultFormats.MaximumResults
            ? Write(results, options)
            : throw new ArgumentException($"Expected 1 to {ResultFormats.MaximumResults} results, got {results.Count}.", nameof(results));

    /// <summary>Writes at least one result.</summary>
    protected abstract byte[] Write(IReadOnlyList<ReportedResult> results, InterchangeOptions options);
}

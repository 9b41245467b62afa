using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Store;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>Plates whose measurement and reference wavelength are read apart, perhaps by two readers: neither read is analysed alone, and the two are joined
/// in the order in which they came.</summary>
internal static class WavelengthHalves
{
    /// <summary>Whether a read lacks what the assay needs: the reference of an analyte, or the measurement.</summary>
    public static bool IsHalf(PlateRead read, AssayDefinition assay) => NeedsReference(assay) && (IsReference(read) || !HasReferences(read, assay));

    /// <summary>Halves of the other kind that wait for one, oldest first.</summary>
    /// <param name="read">A half.</param>
    /// <param name="reads">Reads of the plate, oldest first.</param>
    /// <param name="assay">Its assay.</param>
    public static IReadOnlyList<ReadRow> PartnersOf(PlateRead read, IReadOnlyList<ReadRow> reads, AssayDefinition assay) =>
        [.. Waiting(reads, assay).Where(row => IsReference(row.Read) != IsReference(read))];

    /// <summary>The one half of the other kind that fits; null where none does or several wait, so that it would be a guess.</summary>
    /// <param name="read">A half.</param>
    /// <param name="readTime">By its instrument's clock; null where it is not stated.</param>
    /// <param name="reads">Reads of the plate, oldest first.</param>
    /// <param name="assay">Its assay.</param>
    /// <param name="window">Most time between the two by the instruments' clocks.</param>
    public static ReadRow? MatchOf(PlateRead read, DateTimeOffset? readTime, IReadOnlyList<ReadRow> reads, AssayDefinition assay, TimeSpan window) =>
        PartnersOf(read, reads, assay) is [var only] && MismatchOf(read, readTime, only, window) is null ? only : null;

    /// <summary>Why a half that comes is in doubt: what waits for it does not fit, or several wait; null where it is not.</summary>
    public static string? DoubtOf(PlateRead read, DateTimeOffset? readTime, IReadOnlyList<ReadRow> reads, AssayDefinition assay, TimeSpan window) =>
        PartnersOf(read, reads, assay) switch
        {
            [] => null,
            [var only] => MismatchOf(read, readTime, only, window) is { } mismatch ? $"{mismatch}: read '{only.ReadId}' waits for the other wavelength" : null,
            var several => $"The reads {string.Join(" and ", several.Select(row => $"'{row.ReadId}'"))} wait for the other wavelength; expected one",
        };

    /// <summary>Halves that wait, oldest first. A copy of an earlier read waits for nothing.</summary>
    public static IEnumerable<ReadRow> Waiting(IReadOnlyList<ReadRow> reads, AssayDefinition assay)
    {
        HashSet<long> joined = [.. reads.SelectMany(row => row.JoinedFrom)];
        return reads.Where((row, i) => row.JoinedFrom.Count == 0 && !joined.Contains(row.ReadKey) && IsHalf(row.Read, assay)
            && !reads.Take(i).Any(earlier => earlier.Read.Hash == row.Read.Hash));
    }

    /// <summary>Why two halves are not taken for one plate; null when nothing speaks against it.</summary>
    /// <param name="read">The half that comes.</param>
    /// <param name="readTime">By its instrument's clock; null where it is not stated.</param>
    /// <param name="partner">The half that waits.</param>
    /// <param name="window">Most time between the two by the instruments' clocks.</param>
    public static string? MismatchOf(PlateRead read, DateTimeOffset? readTime, ReadRow partner, TimeSpan window)
    {
        (PlateRead measurement, PlateRead reference) = IsReference(read) ? (partner.Read, read) : (read, partner.Read);
        if (measurement.Format != reference.Format || measurement.ResponseKind != reference.ResponseKind)
        {
            return $"The halves are of {measurement.Format}, {measurement.ResponseKind}, and {reference.Format}, {reference.ResponseKind}; expected the same";
        }

        foreach (ResponseColumn column in measurement.Columns.Where(column => column.Purpose == ColumnPurpose.Measurement))
        {
            ResponseColumn? other = reference.Columns.FirstOrDefault(candidate => candidate.Analyte == column.Analyte && candidate.Purpose == ColumnPurpose.Reference);
            if (other is not null && column.WavelengthNm is { } wavelength && wavelength == other.WavelengthNm)
            {
                return FormattableString.Invariant($"Measurement and reference of '{column.Analyte}' were both read at {wavelength} nm");
            }

            HashSet<WellPosition> there = other is null ? [] : [.. other.Positions, .. other.Exceptions.Select(exception => exception.Position)];
            WellPosition[] lacking = [.. column.Positions.Where(position => !there.Contains(position))];
            if (other is not null && lacking.Length > 0)
            {
                return FormattableString.Invariant($"The reference of '{column.Analyte}' lacks {lacking.Length} of {column.Positions.Count} measured wells, {lacking[0]} first");
            }
        }

        return readTime is { } ours && partner.ReadTime is { } theirs && (ours - theirs).Duration() > window
            ? FormattableString.Invariant($"The halves were read {(ours - theirs).Duration().TotalMinutes:0.#} minutes apart; expected at most {window.TotalMinutes:0.#}")
            : null;
    }

    /// <summary>One read of both halves.</summary>
    public static Checked<PlateRead> Join(PlateRead one, PlateRead other) =>
        PlateRead.Create(one.PlateBarcode, one.Format.WellCount, one.ResponseKind, [.. one.Columns, .. other.Columns]);

    private static bool NeedsReference(AssayDefinition assay) => assay.Analytes.Any(analyte => analyte.ReferenceWavelengthNm is not null);

    /// <summary>Whether a read is of the reference alone.</summary>
    public static bool IsReference(PlateRead read) => read.Columns.All(column => column.Purpose == ColumnPurpose.Reference);

    private static bool HasReferences(PlateRead read, AssayDefinition assay) => assay.Analytes
        .Where(analyte => analyte.ReferenceWavelengthNm is not null)
        .All(analyte => read.Columns.Any(column => column.Analyte == analyte.Analyte && column.Purpose == ColumnPurpose.Reference));
}

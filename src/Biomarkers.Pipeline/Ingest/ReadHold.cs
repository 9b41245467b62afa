using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Store;

namespace Biomarkers.Pipeline.Ingest;

/// <summary>Why a read is stored and not used until a person decides: it is whole, and nobody can tell by itself to which plate it belongs or which layout holds.</summary>
/// <param name="Reason">Code, one of the constants.</param>
/// <param name="Explanation">What was found and what was expected, one sentence.</param>
public sealed record ReadHold(string Reason, string Explanation)
{
    /// <summary>The instrument read no barcode.</summary>
    public const string BarcodeMissing = "BARCODE_MISSING";

    /// <summary>The plate of this barcode has results, and this read is too late or of other samples to be a reading of it: the barcode may be used again or mis-scanned.</summary>
    public const string BarcodeInUse = "BARCODE_IN_USE";

    /// <summary>The read brings another layout than the one that the plate has.</summary>
    public const string LayoutConflict = "LAYOUT_CONFLICT";

    /// <summary>The read brings other dilution factors than the plate's layout, and all else is equal.</summary>
    public const string DilutionConflict = "DILUTION_CONFLICT";

    /// <summary>Measurement and reference came apart, and don't look like one plate's.</summary>
    public const string WavelengthPairMismatch = "WAVELENGTH_PAIR_MISMATCH";

    /// <summary>As the fault that a sender is told.</summary>
    public Fault ToFault(string field) => new(field, Reason, Explanation);

    /// <summary>The hold of a read; null where it belongs to its plate without a doubt.</summary>
    /// <param name="whole">The read.</param>
    /// <param name="layout">Its layout with the version of its assay resolved; null for none.</param>
    /// <param name="plate">Its plate; null where it is new.</param>
    /// <param name="newest">The plate's layout; null for none.</param>
    /// <param name="reads">The plate's reads, oldest first.</param>
    /// <param name="source">Where this one came from.</param>
    /// <param name="limits">How long a plate may be read again, and how often.</param>
    internal static ReadHold? Of(
        WholePlateRead whole, PlateLayout? layout, PlateRow? plate, PlateLayout? newest, IReadOnlyList<ReadRow> reads, ReadSource source, PipelineLimits limits)
    {
        if (whole.LacksBarcode)
        {
            return new ReadHold(BarcodeMissing, $"Read '{whole.Origin.ReadId}' has no plate barcode; expected the barcode of its plate, which a person can name.");
        }

        string barcode = whole.Read.PlateBarcode;
        if (layout is not null && newest is not null && layout.Hash != newest.Hash)
        {
            if (WithoutDilutions(layout).Hash == WithoutDilutions(newest).Hash)
            {
                return new ReadHold(DilutionConflict, $"{FirstDilution(layout, newest)}; expected the dilution factors of the layout of plate '{barcode}'.");
            }

            return plate?.RunKey is not null
                ? new ReadHold(BarcodeInUse, $"Plate '{barcode}' has results that rest on another layout; this is a reading of it after a change, or of another plate with its barcode.")
                : new ReadHold(LayoutConflict, $"Plate '{barcode}' has another layout than the one that comes with read '{whole.Origin.ReadId}'; one of them is wrong.");
        }

        return reads.Count == 0 ? null : OfFurtherRead(barcode, layout is not null, plate?.RunKey is not null, reads, source, limits);
    }

    // A further read of a plate takes the place of the ones before it: only one that is surely of the same plate may do so unasked.
    private static ReadHold? OfFurtherRead(string barcode, bool bringsLayout, bool hasResults, IReadOnlyList<ReadRow> reads, ReadSource source, PipelineLimits limits)
    {
        DateTimeOffset last = reads.Max(row => row.ReceiveTime);
        if (source.ReceiveTime - last > limits.RereadWindow)
        {
            return new ReadHold(
                BarcodeInUse, $"Plate '{barcode}' was last read {Days(source.ReceiveTime - last)} before; expected a reading of the same plate within {Days(limits.RereadWindow)}.");
        }

        if (reads.Count >= limits.ReadsPerPlate)
        {
            return new ReadHold(BarcodeInUse, FormattableString.Invariant($"Plate '{barcode}' has {reads.Count} reads; expected at most {limits.ReadsPerPlate} of one plate."));
        }

        if (!hasResults)
        {
            return null;
        }

        if (source.IsLate && last > source.ReceiveTime)
        {
            return new ReadHold(BarcodeInUse, $"Plate '{barcode}' was read again after this read came; its results would take the place of newer ones.");
        }

        return !bringsLayout && reads.All(row => row.InstrumentId != source.InstrumentId)
            ? new ReadHold(
                BarcodeInUse,
                $"Plate '{barcode}' has results of instrument '{reads[^1].InstrumentId}', and instrument '{source.InstrumentId}' reads it without a layout; this may be another plate.")
            : null;
    }

    private static string Days(TimeSpan time) => FormattableString.Invariant($"{time.TotalDays:0.#} days");

    private static string FirstDilution(PlateLayout brought, PlateLayout known)
    {
        foreach ((LayoutWell ours, LayoutWell theirs) in brought.Wells.Zip(known.Wells))
        {
            if (DilutionOf(ours.Content) is { } brings && DilutionOf(theirs.Content) is { } has && brings != has)
            {
                return FormattableString.Invariant($"Well {ours.Position} is diluted {brings}-fold by the read and {has}-fold by the layout");
            }
        }

        throw new InvalidOperationException("Two layouts differ by nothing but dilutions and have the same dilutions.");
    }

    private static double? DilutionOf(WellContent content) => content switch
    {
        UnknownSample sample => sample.DilutionFactor,
        Control control => control.DilutionFactor,
        _ => null,
    };

    private static PlateLayout WithoutDilutions(PlateLayout layout) => layout.WithContents(content => content switch
    {
        UnknownSample sample => sample with { DilutionFactor = 1 },
        Control control => control with { DilutionFactor = 1 },
        _ => content,
    });
}

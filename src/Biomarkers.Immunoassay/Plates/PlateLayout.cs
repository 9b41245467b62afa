namespace Biomarkers.Immunoassay.Plates;

/// <summary>One well of a layout.</summary>
/// <param name="Position">Where.</param>
/// <param name="Content">What is in it.</param>
/// <param name="Exclusion">Why a person leaves the well out of every number; null, the default, where it takes part. A run says so by a flag.</param>
public sealed record LayoutWell(WellPosition Position, WellContent Content, string? Exclusion = null);

/// <summary>What a lot is a lot of.</summary>
public enum LotKind
{
    /// <summary>The reagent kit.</summary>
    Kit,

    /// <summary>The calibrators.</summary>
    Calibrator,

    /// <summary>A control material.</summary>
    Control,
}

/// <summary>A lot that was used on the plate.</summary>
/// <param name="Kind">What it is a lot of.</param>
/// <param name="LotNumber">The maker's lot number.</param>
/// <param name="ExpiryDate">Last day of use; null when not stated.</param>
public sealed record LotReference(LotKind Kind, string LotNumber, DateOnly? ExpiryDate)
{
    /// <summary>Whether its last day of use is over on a day; never where none is stated.</summary>
    public bool IsExpiredOn(DateOnly day) => day > ExpiryDate;
}

/// <summary>What is in each well of one plate, and by which assay it is analysed. Immutable; checked when made, trusted after.</summary>
/// <remarks>Canonical form: wells ordered by position. The hash of a layout is <see cref="Hash"/>.</remarks>
public sealed record PlateLayout
{
    private PlateLayout(string assayId, int assayVersion, int wellCount, IReadOnlyList<LayoutWell> wells, IReadOnlyList<LotReference> lots)
    {
        AssayId = assayId;
        AssayVersion = assayVersion;
        WellCount = wellCount;
        Wells = wells;
        Lots = lots;
    }

    /// <summary>Stands for the newest version of an assay, until the layout is accepted.</summary>
    public const int NewestAssayVersion = 0;

    /// <summary>Assay, such as <c>il-6</c>.</summary>
    public string AssayId { get; }

    /// <summary>Version of the assay, 1 or more, or <see cref="NewestAssayVersion"/> until the layout is accepted: a layout never changes
    /// its assay after the fact.</summary>
    public int AssayVersion { get; }

    /// <summary>96, 384 or 1536.</summary>
    public int WellCount { get; }

    /// <summary>The described wells, each once, by position; a well that is not here was not used.</summary>
    public IReadOnlyList<LayoutWell> Wells { get; }

    /// <summary>Lots of kit, calibrators and controls.</summary>
    public IReadOnlyList<LotReference> Lots { get; }

    /// <summary>Size of the plate.</summary>
    public PlateFormat Format => PlateFormat.TryFromWellCount(WellCount, out PlateFormat? format) ? format : throw new InvalidOperationException("A layout was made with an unknown format.");

    /// <summary>Hash of the canonical form.</summary>
    public ContentHash Hash => ContentHash.Of(ToCanonicalJson());

    /// <summary>Makes a layout, or says everything that is wrong with it.</summary>
    /// <param name="assayId">Assay; must be known to whoever analyses it (checked there).</param>
    /// <param name="assayVersion">1 or more, or <see cref="NewestAssayVersion"/>.</param>
    /// <param name="format">Size of the plate.</param>
    /// <param name="wells">At least one, each on the plate and each once, in any order.</param>
    /// <param name="lots">May be empty.</param>
    public static Checked<PlateLayout> Create(
        string assayId, int assayVersion, PlateFormat format, IReadOnlyList<LayoutWell> wells, IReadOnlyList<LotReference> lots)
    {
        var faults = new List<Fault>();
        if (wells.Count == 0)
        {
            faults.Add(new Fault("wells", FaultReasons.Required, "The layout describes no well; expected at least one."));
        }

        var seen = new Dictionary<WellPosition, int>();
        for (int i = 0; i < wells.Count; i++)
        {
            LayoutWellChecks.Check(wells[i], i, format, seen, faults);
        }

        Texts.CheckName("assay", assayId, faults);
        for (int i = 0; i < lots.Count; i++)
        {
            Texts.CheckText($"lots[{i}].lot_number", lots[i].LotNumber, faults);
        }

        return faults.Count > 0
            ? faults
            : new PlateLayout(assayId, assayVersion, format.WellCount, [.. wells.OrderBy(well => well.Position).Select(Sorted)], Sorted(lots));
    }

    /// <summary>Reads a stored layout, which was checked before it was stored.</summary>
    public static PlateLayout FromCanonicalJson(ReadOnlySpan<byte> utf8)
    {
        StoredLayout stored = CanonicalJson.Deserialize<StoredLayout>(utf8);
        return new PlateLayout(stored.AssayId, stored.AssayVersion, stored.WellCount, stored.Wells, stored.Lots);
    }

    /// <summary>The same layout with the version of its assay resolved.</summary>
    public PlateLayout WithAssayVersion(int assayVersion) => new(AssayId, assayVersion, WellCount, Wells, Lots);

    /// <summary>The same layout with other contents of its wells.</summary>
    /// <param name="change">Gives a well's new content; must be as right as the old one.</param>
    public PlateLayout WithContents(Func<WellContent, WellContent> change) =>
        new(AssayId, AssayVersion, WellCount, [.. Wells.Select(well => well with { Content = change(well.Content) })], Lots);

    /// <summary>The same layout with these wells left out and no others.</summary>
    /// <param name="reasons">Why, by well; each must be on the layout.</param>
    public PlateLayout WithExclusions(IReadOnlyDictionary<WellPosition, string> reasons) =>
        new(AssayId, AssayVersion, WellCount, [.. Wells.Select(well => well with { Exclusion = reasons.GetValueOrDefault(well.Position) })], Lots);

    /// <summary>The same layout for another assay or another version of it.</summary>
    public PlateLayout WithAssay(string assayId, int assayVersion) => new(assayId, assayVersion, WellCount, Wells, Lots);

    /// <summary>The bytes that are stored and hashed.</summary>
    public byte[] ToCanonicalJson() => CanonicalJson.Serialize(new StoredLayout(AssayId, AssayVersion, WellCount, Wells, Lots));

    // One order of everything that has none of its own, so that two descriptions of the same plate are one layout.
    private static LayoutWell Sorted(LayoutWell well) => well.Content switch
    {
        Calibrator calibrator => well with { Content = calibrator with { Nominals = Sorted(calibrator.Nominals) } },
        Control control => well with { Content = control with { Nominals = Sorted(control.Nominals) } },
        _ => well,
    };

    private static NominalConcentration[] Sorted(IReadOnlyList<NominalConcentration> nominals) =>
        [.. nominals.OrderBy(nominal => nominal.Analyte, StringComparer.Ordinal)];

    private static LotReference[] Sorted(IReadOnlyList<LotReference> lots) =>
        [.. lots.OrderBy(lot => lot.Kind).ThenBy(lot => lot.LotNumber, StringComparer.Ordinal).ThenBy(lot => lot.ExpiryDate)];

    private sealed record StoredLayout(
        string AssayId, int AssayVersion, int WellCount, IReadOnlyList<LayoutWell> Wells, IReadOnlyList<LotReference> Lots);
}

using System.Text.Json.Serialization;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.Assays;

/// <summary>Which molecules an assay of a peptide family sees; results of different kinds never share a trend or a ratio.</summary>
public enum AnalyteForm
{
    /// <summary>The assay does not distinguish forms.</summary>
    NotApplicable,

    /// <summary>All forms, such as total proinsulin with its split and des forms.</summary>
    Total,

    /// <summary>The intact molecule only.</summary>
    Intact,
}

/// <summary>What the curve is fitted to.</summary>
public enum FitBasis
{
    /// <summary>Every calibrator well.</summary>
    Wells,

    /// <summary>The mean response of each calibrator level.</summary>
    ReplicateMeans,
}

/// <summary>What happens to the mean response of the blanks.</summary>
public enum BlankTreatment
{
    /// <summary>Nothing; the lower asymptote of the curve carries the background.</summary>
    Ignore,

    /// <summary>It is subtracted from every response of the analyte.</summary>
    Subtract,
}

/// <summary>Who lets the results of an assay leave.</summary>
public enum ResultRelease
{
    /// <summary>A reviewer, each time.</summary>
    ByReview,

    /// <summary>The server, as it saves a run, where nothing stands against it; a reviewer decides on the others, and on every correction.</summary>
    Automatic,
}

/// <summary>One validated method: its analytes, how they are computed, and the rules that judge a run. Immutable; a change is a new version.</summary>
/// <param name="Id">Name such as <c>il-6</c>.</param>
/// <param name="Version">1 or more; raised by every change.</param>
/// <param name="DisplayName">Name for people.</param>
/// <param name="ResponseKind">What the detector must have counted.</param>
/// <param name="RulePack">Rule pack by which a run is judged, such as <c>ich-m10-lba-draft@2022</c>.</param>
/// <param name="Analytes">What is measured, at least one.</param>
public sealed record AssayDefinition(
    string Id,
    int Version,
    string DisplayName,
    ResponseKind ResponseKind,
    string RulePack,
    IReadOnlyList<AnalyteSpecification> Analytes)
{
    /// <summary>Who lets results leave; by default a reviewer, which is not written: assays of a time before there was a choice keep their hash.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ResultRelease Release { get; init; }

    /// <summary>Id and version, such as <c>il-6@1</c>.</summary>
    [JsonIgnore]
    public string Name => $"{Id}@{Version}";

    /// <summary>Hash of everything but the version number: two versions of equal content are the same assay.</summary>
    [JsonIgnore]
    public ContentHash ContentHash => CanonicalJson.HashOf(this with { Version = 0 });

    /// <summary>The assay when it can be computed as it stands, else all that is wrong with it: names, range, model, weights, rule pack.</summary>
    public static Checked<AssayDefinition> Check(AssayDefinition assay)
    {
        var faults = new List<Fault>();
        AssayChecks.Check(assay, faults);
        return faults.Count > 0 ? faults : assay;
    }

    /// <summary>The specification of an analyte; null when the assay does not measure it.</summary>
    public AnalyteSpecification? Find(string analyte) => Analytes.FirstOrDefault(candidate => candidate.Analyte == analyte);
}

/// <summary>How one analyte is measured, computed and reported.</summary>
public sealed record AnalyteSpecification
{
    /// <summary>Identifier such as <c>il-6</c>, a name.</summary>
    public required string Analyte { get; init; }

    /// <summary>Name for people.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Total or intact, where the assay distinguishes.</summary>
    public AnalyteForm Form { get; init; }

    /// <summary>Unit of every concentration of this analyte.</summary>
    public required ConcentrationUnit Unit { get; init; }

    /// <summary>Lowest concentration reported as a number, in <see cref="Unit"/>, before dilution; more than 0.</summary>
    public required double Lloq { get; init; }

    /// <summary>Highest concentration reported as a number, in <see cref="Unit"/>, before dilution; more than <see cref="Lloq"/>.</summary>
    public required double Uloq { get; init; }

    /// <summary>Curve model: an id of <see cref="Curves.CurveModels"/>.</summary>
    public required string CurveModel { get; init; }

    /// <summary>Weighting: <c>none</c>, <c>1/y</c>, <c>1/y2</c>, <c>power:K</c>, <c>variance:A,B,THETA</c> (with <c>,DF</c> when learned),
    /// <c>shape:A,B,THETA</c> or <c>replicates</c>: see <see cref="Curves.Weighting"/>.</summary>
    public required string Weights { get; init; }

    /// <summary>Parameters of the curve that are held at a value, by name; empty for none.</summary>
    public IReadOnlyDictionary<string, double> FixedParameters { get; init; } = new Dictionary<string, double>();

    /// <summary>What the curve is fitted to.</summary>
    public FitBasis FitBasis { get; init; }

    /// <summary>What happens to blanks.</summary>
    public BlankTreatment BlankTreatment { get; init; }

    /// <summary>Dilution that every sample, control and calibrator has before the assay, 1 or more. Reported values are after it
    /// (calibrators are assigned after it too), so it is never multiplied.</summary>
    public double MinimumRequiredDilution { get; init; } = 1;

    /// <summary>Significant digits that a report shows, 1 to 17; full precision is stored.</summary>
    public int SignificantDigits { get; init; } = 4;

    /// <summary>LOINC code whose property fits <see cref="Unit"/>; null where none was found. Not checked against the LOINC table.</summary>
    public string? Loinc { get; init; }

    /// <summary>Where the facts of this specification come from.</summary>
    public string? Source { get; init; }

    /// <summary>Wavelength of the reference that every read must have, in nanometres, more than 0 and less than 10,000, such as 570; it may be read apart. Null,
    /// the default, where none is needed: one that comes along is subtracted all the same.</summary>
    public double? ReferenceWavelengthNm { get; init; }
}

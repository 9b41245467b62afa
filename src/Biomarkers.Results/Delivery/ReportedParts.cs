using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Results.Delivery;

/// <summary>Which version of which result leaves, as what, and what it replaces.</summary>
/// <param name="Name">Result, the same for all versions: <c>results/17</c>.</param>
/// <param name="Version">1 or more. Name and version are what a LIMS knows a repeat by.</param>
/// <param name="Status">Anything but preliminary, which never leaves.</param>
/// <param name="SupersededVersion">Version that left before and that this one replaces or takes back, less than <paramref name="Version"/>; there for corrected and
/// withdrawn, possible for cancelled, absent for final.</param>
/// <param name="Reason">Why it replaces, takes back, or has no value; 1 to 2,000 characters, line ends and tabs included. Required where it
/// replaces or takes back another version; null where the flags explain it.</param>
public sealed record ReportedVersion(string Name, int Version, ResultStatus Status, int? SupersededVersion, string? Reason)
{
    /// <summary>Name and version: <c>results/17@2</c>.</summary>
    public string VersionName => $"{Name}@{Version}";

    /// <summary>Name of the superseded version; null where there is none.</summary>
    public string? SupersededName => SupersededVersion is { } version ? $"{Name}@{version}" : null;
}

/// <summary>What was measured, and where on which plate.</summary>
/// <param name="SampleId">The LIMS's identifier, echoed byte for byte.</param>
/// <param name="PlateBarcode">Barcode of the plate.</param>
/// <param name="Wells">Wells with a number, by position, each once; empty where no well has one.</param>
/// <param name="DilutionFactor">Final / sample volume, 1 to 1e12. Values are multiplied by it already.</param>
/// <param name="Specimen">What is known of the specimen, its time of collection among it; null when nothing is.</param>
public sealed record ReportedSample(string SampleId, string PlateBarcode, IReadOnlyList<WellPosition> Wells, double DilutionFactor, Specimen? Specimen);

/// <summary>What was looked for, and how it is written.</summary>
/// <param name="Analyte">Identifier such as <c>il-6</c>, the local code that always goes along.</param>
/// <param name="DisplayName">Name for people, of this laboratory.</param>
/// <param name="Loinc">LOINC code of the assay; null where it has none. Whether it leaves depends on specimen and unit.</param>
/// <param name="Unit">Unit of every concentration.</param>
/// <param name="SignificantDigits">Significant digits of a reported concentration, 1 to 17.</param>
public sealed record ReportedAnalyte(string Analyte, string DisplayName, string? Loinc, ConcentrationUnit Unit, int SignificantDigits);

/// <summary>What came out. Every concentration is times dilution, finite, from 1e-12 to 1e12.</summary>
public sealed record ReportedMeasurement
{
    /// <summary>Where the result lies; not determined exactly where the version carries no value: cancelled and withdrawn.</summary>
    public required RangeStatus RangeStatus { get; init; }

    /// <summary>There exactly when the result is quantified.</summary>
    public double? Concentration { get; init; }

    /// <summary>LLOQ or ULOQ; there exactly when the result lies beyond it.</summary>
    public double? Limit { get; init; }

    /// <summary>Lower end of the 95 % within-plate interval, zero or more; null when unbounded, not estimated or not quantified.</summary>
    public double? Lower { get; init; }

    /// <summary>Upper end of the 95 % within-plate interval; null when unbounded, not estimated or not quantified.</summary>
    public double? Upper { get; init; }

    /// <summary>100 SD / mean of the wells' concentrations, 0 to 1e12; null where there is none.</summary>
    public double? CvPercent { get; init; }

    /// <summary>Mean response after reduction, -1e15 to 1e15; null when no well has a number.</summary>
    public double? MeanResponse { get; init; }

    /// <summary>Codes of the findings about this result, its curve or its run, each once.</summary>
    public required IReadOnlyList<string> FlagCodes { get; init; }
}

/// <summary>What the result rests on.</summary>
/// <param name="Instrument">Identifier of the instrument that read the plate.</param>
/// <param name="Operator">Who read it; null when not stated.</param>
/// <param name="RunName">Run that computed it: <c>analyticalRuns/5</c>.</param>
/// <param name="AssayName">Assay and version: <c>il-6@1</c>.</param>
/// <param name="MethodHash">Hash of the assay version's content.</param>
/// <param name="Lots">Lots of kit, calibrators and controls with their last days of use.</param>
public sealed record ReportedOrigin(string Instrument, string? Operator, string RunName, string AssayName, ContentHash MethodHash, IReadOnlyList<LotReference> Lots);

/// <summary>When things happened; the time of collection is the specimen's. Offsets are kept as they were given, what is finer than a microsecond is not written.</summary>
/// <param name="Received">When the laboratory received the specimen; null when not known.</param>
/// <param name="Measured">When the plate was read; null when the instrument said none.</param>
/// <param name="Reported">When this version was released.</param>
public sealed record ReportedTimes(DateTimeOffset? Received, DateTimeOffset? Measured, DateTimeOffset Reported);

/// <summary>A person's signature on the release.</summary>
/// <param name="Name">Who signed.</param>
/// <param name="Time">When.</param>
/// <param name="Meaning">What the signature means, such as <c>reviewed and released</c>.</param>
public sealed record ReportedSignature(string Name, DateTimeOffset Time, string Meaning);

/// <summary>Place of the release in the ledger, by which it can be proven later that it was there.</summary>
/// <param name="Sequence">1 or more.</param>
/// <param name="Hash">Hash of the ledger at that place.</param>
public sealed record VerificationToken(long Sequence, ContentHash Hash);

/// <summary>A hold that was placed after the release: the version stays as it is and carries the notice.</summary>
/// <param name="PlacedTime">When it was placed.</param>
/// <param name="Reason">Why, 1 to 2,000 characters, line ends and tabs included.</param>
public sealed record HoldNotice(DateTimeOffset PlacedTime, string Reason);

/// <summary>Who answers for the release, how it can be verified, and what was found since.</summary>
/// <param name="Signature">Signature of the reviewer; null where the assay releases by itself.</param>
/// <param name="VerificationToken">Place in the ledger; null where none was given.</param>
/// <param name="Holds">Holds that are in force, oldest first.</param>
public sealed record ReportedAssurance(ReportedSignature? Signature, VerificationToken? VerificationToken, IReadOnlyList<HoldNotice> Holds);

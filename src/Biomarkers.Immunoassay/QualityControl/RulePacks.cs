using System.Diagnostics.CodeAnalysis;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Diagnosis;
using Biomarkers.Immunoassay.QualityControl.Rules;

namespace Biomarkers.Immunoassay.QualityControl;

/// <summary>The rule packs that come with the product. Each limit stands here once, with its clause.</summary>
/// <remarks>What a pack says never changes: another content is another version, and the old one stays, because databases keep what judged a run.</remarks>
public static class RulePacks
{
    private const string Lba = "ICH M10 (2022), LBA";
    private const string Calibration = "ICH M10 (2022) 4.2.3";
    private const string Masking = "AAPS LBA practice (Azadeh et al. 2018)";
    private const string IchM10LbaName = "ICH M10 ligand binding assays (draft)";
    private const string IchM10LbaMaskingName = "ICH M10 ligand binding assays, calibrators masked by rule (draft)";
    private const string ClinicalName = "Clinical laboratory";
    private const string KitMaker = "MILLIPLEX data analysis (advice of the kit's maker)";

    private static readonly RuleEntry[] Wells =
    [
        Entry("well-status@1", FlagSeverity.Warning),
        Entry("negative-response@1", FlagSeverity.Notice),
        Entry("bead-count@1", FlagSeverity.Warning, KitMaker, ("minimumBeads", 35)),
        Entry("layout-holes@1", FlagSeverity.Warning),
        Entry("blank-response@1", FlagSeverity.Warning),
    ];

    // Who may use an expired lot all the same, and why, is a matter of release.
    private static readonly RuleEntry ExpiredLots = Entry(ExpiredLotRule.RuleId, FlagSeverity.Reject, "42 CFR 493.1252(d)");

    // A share of the replicates of a level that must pass by itself is left off: transcriptions of the guideline disagree on it for LBA.
    private static readonly RuleEntry Recovery =
        Entry(CalibratorRecoveryRule.RuleId, FlagSeverity.Warning, Lba, ("recoveryPercent", 20), ("limitRecoveryPercent", 25), ("replicatesWithinPercent", 0));

    private static readonly RuleEntry[] Acceptance =
    [
        Entry(CurveAcceptanceRule.RuleId, FlagSeverity.Reject, Calibration, ("acceptedPercent", 75), ("minimumLevels", 6)),
        Entry("quantification-limits@1", FlagSeverity.Warning, Lba),
    ];

    private static readonly RuleEntry[] FirstCurves =
    [
        Entry("undefined-weight@1", FlagSeverity.Warning),
        Entry("curve-convergence@1", FlagSeverity.Reject),
        Entry("curve-conditioning@1", FlagSeverity.Warning, null, ("maximumConditionNumber", CurveFitter.IllConditionedFrom)),
        Entry("monotone-calibrators@1", FlagSeverity.Warning),
        Recovery,
        .. Acceptance,
    ];

    private static readonly RuleEntry[] DiagnosedCurves =
    [
        Entry("undefined-weight@1", FlagSeverity.Warning),
        Entry("curve-convergence@1", FlagSeverity.Reject),
        Entry("curve-conditioning@2", FlagSeverity.Warning, null, ("maximumConditionNumber", CurveFitter.IllConditionedFrom)),
        Entry("asymptotes@1", FlagSeverity.Notice, null, ("standardErrorPercent", 100 * AsymptoteDiagnosis.DeterminedBelow), ("reachPercent", 100 * AsymptoteDiagnosis.DeterminedReach)),
        // Informational: tubes that differ look like a curve that does not fit.
        Entry("lack-of-fit@1", FlagSeverity.Notice, null, ("probabilityPercent", 1)),
        Entry("monotone-calibrators@1", FlagSeverity.Warning),
        Entry("outliers@1", FlagSeverity.Warning, null, ("levelProbabilityPercent", 1), ("wellProbabilityPercent", 1)),
        Recovery,
    ];

    private static readonly RuleEntry MaskedCalibrators =
        Entry(CalibratorMaskingRule.RuleId, FlagSeverity.Warning, Masking, ("remainingPercent", 75), ("minimumLevels", 6), ("masksWells", 0), ("controlLevels", 3));

    private static readonly RuleEntry[] Ranges =
    [
        .. Acceptance,
        // A plate's own limits scatter too much to decide by: they are said and do not narrow.
        Entry(PrecisionLimitsRule.RuleId, FlagSeverity.Notice, null, ("cvPercent", 20), ("wells", 2), ("narrows", 0)),
    ];

    private static readonly RuleEntry[] Controls =
    [
        Entry("controls-present@1", FlagSeverity.Warning, Lba, ("minimumLevels", 3), ("minimumSets", 2)),
        Entry(
            ControlAccuracyRule.RuleId,
            FlagSeverity.Reject,
            Lba,
            ("accuracyPercent", 20),
            ("overallNumerator", 2),
            ("overallDenominator", 3),
            ("levelNumerator", 1),
            ("levelDenominator", 2)),
    ];

    private static readonly RuleEntry FewControls = Entry("controls-present@1", FlagSeverity.Notice, null, ("minimumLevels", 1), ("minimumSets", 1));

    // Fixed limits are a laboratory's own: 20 %, and 25 % at the LLOQ.
    private static readonly RuleEntry ReplicateCv = Entry("replicate-cv@1", FlagSeverity.Warning, null, ("cvPercent", 20), ("lloqCvPercent", 25), ("lloqFactor", 1.25));

    private static readonly RuleEntry[] FirstSamples =
    [
        ReplicateCv,
        Entry("quantification-range@1", FlagSeverity.Notice),
        Entry("interval-bounds@1", FlagSeverity.Notice),
        Entry(RunVerdictRule.RuleId, FlagSeverity.Reject),
    ];

    private static readonly RuleEntry[] Samples =
    [
        ReplicateCv,
        Entry("replicate-variance@1", FlagSeverity.Notice, null, ("probabilityPercent", 0.1)),
        Entry("quantification-range@1", FlagSeverity.Notice),
        Entry("interval-bounds@1", FlagSeverity.Notice),
        Entry("interval-width@1", FlagSeverity.Notice, null, ("halfWidthPercent", 20)),
        Entry(RunVerdictRule.RuleId, FlagSeverity.Reject),
    ];

    /// <summary>Acceptance of an analytical run by ligand binding assay after ICH M10. A draft: the tolerances come from transcriptions of the
    /// guideline and are to be compared with its text before it is frozen.</summary>
    public static RulePack IchM10Lba { get; } = new(
        "ich-m10-lba-draft@2022.3", IchM10LbaName, [.. Wells, ExpiredLots, .. DiagnosedCurves, .. Ranges, .. Controls, .. Samples]);

    /// <summary>The same, with calibrators that miss their recovery masked one by one and the curve fitted again. A laboratory that wants it says so
    /// in its assay: the transcriptions of the guideline that were read do not demand it.</summary>
    public static RulePack IchM10LbaMasking { get; } = new(
        "ich-m10-lba-masking-draft@2022.3", IchM10LbaMaskingName, [.. Wells, ExpiredLots, .. DiagnosedCurves, MaskedCalibrators, .. Ranges, .. Controls, .. Samples]);

    /// <summary>Routine of a clinical laboratory: the same curve rules, and no 4-6-20, because controls are judged there over many runs.</summary>
    public static RulePack Clinical { get; } = new("clinical@3", ClinicalName, [.. Wells, ExpiredLots, .. DiagnosedCurves, .. Ranges, FewControls, .. Samples]);

    /// <summary><see cref="IchM10Lba"/> before it judged lots, for assays that name it.</summary>
    public static RulePack SecondIchM10Lba { get; } = new(
        "ich-m10-lba-draft@2022.2", IchM10LbaName, [.. Wells, .. DiagnosedCurves, .. Ranges, .. Controls, .. Samples]);

    /// <summary><see cref="IchM10LbaMasking"/> before it judged lots, for assays that name it.</summary>
    public static RulePack FirstIchM10LbaMasking { get; } = new(
        "ich-m10-lba-masking-draft@2022.2", IchM10LbaMaskingName, [.. Wells, .. DiagnosedCurves, MaskedCalibrators, .. Ranges, .. Controls, .. Samples]);

    /// <summary><see cref="Clinical"/> before it judged lots, for assays that name it.</summary>
    public static RulePack SecondClinical { get; } = new("clinical@2", ClinicalName, [.. Wells, .. DiagnosedCurves, .. Ranges, FewControls, .. Samples]);

    /// <summary>The first version of <see cref="IchM10Lba"/>, for assays that name it.</summary>
    public static RulePack FirstIchM10Lba { get; } = new(
        "ich-m10-lba-draft@2022", IchM10LbaName, [.. Wells, .. FirstCurves, .. Controls, .. FirstSamples]);

    /// <summary>The first version of <see cref="Clinical"/>, for assays that name it.</summary>
    public static RulePack FirstClinical { get; } = new("clinical@1", ClinicalName, [.. Wells, .. FirstCurves, FewControls, .. FirstSamples]);

    /// <summary>All packs.</summary>
    public static IReadOnlyList<RulePack> All { get; } =
        [IchM10Lba, IchM10LbaMasking, Clinical, SecondIchM10Lba, FirstIchM10LbaMasking, SecondClinical, FirstIchM10Lba, FirstClinical];

    /// <summary>The names, for messages.</summary>
    public static string KnownNames { get; } = string.Join(", ", All.Select(pack => pack.Name));

    /// <summary>Finds a pack by name and version, such as <c>clinical@1</c>.</summary>
    public static bool TryFind(string name, [NotNullWhen(true)] out RulePack? pack)
    {
        pack = All.FirstOrDefault(candidate => candidate.Name == name);
        return pack is not null;
    }

    private static RuleEntry Entry(string rule, FlagSeverity severity, string? clause = null, params (string Name, double Value)[] limits) =>
        new(rule, limits.ToDictionary(limit => limit.Name, limit => limit.Value), severity, clause);
}

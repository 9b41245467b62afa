using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Results.Review;

/// <summary>A computed result of an assay that asks for automatic release, with all that may stand against it.</summary>
/// <param name="Run">The run that computed it.</param>
/// <param name="Result">The result, one of the run's.</param>
/// <param name="Life">Its life, with the version that the run made.</param>
/// <param name="Layout">The layout that the run rests on.</param>
/// <param name="IsLayoutChanged">Whether a person gave a reason for that layout, as for every one that changes under a run.</param>
/// <param name="NeedsSignature">Whether nothing leaves this server without a signature.</param>
public sealed record ReleaseCandidate(AnalyticalRun Run, SampleResult Result, ResultLife Life, PlateLayout Layout, bool IsLayoutChanged, bool NeedsSignature);

/// <summary>Something that stands against an automatic release.</summary>
/// <param name="Code">Which condition is not met; see <see cref="ReleaseObstacles"/>.</param>
/// <param name="Subjects">The flags, criteria, wells or runs that it is about, each once; empty where it is about none.</param>
public sealed record ReleaseObstacle(string Code, IReadOnlyList<string> Subjects)
{
    /// <summary>Code and subjects.</summary>
    public override string ToString() => Subjects.Count == 0 ? Code : $"{Code} ({string.Join(' ', Subjects)})";
}

/// <summary>The codes of <see cref="ReleaseObstacle.Code"/>.</summary>
public static class ReleaseObstacles
{
    /// <summary>The run is rejected: it is for a person to say that no value can be had.</summary>
    public const string RunRejected = "RUN_REJECTED";

    /// <summary>No value can be had.</summary>
    public const string NoValue = "NO_VALUE";

    /// <summary>A flag on the result, its curve or its run is more than a warning.</summary>
    public const string FlagRejects = "FLAG_REJECTS";

    /// <summary>A criterion by which the rule pack may reject the run could not be judged.</summary>
    public const string NotAssessed = "NOT_ASSESSED";

    /// <summary>A hold is open.</summary>
    public const string OpenHold = "RESULT_HELD";

    /// <summary>A version left before: what takes its place is a correction.</summary>
    public const string LeftBefore = "LEFT_BEFORE";

    /// <summary>It was computed before, and a person chooses between the two.</summary>
    public const string ComputedBefore = "COMPUTED_BEFORE";

    /// <summary>A person, or an instrument as its operator told it, left wells out of the run.</summary>
    public const string WellsLeftOut = "WELLS_LEFT_OUT";

    /// <summary>The layout was changed, with a reason.</summary>
    public const string LayoutChanged = "LAYOUT_CHANGED";

    /// <summary>Nothing leaves this server without a signature, and only persons sign.</summary>
    public const string SignatureRequired = "SIGNATURE_REQUIRED";

    /// <summary>An earlier run of the plate is damaged in the store, so that nobody can tell what left before.</summary>
    public const string DataDamaged = "STORED_DATA_DAMAGED";
}

/// <summary>Decides whether a result leaves without a reviewer, where its assay asks for that: when nothing stands against it.</summary>
public static class AutomaticRelease
{
    /// <summary>Everything that stands against the release of a result, in the order of <see cref="ReleaseObstacles"/>; empty when nothing does.</summary>
    /// <param name="candidate">The result.</param>
    public static IReadOnlyList<ReleaseObstacle> ObstaclesOf(ReleaseCandidate candidate)
    {
        (AnalyticalRun run, SampleResult result, ResultLife life) = (candidate.Run, candidate.Result, candidate.Life);
        string[] rejecting = [.. run.Flags.Where(flag => IsMoreThanAWarning(flag.Severity) && IsAbout(flag, result)).Select(flag => flag.Code).Distinct()];
        string[] unjudged =
        [
            .. run.Criteria.Where(criterion => criterion.Outcome == CriterionOutcome.NotAssessed && IsOf(criterion.Analyte, result)).Select(criterion => criterion.Code).Distinct(),
        ];
        // A calibrator or a control that is left out moves every result of its analyte.
        string[] leftOut =
        [
            .. run.Flags.Where(flag => flag.Code == FlagCodes.WellMasked && IsOf(flag.Analyte, result)).SelectMany(flag => flag.Wells)
                .Concat(candidate.Layout.Wells.Where(well => well.Exclusion is not null).Select(well => well.Position))
                .Distinct().Order().Select(well => well.ToString()),
        ];
        (string Code, bool Stands, string[] Subjects)[] conditions =
        [
            (ReleaseObstacles.RunRejected, run.Verdict != RunVerdict.Accepted, []),
            (ReleaseObstacles.NoValue, result.RangeStatus == RangeStatus.NotDetermined, []),
            (ReleaseObstacles.FlagRejects, rejecting.Length > 0, rejecting),
            (ReleaseObstacles.NotAssessed, unjudged.Length > 0, unjudged),
            (ReleaseObstacles.OpenHold, life.IsHeld, []),
            (ReleaseObstacles.LeftBefore, life.Current is not null, []),
            (ReleaseObstacles.ComputedBefore, life.Current is null && life.Pending is not { Version: 1 }, []),
            (ReleaseObstacles.WellsLeftOut, leftOut.Length > 0, leftOut),
            (ReleaseObstacles.LayoutChanged, candidate.IsLayoutChanged, []),
            (ReleaseObstacles.SignatureRequired, candidate.NeedsSignature, []),
        ];
        return [.. conditions.Where(condition => condition.Stands).Select(condition => new ReleaseObstacle(condition.Code, condition.Subjects))];
    }

    // A severity that comes later stands against a release until somebody decides that it does not.
    private static bool IsMoreThanAWarning(FlagSeverity severity) => severity is not (FlagSeverity.Notice or FlagSeverity.Warning);

    // What a result's codes don't name is about one calibrator, and with that about its curve.
    private static bool IsAbout(QcFlag flag, SampleResult result) =>
        IsOf(flag.Analyte, result) && (flag.Level == FlagLevel.Calibrator || result.FlagCodes.Contains(flag.Code));

    private static bool IsOf(string? analyte, SampleResult result) => analyte is null || analyte == result.Analyte;
}

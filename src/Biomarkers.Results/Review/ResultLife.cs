using Biomarkers.Immunoassay;

namespace Biomarkers.Results.Review;

/// <summary>One version in the life of a result.</summary>
/// <param name="Version">1 for the first, without gaps.</param>
/// <param name="Status">Its status; it never changes.</param>
/// <param name="HasValue">Whether it says anything about the sample: a number, or that it lies beyond a limit, of a run that was accepted.</param>
/// <param name="IsOfNewestRun">Whether its run is the newest of its plate: what an older one computed does not leave any more.</param>
public sealed record LifeVersion(int Version, ResultStatus Status, bool HasValue, bool IsOfNewestRun);

/// <summary>The version that a step makes.</summary>
/// <param name="Version">Its number.</param>
/// <param name="Status">Its status.</param>
/// <param name="Basis">The version whose content it has.</param>
/// <param name="Supersedes">The version that left before and whose place it takes; null for the first that leaves.</param>
public sealed record NextVersion(int Version, ResultStatus Status, int Basis, int? Supersedes);

/// <summary>The life of one result: its versions in order, and what may come next.</summary>
/// <remarks>Computed versions are preliminary. A release makes a further version of the same content, final, or cancelled where there is no value; a
/// computation after that stays preliminary while the released version counts, and its release is the correction. What was withdrawn can be corrected by a
/// computation that waits or comes later. What a run computed that is no longer the newest of its plate never leaves. An open hold stops what would leave, and
/// no withdrawal.</remarks>
public sealed class ResultLife
{
    private readonly IReadOnlyList<LifeVersion> versions;

    /// <summary>Takes the versions in.</summary>
    /// <param name="versions">In the order of their numbers, at least one.</param>
    /// <param name="isHeld">Whether a hold is open.</param>
    /// <exception cref="ArgumentException">There is no version, or their numbers are not 1, 2, 3.</exception>
    public ResultLife(IReadOnlyList<LifeVersion> versions, bool isHeld)
    {
        if (versions.Count == 0 || versions.Where((version, i) => version.Version != i + 1).Any())
        {
            throw new ArgumentException("Expected versions 1, 2, 3 and so on.", nameof(versions));
        }

        this.versions = versions;
        IsHeld = isHeld;
        Current = versions.LastOrDefault(version => version.Status != ResultStatus.Preliminary);
        // What was withdrawn used up no computation: one that waited before still waits.
        LifeVersion? newest = versions.LastOrDefault(version => version.Status != ResultStatus.Withdrawn);
        Pending = newest is { Status: ResultStatus.Preliminary, IsOfNewestRun: true } ? newest : null;
    }

    /// <summary>Whether a hold is open.</summary>
    public bool IsHeld { get; }

    /// <summary>The version that counts outside of the laboratory; null where none left.</summary>
    public LifeVersion? Current { get; }

    /// <summary>The computed version that waits for a reviewer; null where none does, or the newest run of the plate has no such result any more.</summary>
    public LifeVersion? Pending { get; }

    /// <summary>The steps that may come next, a hold apart.</summary>
    public IReadOnlyList<ReviewStep> AllowedSteps =>
    [
        .. Pending is not null ? [Current is null ? ReviewStep.Release : ReviewStep.Correct] : Array.Empty<ReviewStep>(),
        .. Current is { Status: not ResultStatus.Withdrawn } ? [ReviewStep.Withdraw] : Array.Empty<ReviewStep>(),
    ];

    /// <summary>The version that a step makes, or why it can't be made.</summary>
    /// <param name="step">The step.</param>
    /// <param name="named">The version that the reviewer saw and means.</param>
    /// <param name="field">Field of the fault.</param>
    public Checked<NextVersion> Take(ReviewStep step, int named, string field)
    {
        if (!AllowedSteps.Contains(step))
        {
            string allowed = AllowedSteps.Count == 0 ? "none is allowed until it is computed again" : $"expected {string.Join(" or ", AllowedSteps.Select(Word))}";
            return Refused(field, ReviewReasons.StepNotAllowed, $"It can't be {Word(step)} as it is now, {Describe()}; {allowed}.");
        }

        LifeVersion basis = step == ReviewStep.Withdraw ? Current! : Pending!;
        if (basis.Version != named)
        {
            return Refused(field, ReviewReasons.VersionChanged, $"Version {named} is not the one that would be {Word(step)} now; expected @{basis.Version}. Look at it again.");
        }

        return IsHeld && step != ReviewStep.Withdraw
            ? Refused(field, ReviewReasons.ResultHeld, $"A hold is open; expected it to be lifted before the result is {Word(step)}.")
            : new NextVersion(versions.Count + 1, StatusAfter(step, basis), basis.Version, Current?.Version);
    }

    private static ResultStatus StatusAfter(ReviewStep step, LifeVersion basis) => step switch
    {
        ReviewStep.Withdraw => ResultStatus.Withdrawn,
        _ when !basis.HasValue => ResultStatus.Cancelled,
        ReviewStep.Correct => ResultStatus.Corrected,
        _ => ResultStatus.Final,
    };

    private string Describe() => (Current, Pending) switch
    {
        (null, _) => $"PRELIMINARY @{versions.Count}",
        ({ } current, null) => $"{Upper(current.Status)} @{current.Version}",
        ({ } current, { } pending) => $"{Upper(current.Status)} @{current.Version} with PRELIMINARY @{pending.Version} waiting",
    };

    private static string Upper(ResultStatus status) => status.ToString().ToUpperInvariant();

    private static string Word(ReviewStep step) => step switch
    {
        ReviewStep.Release => "released",
        ReviewStep.Correct => "corrected",
        _ => "withdrawn",
    };

    private static Checked<NextVersion> Refused(string field, string reason, string description) => new List<Fault> { new(field, reason, description) };
}

using Biomarkers.Immunoassay;
using Biomarkers.Results;
using Biomarkers.Results.Review;

namespace Biomarkers.Pipeline.Store;

/// <summary>A result as a reviewer's step finds it.</summary>
/// <param name="ResultKey">Key.</param>
/// <param name="PlateKey">Its plate.</param>
/// <param name="Versions">All its versions, in the order of their numbers.</param>
/// <param name="IsHeld">Whether a hold is open.</param>
/// <param name="SampleId">Its sample.</param>
/// <param name="Analyte">Its analyte.</param>
public sealed record ReviewedResult(long ResultKey, long PlateKey, IReadOnlyList<ReviewedVersion> Versions, bool IsHeld, string SampleId, string Analyte)
{
    /// <summary>What a link of a repeat looks at.</summary>
    public RepeatEnd AsRepeatEnd => new(ResultKey, PlateKey, SampleId, Analyte);

    /// <summary>What may come next.</summary>
    public ResultLife Life => new([.. Versions.Select(version => new LifeVersion(version.Version, version.Status, version.HasValue, version.IsOfNewestRun))], IsHeld);

    /// <summary>The version of a number.</summary>
    public ReviewedVersion At(int version) => Versions[version - 1];
}

/// <summary>A version of a result as a reviewer's step finds it.</summary>
/// <param name="VersionKey">Key.</param>
/// <param name="Version">Number.</param>
/// <param name="Status">Status.</param>
/// <param name="HasValue">Whether it says anything about the sample; never where its run was rejected.</param>
/// <param name="RunKey">Run that computed it.</param>
/// <param name="IsOfNewestRun">Whether that is the newest of its plate.</param>
public sealed record ReviewedVersion(long VersionKey, int Version, ResultStatus Status, bool HasValue, long RunKey, bool IsOfNewestRun);

/// <summary>A version to add: the content of its basis, with another status.</summary>
/// <param name="BasisKey">Key of the basis.</param>
/// <param name="RunKey">Run of the basis.</param>
/// <param name="Next">What it is.</param>
/// <param name="Reason">Why; null for none.</param>
public sealed record VersionToAdd(long BasisKey, long RunKey, NextVersion Next, string? Reason);

/// <summary>A version that is there.</summary>
/// <param name="ResultKey">Its result.</param>
/// <param name="Version">Its number.</param>
/// <param name="VersionKey">Its key.</param>
/// <param name="Hash">Hash that a signature under it covers.</param>
public sealed record VersionName(long ResultKey, int Version, long VersionKey, ContentHash Hash);

/// <summary>A PIN that goes with a key, as it is kept.</summary>
/// <param name="KeyId">The key.</param>
/// <param name="Salt">Random, per PIN.</param>
/// <param name="PinHash">PBKDF2 with SHA-256 of the PIN.</param>
/// <param name="IterationCount">Its rounds.</param>
/// <param name="FailureCount">Wrong PINs since the last right one.</param>
/// <param name="SetTime">When it was set.</param>
public sealed record SigningPin(string KeyId, byte[] Salt, byte[] PinHash, int IterationCount, int FailureCount, DateTimeOffset SetTime);

/// <summary>Review of results: further versions, holds, links of repeats and signatures.</summary>
public interface IReviewRows
{
    /// <summary>Results with all their versions, kept with their plates from other servers until the transaction ends; what does not exist is not there.</summary>
    /// <exception cref="StoredDataDamagedException">A run of one of them is not as it was saved.</exception>
    Task<IReadOnlyList<ReviewedResult>> LockResultsAsync(IReadOnlyCollection<long> resultKeys, CancellationToken cancellationToken);

    /// <summary>Adds versions and seals their runs anew, in the order given.</summary>
    Task<IReadOnlyList<VersionName>> AddVersionsAsync(IReadOnlyList<VersionToAdd> versions, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>Names and hashes of versions, in the order given; each is there.</summary>
    Task<IReadOnlyList<VersionName>> HashVersionsAsync(IReadOnlyList<ReviewedVersion> versions, CancellationToken cancellationToken);

    /// <summary>Whoever left wells out of what these runs rest on.</summary>
    Task<IReadOnlySet<string>> FindExcludersAsync(IReadOnlyCollection<long> runKeys, CancellationToken cancellationToken);

    /// <summary>Places a hold on each result; in the order given.</summary>
    Task<IReadOnlyList<ResultHold>> InsertHoldsAsync(
        IReadOnlyList<long> resultKeys, string reason, string actor, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>A hold; null when there is none. Of two that lift it at the same time the key of the lift lets one through.</summary>
    Task<ResultHold?> FindHoldAsync(long holdKey, CancellationToken cancellationToken);

    /// <summary>Lifts a hold.</summary>
    Task InsertHoldLiftAsync(long holdKey, HoldLift lift, CancellationToken cancellationToken);

    /// <summary>The links from a result to what it repeats, from that to what it repeats in its turn, and so on, nearest first. The plates of all of them are kept
    /// from other servers until the transaction ends.</summary>
    Task<IReadOnlyList<RepeatLink>> ListOriginalsAsync(long resultKey, CancellationToken cancellationToken);

    /// <summary>Links a result to what it repeats.</summary>
    Task<RepeatLink> InsertRepeatLinkAsync(long repeatKey, long originalKey, string reason, string actor, DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>A link of a repeat; null when there is none. Of two that end it at the same time the key of the end lets one through.</summary>
    Task<RepeatLink?> FindRepeatLinkAsync(long linkKey, CancellationToken cancellationToken);

    /// <summary>Ends a link of a repeat.</summary>
    Task InsertRepeatUnlinkAsync(long linkKey, RepeatUnlink unlink, CancellationToken cancellationToken);

    /// <summary>Keeps signatures; the key of the first, the others follow it.</summary>
    Task<long> InsertSignaturesAsync(IReadOnlyList<(long VersionKey, Signature Signature)> signatures, CancellationToken cancellationToken);

    /// <summary>The PIN of a key, kept from other servers until the transaction ends; null where none was set.</summary>
    Task<SigningPin?> FindSigningPinAsync(string keyId, CancellationToken cancellationToken);

    /// <summary>Sets the PIN of a key.</summary>
    Task SaveSigningPinAsync(SigningPin pin, CancellationToken cancellationToken);
}

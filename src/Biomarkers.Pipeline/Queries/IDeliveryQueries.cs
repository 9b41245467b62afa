using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results.Delivery;
using Biomarkers.Results.Review;

namespace Biomarkers.Pipeline.Queries;

/// <summary>What a LIMS asks beside the versions that it pulls. Each answer is one snapshot.</summary>
public interface IDeliveryQueries
{
    /// <summary>A subscription with its backlog; null where the owner has none of that name.</summary>
    /// <param name="subscriptionId">Its name.</param>
    /// <param name="owner">Who must own it; null for anybody.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    Task<SubscriptionStatus?> GetSubscriptionAsync(string subscriptionId, string? owner, CancellationToken cancellationToken);

    /// <summary>Subscriptions by their names.</summary>
    /// <param name="owner">Whose; null for all.</param>
    /// <param name="afterId">Name to begin behind; null for the first.</param>
    /// <param name="limit">Most subscriptions.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    Task<IReadOnlyList<SubscriptionStatus>> ListSubscriptionsAsync(string? owner, string? afterId, int limit, CancellationToken cancellationToken);

    /// <summary>Versions of a subscription that are parked; the page's keys are places of the feed.</summary>
    Task<Page<ParkedVersion>> ListParkedAsync(long subscriptionKey, PageRequest page, CancellationToken cancellationToken);

    /// <summary>Released versions with all that leaves of them, in the order given.</summary>
    /// <param name="released">Their places in the feed and their keys.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="StoredDataDamagedException">A run of one of them is not as it was saved.</exception>
    Task<IReadOnlyList<ReleasedVersion>> GetReleasedAsync(IReadOnlyList<(long Sequence, long VersionKey)> released, CancellationToken cancellationToken);

    /// <summary>Releases and holds behind a place of the feed, in its order.</summary>
    Task<IReadOnlyList<ResultChange>> ListResultChangesAsync(long afterSequence, int limit, CancellationToken cancellationToken);
}

/// <summary>A subscription and how far it is.</summary>
/// <param name="Subscription">The subscription.</param>
/// <param name="WaitingCount">Versions that wait, those included that it has not looked at.</param>
/// <param name="LeasedCount">Versions that were pulled and are neither acknowledged nor waiting again.</param>
/// <param name="ParkedCount">Versions that are parked.</param>
/// <param name="AcknowledgedCount">Versions that were acknowledged.</param>
/// <param name="OldestWaitingTime">Release of the oldest one that waits or is leased; null where there is none.</param>
public sealed record SubscriptionStatus(
    SubscriptionRow Subscription, int WaitingCount, int LeasedCount, int ParkedCount, long AcknowledgedCount, DateTimeOffset? OldestWaitingTime);

/// <summary>A version that was delivered too often without an acknowledgement.</summary>
/// <param name="Sequence">Its place in the feed.</param>
/// <param name="ResultKey">The result.</param>
/// <param name="Version">The version.</param>
/// <param name="SampleId">Its sample.</param>
/// <param name="Analyte">Its analyte.</param>
/// <param name="AttemptCount">How often it was delivered.</param>
/// <param name="Reason">What was said of it last.</param>
/// <param name="ReleaseTime">When it was released.</param>
public sealed record ParkedVersion(
    long Sequence, long ResultKey, int Version, string SampleId, string Analyte, int AttemptCount, string Reason, DateTimeOffset ReleaseTime);

/// <summary>A released version with what it rests on.</summary>
/// <param name="Sequence">Its place in the feed and the ledger.</param>
/// <param name="Result">The version.</param>
/// <param name="Origin">What it rests on.</param>
/// <param name="Token">The audit event of its release.</param>
public sealed record ReleasedVersion(long Sequence, StoredResult Result, ResultSource Origin, VerificationToken Token);

/// <summary>What a result rests on, as far as it leaves.</summary>
/// <param name="InstrumentId">Instrument that read the plate.</param>
/// <param name="Operator">Who read it; null when not stated.</param>
/// <param name="ReadTime">When, by the instrument; null when not stated.</param>
/// <param name="Specification">The analyte in its assay.</param>
/// <param name="MethodHash">Hash of the assay version's content.</param>
/// <param name="Lots">Lots that were used.</param>
public sealed record ResultSource(
    string InstrumentId, string? Operator, DateTimeOffset? ReadTime, AnalyteSpecification Specification, ContentHash MethodHash, IReadOnlyList<LotReference> Lots);

/// <summary>What happened to results, as far as it is told outside of the laboratory.</summary>
/// <param name="Sequence">Place in the feed.</param>
/// <param name="Released">The released version; null for a hold.</param>
/// <param name="Hold">The hold that was placed or lifted, as it was then; null for a release.</param>
/// <param name="HoldOf">The version of the held result that counted when the hold was placed or lifted; null where none had left.</param>
public sealed record ResultChange(long Sequence, ReleasedChange? Released, ResultHold? Hold, ReleasedChange? HoldOf);

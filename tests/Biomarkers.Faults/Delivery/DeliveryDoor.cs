using Biomarkers.Pipeline.Delivery;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Review;
using Biomarkers.Results;
using Biomarkers.Results.Review;

namespace Biomarkers.Faults.Delivery;

/// <summary>The way of one schedule to the product: what a puller and a reviewer ask, and the plain answer.</summary>
/// <param name="subscriptionId">The subscription.</param>
/// <param name="studies">Study of each plate.</param>
internal sealed class DeliveryDoor(string subscriptionId, IReadOnlyDictionary<string, string> studies)
{
    private const string Owner = "lims";
    private const string Reviewer = "people/kim";

    public async Task<DeliveryReply> RunAsync(DeliveryServer server, DeliveryOp op, CancellationToken cancellationToken) => op switch
    {
        DeliveryOp.Pull pull => await PullAsync(server, pull.Limit, cancellationToken),
        DeliveryOp.Answer answer => await AnswerAsync(server, answer, cancellationToken),
        DeliveryOp.Seek seek => new DeliveryReply
        {
            AgainCount = Known(await server.Writer.WriteAsync(new SeekSubscription(subscriptionId, Owner, seek.After, Owner), cancellationToken)),
        },
        DeliveryOp.Review review => await ReviewAsync(server, review, cancellationToken),
        _ => throw new ArgumentException($"{op} is unknown.", nameof(op)),
    };

    /// <summary>Makes the subscription.</summary>
    /// <returns>Its key.</returns>
    public async Task<long> CreateAsync(
        DeliveryServer server, Pipeline.Store.SubscriptionFilter filter, TimeSpan lease, bool fromBeginning, CancellationToken cancellationToken) =>
        Known(await server.Writer.WriteAsync(new CreateSubscription(subscriptionId, Owner, filter, lease, fromBeginning, Owner), cancellationToken)).SubscriptionKey;

    private async Task<DeliveryReply> PullAsync(DeliveryServer server, int limit, CancellationToken cancellationToken)
    {
        PulledDeliveries pulled = Known(await server.Writer.WriteAsync(new PullDeliveries(subscriptionId, Owner, limit), cancellationToken));
        return new DeliveryReply
        {
            Delivered = [.. pulled.Items.Select(item => new DeliveredVersion(item.VersionKey, item.AttemptCount, item.DeliveryId!.Value, item.LeaseExpireTime!.Value))],
        };
    }

    private async Task<DeliveryReply> AnswerAsync(DeliveryServer server, DeliveryOp.Answer answer, CancellationToken cancellationToken)
    {
        DeliveryAnswer said = answer.Kind switch
        {
            AnswerKind.Acknowledge => new DeliveryAnswer.Acknowledge(),
            AnswerKind.Extend => new DeliveryAnswer.Extend(answer.Time),
            _ => new DeliveryAnswer.Refuse(answer.Time, "disk full"),
        };
        AnsweredDeliveries answered = Known(await server.Writer.WriteAsync(new AnswerDeliveries(subscriptionId, Owner, answer.Ids, said), cancellationToken));
        return new DeliveryReply
        {
            Refused = [.. Enumerable.Range(0, answer.Ids.Count).Where(place => answered.Faults.Any(fault => fault.Field == $"delivery_ids[{place}]"))],
            Fault = answered.Faults.FirstOrDefault(fault => fault.Reason != DeliveryLimits.LeaseExpired)?.Description,
        };
    }

    private async Task<DeliveryReply> ReviewAsync(DeliveryServer server, DeliveryOp.Review review, CancellationToken cancellationToken)
    {
        string? reason = review.Step == ReviewStep.Release ? null : "bubble";
        Reviewed reviewed = await server.Writer.WriteAsync(new TakeReviewStep(review.Step, review.Named, reason, Reviewer, null, NeedsSignature: false), cancellationToken);
        IReadOnlyList<StoredResult> versions = await server.Queries.GetVersionsAsync([.. reviewed.Versions.Select(version => version.VersionKey)], cancellationToken);
        Dictionary<long, StoredResult> byKey = versions.ToDictionary(version => version.VersionKey);
        StoredResult[] made = [.. reviewed.Versions.Select(version => byKey[version.VersionKey])];
        StoredResult? wrong = Array.Find(made, version => !MayBecome(review.Step).Contains(version.Status));
        return new DeliveryReply
        {
            Released = [.. made.Select(version => new ReleasedVersion(
                version.VersionKey, version.Result.SampleId, version.Result.Analyte, studies[version.PlateBarcode], version.Status.ToString(), version.CreateTime))],
            Fault = reviewed.Faults.Count > 0 ? reviewed.Faults[0].Description : wrong is null ? null : $"{review.Step} made version {wrong.VersionKey} {wrong.Status}",
        };
    }

    private static ResultStatus[] MayBecome(ReviewStep step) => step switch
    {
        ReviewStep.Release => [ResultStatus.Final, ResultStatus.Cancelled],
        ReviewStep.Correct => [ResultStatus.Corrected, ResultStatus.Cancelled],
        _ => [ResultStatus.Withdrawn],
    };

    private T Known<T>(T? outcome)
        where T : class => outcome ?? throw new InvalidOperationException($"There is no subscription '{subscriptionId}'.");

    private int Known(int? outcome) => outcome ?? throw new InvalidOperationException($"There is no subscription '{subscriptionId}'.");
}

using System.Data.Common;

namespace Biomarkers.Faults.Delivery;

/// <summary>A guarantee that is taken away behind the server's back, to see that its loss is found.</summary>
internal enum LostGuarantee
{
    None,

    /// <summary>An acknowledgement by an older delivery id is accepted.</summary>
    OnlyTheNewestDeliveryCounts,

    /// <summary>A correction is delivered while what it corrects is open.</summary>
    OrderOfASample,

    /// <summary>A lease is forgotten: another puller gets the version, too.</summary>
    OneLeaseAtATime,

    /// <summary>The place in the feed passes a version.</summary>
    NothingIsSkipped,

    /// <summary>A repeat looks like a first delivery.</summary>
    RepeatsAreNumbered,

    /// <summary>An acknowledgement that was answered is forgotten.</summary>
    AcknowledgedIsOver,

    /// <summary>A lease does not end.</summary>
    LeasesEnd,

    /// <summary>A version is parked after three deliveries.</summary>
    ParkedAfterTen,
}

/// <summary>Takes a guarantee away from one subscription by changing its rows, or the server's answer where that is what a guarantee is about.</summary>
/// <param name="guarantee">Which.</param>
/// <param name="connection">A connection behind the server's back.</param>
/// <param name="subscriptionKey">The subscription.</param>
internal sealed class PlantedDelivery(LostGuarantee guarantee, DbConnection connection, long subscriptionKey)
{
    private const string OfDeliveries = "WHERE subscription_key = @key AND delivery_id = @id";
    private const long Year = 365L * 24 * 3600 * 1_000_000;

    private readonly Dictionary<long, long> versions = [];

    /// <summary>How often it was taken away.</summary>
    public int Count { get; private set; }

    /// <summary>Before the server is asked.</summary>
    /// <returns>States to be set back after the answer, by place in the feed.</returns>
    public async Task<IReadOnlyList<(long Sequence, int State)>> BeforeAsync(DeliveryOp op, CancellationToken cancellationToken)
    {
        if (op is not DeliveryOp.Pull)
        {
            return [];
        }

        if (guarantee == LostGuarantee.NothingIsSkipped)
        {
            Count += await ChangeAsync(
                """
                UPDATE subscription SET fed_sequence = (SELECT MIN(sequence) FROM change_feed WHERE kind = 2 AND sequence > subscription.fed_sequence)
                WHERE subscription_key = @key AND EXISTS (SELECT 1 FROM change_feed WHERE kind = 2 AND sequence > subscription.fed_sequence)
                """,
                cancellationToken);
        }

        if (guarantee != LostGuarantee.OrderOfASample)
        {
            return [];
        }

        List<(long Sequence, int State)> open = await connection.ReadAsync(
            """
            SELECT sequence, state FROM delivery_item e WHERE subscription_key = @key AND state < 3 AND EXISTS (SELECT 1 FROM delivery_item l
                WHERE l.subscription_key = e.subscription_key AND l.state < 3 AND l.sample_id = e.sample_id AND l.analyte = e.analyte AND l.sequence > e.sequence)
            """,
            row => (row.GetInt64(0), row.GetInt32(1)),
            cancellationToken,
            ("key", subscriptionKey));
        foreach ((long sequence, _) in open)
        {
            await ChangeAsync("UPDATE delivery_item SET state = 3 WHERE subscription_key = @key AND sequence = @id", cancellationToken, sequence);
        }

        return open;
    }

    /// <summary>After the server answered.</summary>
    /// <returns>The answer that the puller sees.</returns>
    public async Task<DeliveryReply> AfterAsync(
        DeliveryOp op, DeliveryReply reply, IReadOnlyList<(long Sequence, int State)> hidden, CancellationToken cancellationToken)
    {
        foreach ((long sequence, int state) in hidden)
        {
            await ChangeAsync($"UPDATE delivery_item SET state = {state} WHERE subscription_key = @key AND sequence = @id", cancellationToken, sequence);
        }

        Count += reply.Delivered.Count > 0 ? hidden.Count : 0;
        foreach (DeliveredVersion delivered in reply.Delivered)
        {
            versions[delivered.DeliveryId] = delivered.VersionKey;
            Count += OfAPull is { } change ? await ChangeAsync(change, cancellationToken, delivered.DeliveryId) : 0;
        }

        if (op is not DeliveryOp.Answer { Kind: AnswerKind.Acknowledge } answer)
        {
            return reply;
        }

        if (guarantee == LostGuarantee.AcknowledgedIsOver && reply.Refused.Count == 0)
        {
            foreach (long id in answer.Ids)
            {
                Count += await ChangeAsync($"UPDATE delivery_item SET state = 1 {OfDeliveries}", cancellationToken, id);
            }
        }

        return guarantee == LostGuarantee.OnlyTheNewestDeliveryCounts && reply.Refused.Count > 0 ? await AcceptAsync(answer, cancellationToken) : reply;
    }

    // What a pull leaves behind; null where the guarantee is about something else.
    private string? OfAPull => guarantee switch
    {
        LostGuarantee.OneLeaseAtATime => $"UPDATE delivery_item SET state = 1 {OfDeliveries}",
        LostGuarantee.RepeatsAreNumbered => $"UPDATE delivery_item SET attempt_count = 0 {OfDeliveries}",
        LostGuarantee.LeasesEnd => $"UPDATE delivery_item SET lease_expire_time = lease_expire_time + {Year} {OfDeliveries}",
        LostGuarantee.ParkedAfterTen => $"UPDATE delivery_item SET state = 4 {OfDeliveries} AND attempt_count >= 3",
        _ => null,
    };

    private async Task<DeliveryReply> AcceptAsync(DeliveryOp.Answer answer, CancellationToken cancellationToken)
    {
        foreach (long id in answer.Ids)
        {
            Count += await ChangeAsync("UPDATE delivery_item SET state = 3 WHERE subscription_key = @key AND version_key = @id", cancellationToken, versions[id]);
        }

        return new DeliveryReply();
    }

    private Task<int> ChangeAsync(string sql, CancellationToken cancellationToken, long id = 0) => connection.ExecuteAsync(sql, cancellationToken, ("key", subscriptionKey), ("id", id));
}

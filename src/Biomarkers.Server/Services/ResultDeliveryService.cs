using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Delivery;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Server.Access;
using Biomarkers.Server.Checkpoints;
using Biomarkers.Server.Hosting;
using Biomarkers.Server.Wire;
using Biomarkers.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;

namespace Biomarkers.Server.Services;

/// <summary>Released results to LIMS.</summary>
internal sealed class ResultDeliveryService(
    StoreWriter writer,
    IDeliveryQueries deliveries,
    ResultChanges resultChanges,
    CheckpointService checkpoints,
    DamageJournal damages,
    ChangeSignal changes,
    WireLimits limits,
    TimeProvider time,
    IHostApplicationLifetime lifetime)
    : V1.ResultDeliveryService.ResultDeliveryServiceBase
{
    private const string SubscriptionNotFound = "SUBSCRIPTION_NOT_FOUND";

    [Authorize(Policy = Policies.TakeResults)]
    public override async Task<Subscription> CreateSubscription(CreateSubscriptionRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        Texts.CheckName("subscription_id", request.SubscriptionId, faults);
        (SubscriptionFilter filter, TimeSpan lease) = DeliveryMapper.Read(request.Subscription, faults);
        Requests.Require(faults);
        var make = new CreateSubscription(request.SubscriptionId, Callers.Who(context).Holder, filter, lease, request.FromBeginning, Callers.Of(context));
        if (await writer.WriteAsync(make, context.CancellationToken) is null)
        {
            throw RpcErrors.AlreadyExists(DeliveryLimits.SubscriptionExists, ResourceNames.Subscription(request.SubscriptionId));
        }

        return DeliveryMapper.ToWire((await deliveries.GetSubscriptionAsync(request.SubscriptionId, make.Owner, context.CancellationToken))!);
    }

    [Authorize(Policy = Policies.ReadSubscriptions)]
    public override async Task<Subscription> GetSubscription(GetSubscriptionRequest request, ServerCallContext context) =>
        DeliveryMapper.ToWire(await FindAsync("name", request.Name, context));

    [Authorize(Policy = Policies.ReadSubscriptions)]
    public override async Task<ListSubscriptionsResponse> ListSubscriptions(ListSubscriptionsRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        int size = PageTokens.ToPageSize(request.PageSize, faults);
        string? after = PageTokens.Decode(request, request.PageToken, faults);
        Requests.Require(faults);
        IReadOnlyList<SubscriptionStatus> found = await deliveries.ListSubscriptionsAsync(OwnerFor(context), after, size + 1, context.CancellationToken);
        return new ListSubscriptionsResponse
        {
            Subscriptions = { found.Take(size).Select(DeliveryMapper.ToWire) },
            NextPageToken = found.Count > size ? PageTokens.Encode(request, found[size - 1].Subscription.SubscriptionId) : string.Empty,
        };
    }

    [Authorize(Policy = Policies.TakeResults)]
    public override async Task<DeleteSubscriptionResponse> DeleteSubscription(DeleteSubscriptionRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? id = ResourceNames.ParseSubscription("name", request.Name, faults);
        string? reason = AccessMapper.ReadReason(request.Reason, isRequired: true, faults);
        Requests.Require(faults);
        return await writer.WriteAsync(new DeleteSubscription(id!, Callers.Who(context).Holder, reason!, Callers.Of(context)), context.CancellationToken)
            ? new DeleteSubscriptionResponse()
            : throw RpcErrors.NotFound(SubscriptionNotFound, request.Name);
    }

    [Authorize(Policy = Policies.TakeResults)]
    public override async Task<PullResultsResponse> PullResults(PullResultsRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? id = ResourceNames.ParseSubscription("subscription", request.Subscription, faults);
        int limit = DeliveryMapper.ReadLimit(request.MaxResults, faults);
        TimeSpan wait = DeliveryMapper.ReadTime(request.Wait, "wait", TimeSpan.Zero, TimeSpan.Zero, DeliveryMapper.LongestWait, faults);
        Requests.Require(faults);
        var pull = new PullDeliveries(id!, Callers.Who(context).Holder, limit);
        long began = time.GetTimestamp();
        while (true)
        {
            Task changed = changes.Next;
            PulledDeliveries pulled = await writer.WriteAsync(pull, context.CancellationToken) ?? throw RpcErrors.NotFound(SubscriptionNotFound, request.Subscription);
            TimeSpan left = wait - time.GetElapsedTime(began);
            if (pulled.Items.Count > 0 || left <= TimeSpan.Zero || lifetime.ApplicationStopping.IsCancellationRequested)
            {
                return await AnswerAsync(pulled.Items, context);
            }

            await WaitAsync(changed, left < limits.WatchPoll ? left : limits.WatchPoll, context.CancellationToken);
        }
    }

    [Authorize(Policy = Policies.TakeResults)]
    public override async Task<AcknowledgeResultsResponse> AcknowledgeResults(AcknowledgeResultsRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? id = ResourceNames.ParseSubscription("subscription", request.Subscription, faults);
        IReadOnlyList<long> ids = DeliveryMapper.ReadDeliveries(request.DeliveryIds, faults);
        Requests.Require(faults);
        await AnswerAsync(id!, ids, new DeliveryAnswer.Acknowledge(), request.Subscription, context);
        return new AcknowledgeResultsResponse();
    }

    [Authorize(Policy = Policies.TakeResults)]
    public override async Task<ModifyAckDeadlineResponse> ModifyAckDeadline(ModifyAckDeadlineRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? id = ResourceNames.ParseSubscription("subscription", request.Subscription, faults);
        IReadOnlyList<long> ids = DeliveryMapper.ReadDeliveries(request.DeliveryIds, faults);
        TimeSpan lease = DeliveryMapper.ReadTime(request.AckDeadline, "ack_deadline", TimeSpan.Zero, TimeSpan.Zero, DeliveryLimits.LongestLease, faults);
        TimeSpan delay = DeliveryMapper.ReadTime(request.RetryDelay, "retry_delay", TimeSpan.Zero, TimeSpan.Zero, DeliveryLimits.LongestLease, faults);
        string? reason = AccessMapper.ReadReason(request.Reason, isRequired: false, faults);
        if (lease > TimeSpan.Zero && (delay > TimeSpan.Zero || reason is not null))
        {
            faults.Add(new Fault("ack_deadline", FaultReasons.OutOfRange, $"{lease.TotalSeconds} s with a delay or a reason was given; expected 0 where the version is let go."));
        }

        Requests.Require(faults);
        await AnswerAsync(id!, ids, lease > TimeSpan.Zero ? new DeliveryAnswer.Extend(lease) : new DeliveryAnswer.Refuse(delay, reason), request.Subscription, context);
        return new ModifyAckDeadlineResponse();
    }

    [Authorize(Policy = Policies.TakeResults)]
    public override async Task<SeekResponse> Seek(SeekRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        string? id = ResourceNames.ParseSubscription("subscription", request.Subscription, faults);
        DateTimeOffset? after = WireTimes.Read(request.Time, "time", faults);
        Requests.Require(faults);
        int? again = await writer.WriteAsync(new SeekSubscription(id!, Callers.Who(context).Holder, after, Callers.Of(context)), context.CancellationToken);
        changes.Raise();
        return new SeekResponse { WaitingCount = again ?? throw RpcErrors.NotFound(SubscriptionNotFound, request.Subscription) };
    }

    [Authorize(Policy = Policies.ReadSubscriptions)]
    public override async Task<ListParkedDeliveriesResponse> ListParkedDeliveries(ListParkedDeliveriesRequest request, ServerCallContext context)
    {
        var faults = new List<Fault>();
        PageRequest page = PageTokens.ToPageRequest(request, request.PageSize, request.PageToken, ListOrder.OldestFirst, faults);
        Requests.Require(faults);
        SubscriptionStatus subscription = await FindAsync("subscription", request.Subscription, context);
        Page<ParkedVersion> found = await deliveries.ListParkedAsync(subscription.Subscription.SubscriptionKey, page, context.CancellationToken);
        return new ListParkedDeliveriesResponse
        {
            ParkedDeliveries = { found.Rows.Select(DeliveryMapper.ToWire) },
            NextPageToken = PageTokens.Next(request, found.Next),
        };
    }

    [Authorize(Policy = Policies.TakeResults)]
    public override async Task StreamResultChanges(
        StreamResultChangesRequest request, IServerStreamWriter<StreamResultChangesResponse> responses, ServerCallContext context)
    {
        SubscriptionStatus subscription = await FindAsync("subscription", request.Subscription, context, Callers.Who(context).Holder);
        await resultChanges.SendAsync(subscription.Subscription.Filter, request, responses, context);
    }

    // Who only looks after the server sees everybody's backlog.
    private static string? OwnerFor(ServerCallContext context)
    {
        Caller caller = Callers.Who(context);
        return caller.Roles.Contains(Roles.Admin) || caller.Roles.Contains(Roles.Auditor) ? null : caller.Holder;
    }

    private Task<SubscriptionStatus> FindAsync(string field, string name, ServerCallContext context) => FindAsync(field, name, context, OwnerFor(context));

    private async Task<SubscriptionStatus> FindAsync(string field, string name, ServerCallContext context, string? owner)
    {
        var faults = new List<Fault>();
        string? id = ResourceNames.ParseSubscription(field, name, faults);
        Requests.Require(faults);
        return await deliveries.GetSubscriptionAsync(id!, owner, context.CancellationToken) ?? throw RpcErrors.NotFound(SubscriptionNotFound, name);
    }

    private async Task WaitAsync(Task changed, TimeSpan longest, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        await Task.WhenAny(changed, Task.Delay(longest, time, ended.Token));
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task AnswerAsync(string id, IReadOnlyList<long> deliveryIds, DeliveryAnswer answer, string name, ServerCallContext context)
    {
        AnsweredDeliveries answered = await writer.WriteAsync(new AnswerDeliveries(id, Callers.Who(context).Holder, deliveryIds, answer), context.CancellationToken)
            ?? throw RpcErrors.NotFound(SubscriptionNotFound, name);
        if (answered.Faults.Count > 0)
        {
            throw RpcErrors.LeaseExpired(answered.Faults);
        }

        // A correction may have waited for this one.
        changes.Raise();
    }

    private async Task<PullResultsResponse> AnswerAsync(IReadOnlyList<DeliveryItem> items, ServerCallContext context)
    {
        var response = new PullResultsResponse { Checkpoint = checkpoints.Written is { } written ? AuditMapper.ToWire(written, checkpoints.PublicKey) : null };
        if (items.Count == 0)
        {
            return response;
        }

        try
        {
            IReadOnlyList<ReleasedVersion> released = await deliveries.GetReleasedAsync([.. items.Select(item => (item.Sequence, item.VersionKey))], context.CancellationToken);
            response.Deliveries.AddRange(items.Zip(released, DeliveryMapper.ToWire));
        }
        catch (StoredDataDamagedException)
        {
            await AddWholeAsync(response, items, context);
        }

        return response;
    }

    // What is damaged is told to the laboratory, comes to its ten attempts by itself and is parked; it holds nothing else up.
    private async Task AddWholeAsync(PullResultsResponse response, IReadOnlyList<DeliveryItem> items, ServerCallContext context)
    {
        foreach (DeliveryItem item in items)
        {
            try
            {
                response.Deliveries.Add(DeliveryMapper.ToWire(item, (await deliveries.GetReleasedAsync([(item.Sequence, item.VersionKey)], context.CancellationToken))[0]));
            }
            catch (StoredDataDamagedException exception)
            {
                damages.Note(exception, context.Method);
            }
        }
    }
}

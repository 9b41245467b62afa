using Biomarkers.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Biomarkers.Client.Pulling;

/// <summary>Pulls released results from a subscription and hands them to a handler, one after the other, until it is told to end. Restarts of the server and lost
/// connections are waited out.</summary>
/// <remarks>
/// A version is acknowledged after its handler returned, so that a process that is killed at any moment loses none; its lease is kept while the handler works. What comes
/// again is told by
/// <see cref="PulledResult.VersionName"/>; with <see cref="ResultPullerOptions.Taken"/> a repeat of what was taken is acknowledged without being handed over. Of one
/// sample and analyte the versions come in the order of their release, unless one was parked after ten attempts.
/// </remarks>
public sealed class ResultPuller
{
    private const int MaximumReasonLength = 128;

    /// <summary>Time of a call beyond what it may wait for versions, its repeats by the connection included.</summary>
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Pause after an answer without versions: a server that does not wait as asked is not asked without end.</summary>
    private static readonly TimeSpan EmptyPause = TimeSpan.FromSeconds(0.5);

    private readonly ResultDeliveryService.ResultDeliveryServiceClient client;
    private readonly ResultPullerOptions options;
    private readonly TimeProvider time;
    private readonly TakenVersions taken;
    private readonly RepeatedCalls calls;
    private readonly Lock gate = new();
    private PullCounts counts = new(0, 0, 0, 0, 0);
    private string? lastStatement;
    private bool isRunning;

    /// <summary>Makes a puller; nothing is called yet.</summary>
    /// <param name="client">The server, such as <see cref="BiomarkersConnection.Delivery"/>.</param>
    /// <param name="options">How to pull.</param>
    /// <param name="time">Clock of waits and leases.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public ResultPuller(ResultDeliveryService.ResultDeliveryServiceClient client, ResultPullerOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Check();
        this.client = client;
        this.options = options;
        this.time = time;
        taken = options.Taken ?? TakenVersions.InMemory(options.SubscriptionName);
        calls = new RepeatedCalls(options, time);
    }

    /// <summary>What it did so far.</summary>
    public PullCounts Counts
    {
        get
        {
            lock (gate)
            {
                return counts;
            }
        }
    }

    /// <summary>Pulls until it is cancelled.</summary>
    /// <param name="handler">Stores one version. When it returns the version is acknowledged; <see cref="DeliveryRefusedException"/> lets go of this one version; any
    /// other exception ends the puller, and what it did not take comes again. It is never called twice at a time.</param>
    /// <param name="cancellationToken">Ends the puller, after it acknowledged what was taken (<see cref="ResultPullerOptions.EndTimeout"/>).</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ResultPullerException">It can't go on.</exception>
    public Task RunAsync(Func<PulledResult, CancellationToken, Task> handler, CancellationToken cancellationToken) => WorkAsync(handler, untilEmpty: false, cancellationToken);

    /// <summary>Pulls until nothing is due, or it is cancelled.</summary>
    /// <param name="handler">As for <see cref="RunAsync"/>.</param>
    /// <param name="cancellationToken">As for <see cref="RunAsync"/>.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="ResultPullerException">It can't go on.</exception>
    public Task DrainAsync(Func<PulledResult, CancellationToken, Task> handler, CancellationToken cancellationToken) => WorkAsync(handler, untilEmpty: true, cancellationToken);

    private async Task WorkAsync(Func<PulledResult, CancellationToken, Task> handler, bool untilEmpty, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (Interlocked.Exchange(ref isRunning, true))
        {
            throw new InvalidOperationException("The puller is at work; expected one call at a time.");
        }

        try
        {
            Subscription subscription = await calls.MakeAsync(
                () => client.GetSubscriptionAsync(new GetSubscriptionRequest { Name = options.SubscriptionName }, CallOf(cancellationToken)).ResponseAsync, cancellationToken);
            await using var leases = new LeaseKeeper(client, options, subscription.AckDeadline.ToTimeSpan(), time);
            // What an earlier process had taken when it was killed.
            var stored = new List<(string VersionName, string DeliveryId)>(taken.Pending.Select(item => (item.Key, item.Value)));
            try
            {
                await AcknowledgeAsync(stored, leases, cancellationToken);
                while (true)
                {
                    bool isEmpty = !await TakeNextAsync(handler, stored, leases, cancellationToken);
                    if (isEmpty && untilEmpty)
                    {
                        return;
                    }

                    if (isEmpty)
                    {
                        await Task.Delay(EmptyPause, time, cancellationToken);
                    }
                }
            }
            finally
            {
                await EndAsync(stored, leases);
            }
        }
        finally
        {
            Interlocked.Exchange(ref isRunning, false);
        }
    }

    private async Task<bool> TakeNextAsync(
        Func<PulledResult, CancellationToken, Task> handler, List<(string VersionName, string DeliveryId)> stored, LeaseKeeper leases, CancellationToken cancellationToken)
    {
        PullResultsResponse answer = await PullAsync(leases, cancellationToken);
        if (answer.Checkpoint is { } checkpoint && checkpoint.Statement != lastStatement && options.Checkpoints is { } keep)
        {
            await keep(checkpoint, cancellationToken);
            lastStatement = checkpoint.Statement;
        }

        long lastAcknowledged = time.GetTimestamp();
        foreach (Delivery delivery in answer.Deliveries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await TakeAsync(PulledResult.Of(delivery), handler, stored, leases, cancellationToken);
            if (time.GetElapsedTime(lastAcknowledged) >= options.AcknowledgeInterval)
            {
                await AcknowledgeAsync(stored, leases, cancellationToken);
                lastAcknowledged = time.GetTimestamp();
            }
        }

        await AcknowledgeAsync(stored, leases, cancellationToken);
        return answer.Deliveries.Count > 0;
    }

    private async Task<PullResultsResponse> PullAsync(LeaseKeeper leases, CancellationToken cancellationToken)
    {
        var request = new PullResultsRequest { Subscription = options.SubscriptionName, MaxResults = options.MaximumVersions, Wait = Duration.FromTimeSpan(options.Wait) };
        PullResultsResponse answer = await calls.MakeAsync(() => client.PullResultsAsync(request, CallOf(cancellationToken, options.Wait)).ResponseAsync, cancellationToken);
        // The lease began a little earlier, by the time that the answer was under way; who trusts it that much too long hands over what comes again, which is told by its name.
        leases.Hold(answer.Deliveries, time.GetTimestamp());
        return answer;
    }

    private async Task TakeAsync(
        PulledResult pulled,
        Func<PulledResult, CancellationToken, Task> handler,
        List<(string VersionName, string DeliveryId)> stored,
        LeaseKeeper leases,
        CancellationToken cancellationToken)
    {
        string deliveryId = pulled.Delivery.DeliveryId;
        if (taken.Contains(pulled.VersionName))
        {
            Note(() => taken.Take(pulled.VersionName, deliveryId));
            stored.Add((pulled.VersionName, deliveryId));
            Tell(PullNoticeKind.Repeated, pulled.VersionName, $"It was taken before and came again (attempt {pulled.Delivery.Attempt}).", of => of with { Repeated = of.Repeated + 1 });
            return;
        }

        if (!leases.Holds(deliveryId))
        {
            leases.Release([deliveryId]);
            Tell(PullNoticeKind.LeaseEnded, pulled.VersionName, "Its lease ended before its turn; it comes again.", of => of with { LeasesEnded = of.LeasesEnded + 1 });
            return;
        }

        if (!taken.HasRoom)
        {
            throw new ResultPullerException(
                PullStopReason.TakenVersionsFailed, $"{taken.Count} versions were taken and could not be acknowledged; expected fewer than {TakenVersions.MaximumVersions}.", null, null);
        }

        try
        {
            await handler(pulled, cancellationToken);
        }
        catch (DeliveryRefusedException refusal)
        {
            await RefuseAsync(pulled, refusal, leases, cancellationToken);
            return;
        }

        Note(() => taken.Take(pulled.VersionName, deliveryId));
        stored.Add((pulled.VersionName, deliveryId));
        Count(of => of with { HandedOver = of.HandedOver + 1 });
    }

    private static void Note(Action note)
    {
        try
        {
            note();
        }
        catch (IOException exception)
        {
            throw new ResultPullerException(
                PullStopReason.TakenVersionsFailed, $"What was taken can't be written down, so that some of it may be handed over again. {exception.Message}", null, exception);
        }
    }

    private async Task RefuseAsync(PulledResult pulled, DeliveryRefusedException refusal, LeaseKeeper leases, CancellationToken cancellationToken)
    {
        Tell(PullNoticeKind.Refused, pulled.VersionName, refusal.Message, of => of with { Refused = of.Refused + 1 });
        leases.Release([pulled.Delivery.DeliveryId]);
        await LetGoAsync([pulled.Delivery.DeliveryId], refusal.RetryDelay, ReasonOf(refusal.Message), cancellationToken);
    }

    private async Task AcknowledgeAsync(List<(string VersionName, string DeliveryId)> stored, LeaseKeeper leases, CancellationToken cancellationToken)
    {
        foreach ((string VersionName, string DeliveryId)[] some in stored.Chunk(ResultPullerOptions.MostVersions).ToArray())
        {
            string[] ids = [.. some.Select(item => item.DeliveryId)];
            IReadOnlySet<string> ended = await LeasedCalls.MakeAsync(ids, part => calls.MakeAsync(
                () => client.AcknowledgeResultsAsync(
                    new AcknowledgeResultsRequest { Subscription = options.SubscriptionName, DeliveryIds = { part } }, CallOf(cancellationToken)).ResponseAsync,
                cancellationToken));
            leases.Release(ids);
            stored.RemoveRange(0, some.Length);
            // They leave the record only where the server knows them.
            string[] known = [.. some.Where(item => !ended.Contains(item.DeliveryId)).Select(item => item.VersionName)];
            Note(() => taken.Acknowledged(known));
            Count(of => of with { Acknowledged = of.Acknowledged + known.Length });
            foreach ((string versionName, _) in some.Where(item => ended.Contains(item.DeliveryId)))
            {
                Tell(PullNoticeKind.LeaseEnded, versionName, "Its lease ended before it was acknowledged; it comes again.", of => of with { LeasesEnded = of.LeasesEnded + 1 });
            }
        }
    }

    // What is not done in time comes again by itself.
    private async Task EndAsync(List<(string VersionName, string DeliveryId)> stored, LeaseKeeper leases)
    {
        using var timeout = new CancellationTokenSource(options.EndTimeout, time);
        try
        {
            await AcknowledgeAsync(stored, leases, timeout.Token);
            string[] left = [.. leases.All()];
            if (left.Length > 0)
            {
                leases.Release(left);
                await LetGoAsync(left, TimeSpan.Zero, "the puller ended", timeout.Token);
            }
        }
        catch (Exception exception) when (exception is RpcException or ResultPullerException or OperationCanceledException)
        {
            Tell(PullNoticeKind.LeaseEnded, null, $"The puller ends before everything was acknowledged; it comes again. {exception.Message}", of => of);
        }
    }

    private async Task LetGoAsync(IReadOnlyList<string> deliveryIds, TimeSpan delay, string reason, CancellationToken cancellationToken)
    {
        // What has ended already needs no end.
        _ = await LeasedCalls.MakeAsync(deliveryIds, part => calls.MakeAsync(
            () => client.ModifyAckDeadlineAsync(
                new ModifyAckDeadlineRequest
                {
                    Subscription = options.SubscriptionName,
                    DeliveryIds = { part },
                    AckDeadline = new Duration(),
                    RetryDelay = Duration.FromTimeSpan(delay),
                    Reason = reason,
                },
                CallOf(cancellationToken)).ResponseAsync,
            cancellationToken));
    }

    // As the contract takes it: no control characters, no half of a character.
    private static string ReasonOf(string message)
    {
        string line = string.Concat(message.Select(character => char.IsControl(character) ? ' ' : character));
        return line.Length <= MaximumReasonLength ? line : line[..(char.IsHighSurrogate(line[MaximumReasonLength - 1]) ? MaximumReasonLength - 1 : MaximumReasonLength)];
    }

    private CallOptions CallOf(CancellationToken cancellationToken, TimeSpan wait = default) =>
        new(deadline: time.GetUtcNow().UtcDateTime + CallTimeout + wait, cancellationToken: cancellationToken);

    private void Tell(PullNoticeKind kind, string? versionName, string text, Func<PullCounts, PullCounts> change)
    {
        Count(change);
        options.Notices?.Report(new PullNotice(kind, versionName, text));
    }

    private void Count(Func<PullCounts, PullCounts> change)
    {
        lock (gate)
        {
            counts = change(counts);
        }
    }
}

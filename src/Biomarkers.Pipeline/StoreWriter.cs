using System.Collections.Concurrent;
using System.Threading.Channels;
using Biomarkers.Pipeline.Store;

namespace Biomarkers.Pipeline;

/// <summary>The one writer of this server: each transaction takes all writes that wait, up to a limit, and answers each after the commit.</summary>
/// <remarks>Group commit adapts by itself: a lone write commits at once, and while a commit runs others gather. A write that fails takes
/// nobody with it: the group is rolled back and each write is tried alone. A commit whose answer was lost is looked up in the store before
/// anything else is written, so that a write is answered by what became of it.</remarks>
public sealed class StoreWriter
{
    private readonly IStore store;
    private readonly PipelineLimits limits;
    private readonly TimeProvider time;
    private readonly PipelineMeter? meter;
    private readonly ClockWatch clock;
    private readonly Channel<Pending> queue;

    // What goes first; as many as the workers may have on their way. The queue is poked for each, so that the writer wakes.
    private readonly ConcurrentQueue<Pending> first = new();
    private readonly DateTimeOffset startTime;
    private long beat;
    private volatile bool completed;
    private volatile bool reachable;
    private volatile bool ended;

    /// <summary>Makes a writer; it writes once <see cref="RunAsync"/> runs.</summary>
    public StoreWriter(IStore store, PipelineLimits limits, TimeProvider time, PipelineMeter? meter = null)
    {
        this.store = store;
        this.limits = limits;
        this.time = time;
        this.meter = meter;
        startTime = time.GetUtcNow();
        clock = new ClockWatch(limits.ClockJump, time);
        queue = Channel.CreateBounded<Pending>(new BoundedChannelOptions(limits.WriteQueueLength) { SingleReader = true });
    }

    /// <summary>This server among its replicas; new with every start, so that what an earlier process left is taken over.</summary>
    public string Holder { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Writes that wait.</summary>
    public int QueueLength => queue.Reader.Count;

    /// <summary>The fault that stopped the writer for good; null while it works. Nothing is acknowledged after it.</summary>
    public Exception? FatalFault { get; private set; }

    /// <summary>Whether writes are taken.</summary>
    public bool IsOpen => !queue.Reader.Completion.IsCompleted && FatalFault is null && !completed;

    /// <summary>Whether the newest transaction reached the store; false before the first.</summary>
    public bool IsReachable => reachable && IsOpen;

    /// <summary>Whether this server's clock jumped since the newest transaction; the next one records it.</summary>
    public bool HasClockJumped => clock.HasJumped();

    /// <summary>Hands over a write and waits until it is durable.</summary>
    /// <returns>The outcome of the write, after the commit.</returns>
    /// <exception cref="ChannelClosedException">The writer has ended; nothing was written.</exception>
    public async Task<TOutcome> WriteAsync<TOutcome>(IStoreWrite<TOutcome> write, CancellationToken cancellationToken)
    {
        var pending = new Pending<TOutcome>(write);
        await queue.Writer.WriteAsync(pending, cancellationToken);
        // From here on the write may become durable whether or not the caller still waits.
        return await pending.Outcome.WaitAsync(cancellationToken);
    }

    /// <summary>Hands over a write that goes before all that waits: work that is done. It frees what else waits for it, where senders fill the queue.</summary>
    /// <returns>The outcome of the write, after the commit.</returns>
    /// <exception cref="ChannelClosedException">The writer has ended; nothing was written.</exception>
    public Task<TOutcome> WriteFirstAsync<TOutcome>(IStoreWrite<TOutcome> write, CancellationToken cancellationToken)
    {
        var pending = new Pending<TOutcome>(write);
        first.Enqueue(pending);
        // A full queue wakes the writer by itself; a closed one means that it ends, and takes what it finds here.
        queue.Writer.TryWrite(Poke.Instance);
        if (ended)
        {
            FailFirst(new ChannelClosedException("The store writer has ended."));
        }

        return pending.Outcome.WaitAsync(cancellationToken);
    }

    /// <summary>Hands over a write that nobody else would repeat, and tries again while the store says that its fault passes by itself.</summary>
    /// <param name="write">The write.</param>
    /// <param name="cancellationToken">Ends the attempts.</param>
    /// <param name="waitsForRoom">False where a store without room is a fault that is told at once, as at a start.</param>
    /// <param name="goesFirst">Whether it goes before all that waits; see <see cref="WriteFirstAsync"/>.</param>
    /// <returns>The outcome of the write, after the commit.</returns>
    /// <exception cref="ChannelClosedException">The writer has ended; nothing was written.</exception>
    public async Task<TOutcome> WriteUntilDoneAsync<TOutcome>(IStoreWrite<TOutcome> write, CancellationToken cancellationToken, bool waitsForRoom = true, bool goesFirst = false)
    {
        while (true)
        {
            try
            {
                return await (goesFirst ? WriteFirstAsync(write, cancellationToken) : WriteAsync(write, cancellationToken));
            }
            catch (Exception exception) when (store.IsTransient(exception) && (waitsForRoom || !store.IsFull(exception)))
            {
                await Task.Delay(limits.TransientRetryDelay, time, cancellationToken);
            }
        }
    }

    /// <summary>Writes until <see cref="Complete"/> was called and the queue is empty, or a fatal fault of the store.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var group = new List<Pending>(limits.WritesPerTransaction);
        Exception? fault = null;
        try
        {
            await RegisterAsync(cancellationToken);
            while (await queue.Reader.WaitToReadAsync(cancellationToken))
            {
                TakeGroup(group);
                if (group.Count > 0)
                {
                    await CommitAsync(group, cancellationToken);
                }
            }

            while (!first.IsEmpty)
            {
                TakeGroup(group);
                await CommitAsync(group, cancellationToken);
            }

            // Others take over at once what this server leaves. Where this can't be said any more they see its beat stand still.
            await TryCommitAsync([], cancellationToken, isLast: true);
        }
        catch (Exception exception)
        {
            fault = exception;
            if (exception is not OperationCanceledException)
            {
                FatalFault = exception;
                meter?.StoreFailed("fatal");
            }

            throw;
        }
        finally
        {
            queue.Writer.TryComplete(fault);
            ended = true;
            var end = new ChannelClosedException("The store writer has ended.", fault);
            FailWaiting(end);
            Fail(group, end);
        }
    }

    private void TakeGroup(List<Pending> group)
    {
        group.Clear();
        while (group.Count < limits.WritesPerTransaction && first.TryDequeue(out Pending? done))
        {
            group.Add(done);
        }

        while (group.Count < limits.WritesPerTransaction && queue.Reader.TryRead(out Pending? pending))
        {
            if (pending is not Poke)
            {
                group.Add(pending);
            }
        }
    }

    /// <summary>Takes no further writes; those that wait are still written.</summary>
    public void Complete()
    {
        completed = true;
        queue.Writer.TryComplete();
    }

    private async Task CommitAsync(List<Pending> group, CancellationToken cancellationToken)
    {
        Exception? fault = await TryCommitAsync(group, cancellationToken);
        if (fault is null)
        {
            return;
        }

        if (store.IsUnavailable(fault))
        {
            // Whoever can try again does: none is tried alone, each would wait for the store in its turn.
            Fail(group, fault);
        }
        else if (group.Count > 1 || store.IsConflict(fault))
        {
            for (int i = 0; i < group.Count; i++)
            {
                if (await CommitAloneAsync(group[i], cancellationToken) is { } lost)
                {
                    Fail(group[(i + 1)..], lost);
                    return;
                }
            }
        }
        else
        {
            group[0].Fail(fault);
        }
    }

    // The fault where the store is out of reach; null otherwise, whatever became of the write.
    private async Task<Exception?> CommitAloneAsync(Pending pending, CancellationToken cancellationToken)
    {
        Exception? fault;
        int attempts = 0;
        do
        {
            fault = await TryCommitAsync([pending], cancellationToken);
        }
        while (fault is not null && store.IsConflict(fault) && ++attempts < limits.ConflictAttempts);
        if (fault is not null)
        {
            pending.Fail(fault);
        }

        return fault is not null && store.IsUnavailable(fault) ? fault : null;
    }

    // The row of this server's beats is there before anything else: a look-up then always finds it.
    private async Task RegisterAsync(CancellationToken cancellationToken)
    {
        while (await TryCommitAsync([], cancellationToken) is { } fault)
        {
            // Room that somebody must make first: better told than waited for.
            if (store.IsFull(fault) || !store.IsTransient(fault))
            {
                throw new InvalidOperationException("This server could not be registered in its store.", fault);
            }

            await Task.Delay(limits.TransientRetryDelay, time, cancellationToken);
        }
    }

    // Null after a commit; the fault, with nothing written, otherwise. A fatal fault is thrown.
    private async Task<Exception?> TryCommitAsync(List<Pending> group, CancellationToken cancellationToken, bool isLast = false)
    {
        long number = ++beat;
        long began = time.GetTimestamp();
        (Commit commit, Exception? fault) = await AttemptAsync(group, number, isLast, cancellationToken);
        reachable = fault is null || !store.IsUnavailable(fault);
        if (fault is not null)
        {
            meter?.StoreFailed(store.IsConflict(fault) ? "conflict" : store.IsUnavailable(fault) ? "unavailable" : store.IsTransient(fault) ? "transient" : "other");
        }

        if (commit == Commit.None)
        {
            return fault;
        }

        if (commit == Commit.Unknown && !await WasCommittedAsync(number, cancellationToken))
        {
            return new StoreConflictException("The transaction was not committed.", fault!);
        }

        clock.Committed();
        meter?.Committed(time.GetElapsedTime(began), group.Count);
        foreach (Pending pending in group)
        {
            pending.Succeed();
        }

        return null;
    }

    private async Task<(Commit Commit, Exception? Fault)> AttemptAsync(List<Pending> group, long number, bool isLast, CancellationToken cancellationToken)
    {
        var commit = Commit.None;
        try
        {
            await using IStoreTransaction transaction = await store.BeginAsync(cancellationToken);
            var context = new WriteContext(transaction, Holder, limits, await clock.LookAsync(transaction, cancellationToken));
            foreach (Pending pending in group)
            {
                await pending.ApplyAsync(context, cancellationToken);
            }

            var sign = new HolderBeat(Holder, Environment.MachineName, startTime, number, isLast ? context.Now : null);
            await transaction.SealAsync(sign, context.Ledger, cancellationToken);
            commit = Commit.Unknown;
            await transaction.CommitAsync();
            commit = Commit.Done;
        }
        catch (Exception exception) when ((exception is not OperationCanceledException || commit != Commit.None) && !store.IsFatal(exception))
        {
            return (commit, exception);
        }

        return (commit, null);
    }

    // Until the store answers: the writes of that commit wait, whatever else comes is told that the store is out of reach.
    private async Task<bool> WasCommittedAsync(long number, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                bool found = await store.FindBeatAsync(Holder, cancellationToken) >= number;
                reachable = true;
                return found;
            }
            catch (Exception exception) when (store.IsTransient(exception))
            {
                reachable = false;
                FailWaiting(exception);
                await Task.Delay(limits.TransientRetryDelay, time, cancellationToken);
            }
        }
    }

    private void FailWaiting(Exception fault)
    {
        while (queue.Reader.TryRead(out Pending? waiting))
        {
            waiting.Fail(fault);
        }

        FailFirst(fault);
    }

    private void FailFirst(Exception fault)
    {
        while (first.TryDequeue(out Pending? waiting))
        {
            waiting.Fail(fault);
        }
    }

    private static void Fail(List<Pending> group, Exception fault)
    {
        foreach (Pending pending in group)
        {
            pending.Fail(fault);
        }
    }

    private enum Commit
    {
        None,
        Unknown,
        Done,
    }

    private abstract class Pending
    {
        public abstract Task ApplyAsync(WriteContext context, CancellationToken cancellationToken);

        public abstract void Succeed();

        public abstract void Fail(Exception exception);
    }

    private sealed class Poke : Pending
    {
        public static readonly Poke Instance = new();

        public override Task ApplyAsync(WriteContext context, CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Succeed()
        {
        }

        public override void Fail(Exception exception)
        {
        }
    }

    private sealed class Pending<TOutcome>(IStoreWrite<TOutcome> write) : Pending
    {
        private readonly TaskCompletionSource<TOutcome> source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private TOutcome? outcome;

        public Task<TOutcome> Outcome => source.Task;

        public override async Task ApplyAsync(WriteContext context, CancellationToken cancellationToken) =>
            outcome = await write.ApplyAsync(context, cancellationToken);

        public override void Succeed() => source.TrySetResult(outcome!);

        public override void Fail(Exception exception) => source.TrySetException(exception);
    }
}

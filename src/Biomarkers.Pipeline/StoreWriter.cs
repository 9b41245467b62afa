using System.Threading.Channels;
using Biomarkers.Pipeline.Store;

namespace Biomarkers.Pipeline;

/// <summary>The one writer of this server: each transaction takes all writes that wait, up to a limit, and answers each after the commit.</summary>
/// <remarks>Group commit adapts by itself: a lone write commits at once, and while a commit runs others gather. A write that fails takes
/// nobody with it: the group is rolled back and each write is tried alone.</remarks>
public sealed class StoreWriter
{
    private readonly IStore store;
    private readonly PipelineLimits limits;
    private readonly TimeProvider time;
    private readonly Channel<Pending> queue;
    private volatile bool completed;

    /// <summary>Makes a writer; it writes once <see cref="RunAsync"/> runs.</summary>
    public StoreWriter(IStore store, PipelineLimits limits, TimeProvider time)
    {
        this.store = store;
        this.limits = limits;
        this.time = time;
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

    /// <summary>Hands over a write that nobody else would repeat, and tries again while the store says that its fault passes by itself.</summary>
    /// <returns>The outcome of the write, after the commit.</returns>
    /// <exception cref="ChannelClosedException">The writer has ended; nothing was written.</exception>
    public async Task<TOutcome> WriteUntilDoneAsync<TOutcome>(IStoreWrite<TOutcome> write, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await WriteAsync(write, cancellationToken);
            }
            catch (Exception exception) when (store.IsTransient(exception))
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
            while (await queue.Reader.WaitToReadAsync(cancellationToken))
            {
                group.Clear();
                while (group.Count < limits.WritesPerTransaction && queue.Reader.TryRead(out Pending? pending))
                {
                    group.Add(pending);
                }

                await CommitAsync(group, cancellationToken);
            }
        }
        catch (Exception exception)
        {
            fault = exception;
            if (exception is not OperationCanceledException)
            {
                FatalFault = exception;
            }

            throw;
        }
        finally
        {
            queue.Writer.TryComplete(fault);
            while (queue.Reader.TryRead(out Pending? abandoned))
            {
                abandoned.Fail(new ChannelClosedException("The store writer has ended.", fault));
            }

            foreach (Pending pending in group)
            {
                pending.Fail(new ChannelClosedException("The store writer has ended.", fault));
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
        if (fault is not null && group.Count > 1)
        {
            foreach (Pending pending in group)
            {
                if (await TryCommitAsync([pending], cancellationToken) is { } own)
                {
                    pending.Fail(own);
                }
            }
        }
        else if (fault is not null)
        {
            group[0].Fail(fault);
        }
    }

    // Null after a commit; the fault, with nothing written, otherwise. A fatal fault is thrown.
    private async Task<Exception?> TryCommitAsync(List<Pending> group, CancellationToken cancellationToken)
    {
        try
        {
            await using IStoreTransaction transaction = await store.BeginAsync(cancellationToken);
            var context = new WriteContext(transaction, Holder, time);
            foreach (Pending pending in group)
            {
                await pending.ApplyAsync(context, cancellationToken);
            }

            if (context.Ledger.Count > 0)
            {
                await transaction.AppendLedgerAsync(context.Ledger, cancellationToken);
            }

            await transaction.CommitAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException && !store.IsFatal(exception))
        {
            return exception;
        }

        foreach (Pending pending in group)
        {
            pending.Succeed();
        }

        return null;
    }

    private abstract class Pending
    {
        public abstract Task ApplyAsync(WriteContext context, CancellationToken cancellationToken);

        public abstract void Succeed();

        public abstract void Fail(Exception exception);
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

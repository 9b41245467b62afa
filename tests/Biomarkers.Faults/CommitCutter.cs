using System.Net;
using System.Net.Sockets;

namespace Biomarkers.Faults;

/// <summary>Where the connection of a committing server is cut.</summary>
internal enum CommitCut
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>Before PostgreSQL is told: nothing was committed, and the server can't know.</summary>
    BeforeCommit,

    /// <summary>As soon as PostgreSQL is told: it commits or it doesn't.</summary>
    AfterCommit,

    /// <summary>When PostgreSQL has answered, and the server has not heard it: everything was committed, and the server can't know.</summary>
    BeforeAnswer,
}

/// <summary>Stands between servers and PostgreSQL, sees each COMMIT go by, and cuts the connection of one when it is told to.</summary>
internal sealed class CommitCutter : RelayServer
{
    private static readonly byte[] CommitTag = [.. "COMMIT"u8, 0];

    private readonly IPEndPoint postgres;
    private long commits;
    private Pending? armed;

    /// <summary>Begins to take connections.</summary>
    /// <param name="postgres">Where PostgreSQL listens.</param>
    public CommitCutter(IPEndPoint postgres)
    {
        this.postgres = postgres;
        Begin();
    }

    /// <summary>COMMITs that went by.</summary>
    public long Commits => Interlocked.Read(ref commits);

    /// <summary>Cuts the connection over which the next COMMIT comes.</summary>
    /// <returns>Ends when it was cut.</returns>
    public Task CutNext(CommitCut cut)
    {
        var pending = new Pending(cut);
        Volatile.Write(ref armed, pending);
        return pending.Done.Task;
    }

    protected override Task<Socket?> ConnectAsync(CancellationToken cancellationToken) => Relay.TryConnectAsync(postgres, cancellationToken);

    protected override Task RunAsync(Relay relay, CancellationToken cancellationToken)
    {
        var connection = new Connection(this, relay);
        return relay.RunAsync(connection.ToServerAsync, connection.ToClientAsync, cancellationToken);
    }

    private Pending? TakeArmed() => Interlocked.Exchange(ref armed, null);

    private sealed record Pending(CommitCut Cut)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Connection(CommitCutter cutter, Relay relay)
    {
        private readonly FrontendMessages messages = new();
        private Pending? pending;
        private volatile Pending? answer;

        public async ValueTask ToServerAsync(ReadOnlyMemory<byte> bytes, Func<ReadOnlyMemory<byte>, ValueTask> passOn)
        {
            foreach ((FrontendMessages.Step step, ReadOnlyMemory<byte> message) in messages.Take(bytes))
            {
                if (step is FrontendMessages.Step.Commit or FrontendMessages.Step.CommitBegins)
                {
                    Interlocked.Increment(ref cutter.commits);
                    pending = cutter.TakeArmed();
                    if (pending?.Cut == CommitCut.BeforeCommit)
                    {
                        Cut(pending);
                        return;
                    }
                }

                bool isWhole = pending is not null && step is FrontendMessages.Step.Commit or FrontendMessages.Step.Sync;
                if (isWhole && pending?.Cut == CommitCut.BeforeAnswer)
                {
                    // Before it is passed on: the answer may be there before this goes on.
                    answer = pending;
                    pending = null;
                }

                await passOn(message);
                if (isWhole && pending?.Cut == CommitCut.AfterCommit)
                {
                    Cut(pending);
                    return;
                }
            }
        }

        public async ValueTask ToClientAsync(ReadOnlyMemory<byte> bytes, Func<ReadOnlyMemory<byte>, ValueTask> passOn)
        {
            if (answer is { } waiting && bytes.Span.IndexOf(CommitTag) >= 0)
            {
                Cut(waiting);
                return;
            }

            await passOn(bytes);
        }

        private void Cut(Pending cut)
        {
            relay.Cut();
            cut.Done.TrySetResult();
        }
    }
}

using Biomarkers.Results;

namespace Biomarkers.Pipeline.Store;

/// <summary>What a write has at hand: the transaction that it shares with others, who this server is, and the ledger's lines to be.</summary>
public sealed class WriteContext
{
    private readonly List<LedgerEntry> ledger = [];

    /// <summary>Begins the context of one transaction.</summary>
    public WriteContext(IStoreTransaction transaction, string holder, PipelineLimits limits, ClockLook clock)
    {
        Transaction = transaction;
        Holder = holder;
        Limits = limits;
        Now = Instant.Truncate(clock.Now);
        if (clock.Jump is { } jump)
        {
            Record("server", AuditActions.ClockJump, $"holders/{holder}", detail: $"host {Environment.MachineName}, {jump}");
        }
    }

    /// <summary>The transaction.</summary>
    public IStoreTransaction Transaction { get; }

    /// <summary>This server among its replicas; new with every start.</summary>
    public string Holder { get; }

    /// <summary>Limits of the pipeline.</summary>
    public PipelineLimits Limits { get; }

    /// <summary>The server's clock when the transaction began.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>The ledger's lines, in the order in which they were recorded.</summary>
    public IReadOnlyList<LedgerEntry> Ledger => ledger;

    /// <summary>Records a change of state; written to the ledger at the end of the transaction.</summary>
    public void Record(string actor, string action, string target, string? reason = null, string? detail = null, FeedChange? change = null) =>
        ledger.Add(new LedgerEntry(new AuditEvent(Now, actor, action, target, reason, detail), change));
}

/// <summary>One thing to write, with an outcome. It may run more than once, each time in a fresh transaction; only the last is kept.</summary>
/// <typeparam name="TOutcome">What the caller learns after the commit.</typeparam>
public interface IStoreWrite<TOutcome>
{
    /// <summary>Writes through the context's transaction. What it decides against is an outcome, not an exception.</summary>
    Task<TOutcome> ApplyAsync(WriteContext context, CancellationToken cancellationToken);
}

using System.Globalization;
using Biomarkers.Pipeline.Store;

namespace Biomarkers.Pipeline;

/// <summary>Tells when the server's clock jumped: against the time that went by on the monotonic clock, and at the start against the newest audit event. Nothing
/// but stamps hangs on that clock; the audit log says of which to which time it went before anything else is stamped with the new one.</summary>
/// <remarks>Each look that finds no jump is what the next one compares with, so that a clock that is corrected slowly, as NTP does it, never jumps. A jump stays
/// until a transaction that recorded it is committed. Looks of several tasks are allowed; <see cref="LookAsync"/> and <see cref="Committed"/> are the writer's.</remarks>
/// <param name="limit">Difference from which on it is a jump.</param>
/// <param name="time">Both clocks.</param>
public sealed class ClockWatch(TimeSpan limit, TimeProvider time)
{
    private readonly Lock gate = new();
    private Reading known = Read(time);
    private Reading recorded;
    private bool isComparedWithLedger;

    /// <summary>Whether the clock jumped since the newest look.</summary>
    public bool HasJumped()
    {
        lock (gate)
        {
            var now = Read(time);
            if (JumpTo(now) is not null)
            {
                return true;
            }

            known = now;
            return false;
        }
    }

    /// <summary>The time of a transaction, and the jump that it must record.</summary>
    public async Task<ClockLook> LookAsync(IStoreTransaction transaction, CancellationToken cancellationToken)
    {
        DateTimeOffset? newest = isComparedWithLedger ? null : await transaction.FindNewestAuditTimeAsync(cancellationToken);
        lock (gate)
        {
            recorded = Read(time);
            // How long nobody served is unknown: a clock that is ahead of the ledger may be right.
            ClockJump? jump = newest is { } last && last - recorded.Wall > limit ? new ClockJump(last, recorded.Wall) : JumpTo(recorded);
            return new ClockLook(recorded.Wall, jump);
        }
    }

    /// <summary>The transaction of the newest <see cref="LookAsync"/> is durable.</summary>
    public void Committed()
    {
        lock (gate)
        {
            known = recorded;
            isComparedWithLedger = true;
        }
    }

    // However long this task was held up within a reading, the clock that goes evenly lies between the two bounds.
    private ClockJump? JumpTo(Reading now)
    {
        DateTimeOffset earliest = known.Wall + time.GetElapsedTime(known.After, now.Before);
        DateTimeOffset latest = known.Wall + time.GetElapsedTime(known.Before, now.After);
        return now.Wall - latest > limit ? new ClockJump(latest, now.Wall)
            : earliest - now.Wall > limit ? new ClockJump(earliest, now.Wall)
            : null;
    }

    private static Reading Read(TimeProvider time)
    {
        long before = time.GetTimestamp();
        return new Reading(before, time.GetUtcNow(), time.GetTimestamp());
    }

    private readonly record struct Reading(long Before, DateTimeOffset Wall, long After);
}

/// <summary>A look at the clock.</summary>
/// <param name="Now">What it says.</param>
/// <param name="Jump">How it came to say that, where it jumped.</param>
public readonly record struct ClockLook(DateTimeOffset Now, ClockJump? Jump);

/// <summary>A jump of the clock.</summary>
/// <param name="Before">What it would say without the jump.</param>
/// <param name="After">What it says.</param>
public sealed record ClockJump(DateTimeOffset Before, DateTimeOffset After)
{
    /// <summary>Both times in UTC, and the difference in seconds.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"from {Before.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} to {After.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}, {(After - Before).Duration().TotalSeconds:0.###} s {(After < Before ? "back" : "ahead")}");
}

/// <summary>Writes nothing of its own: every transaction records what the clock did since the one before.</summary>
public sealed record RecordClock : IStoreWrite<bool>
{
    /// <inheritdoc/>
    public Task<bool> ApplyAsync(WriteContext context, CancellationToken cancellationToken) => Task.FromResult(true);
}

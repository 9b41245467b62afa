using System.Diagnostics.CodeAnalysis;
using Biomarkers.V1;

namespace Biomarkers.Client;

/// <summary>What an opening or an acknowledgement settled.</summary>
/// <param name="FirstCount">Events that were acknowledged for the first time.</param>
/// <param name="AgainCount">Events that were acknowledged again, by a restored database.</param>
/// <param name="Refused">Those of the second kind whose content was used before and is not any more.</param>
internal sealed record Settlement(int FirstCount, int AgainCount, IReadOnlyList<RefusedEvent> Refused)
{
    public int Count => FirstCount + AgainCount;
}

/// <summary>The events that were handed over and not acknowledged, in the order of their offsets, with those behind them that a restored database may
/// ask for again. Thread-safe.</summary>
/// <remarks>Invariant: event i of the list has offset <c>head + i</c>; the first <c>written</c> of them went out on the current call.
/// <c>head</c> is learned from the first opening and moves with acknowledgements, and with a restored database, whose history is another one: there
/// the numbers of this one say nothing as long as an earlier history may have been as long (<c>doubtful</c>).</remarks>
internal sealed class UnacknowledgedEvents(PlateReadSenderOptions options, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly List<SenderEvent> events = [];
    private readonly KeptEvents kept = new(options, time);
    private long? head;
    private long generation;

    // A next offset up to here may be that of an earlier generation, in which other events stood at the same offsets. Offsets begin at 0.
    private long doubtful = -1;
    private int written;
    private int everWritten;
    private bool closed;

    public int Count
    {
        get
        {
            lock (gate)
            {
                return events.Count;
            }
        }
    }

    /// <summary>Acknowledged events that could be sent again.</summary>
    public int KeptCount
    {
        get
        {
            lock (gate)
            {
                return kept.Count;
            }
        }
    }

    /// <summary>Bytes of the events that <see cref="KeptCount"/> counts.</summary>
    public long KeptByteCount
    {
        get
        {
            lock (gate)
            {
                return kept.ByteCount;
            }
        }
    }

    /// <summary>Takes an event; false when closed.</summary>
    public bool TryAdd(SenderEvent item)
    {
        lock (gate)
        {
            if (!closed)
            {
                events.Add(item);
            }

            return !closed;
        }
    }

    /// <summary>Closes for good when nothing waits any more, in one step with the look: no event slips in between.</summary>
    public bool TryClose()
    {
        lock (gate)
        {
            closed = events.Count == 0;
            return closed;
        }
    }

    /// <summary>The next event to write on the current call; it counts as written from now on.</summary>
    public bool TryTakeNext(out long offset, [NotNullWhen(true)] out SenderEvent? next)
    {
        lock (gate)
        {
            offset = head!.Value + written;
            next = written < events.Count ? events[written] : null;
            if (next is null)
            {
                return false;
            }

            written++;
            everWritten = Math.Max(everWritten, written);
            return true;
        }
    }

    /// <summary>Begins a call: what is below the server's next offset is durable, the rest is written again. Where the database is another one than
    /// before, whatever it lacks of the acknowledged events is written before the rest, from its next offset on.</summary>
    /// <returns>What turned out durable, and what a restored database lacks; null when it is the same database.</returns>
    /// <exception cref="PlateReadSenderException">The server's next offset fits nothing that this sender sent.</exception>
    public (Settlement Settled, DatabaseRestoration? Restoration) Resume(long nextOffset, long databaseGeneration)
    {
        lock (gate)
        {
            if (head is null)
            {
                head = nextOffset;
                generation = databaseGeneration;
                kept.Begin(nextOffset);
            }

            bool isRestored = databaseGeneration != generation;
            if (nextOffset < head && !isRestored)
            {
                throw new PlateReadSenderException(
                    SenderStopReason.EventsForgotten,
                    $"The server goes on at offset {nextOffset} and had acknowledged everything below {head}, yet its database claims to be the same (generation {generation}): "
                    + "it was replaced without 'biomarkers-server restore'. Complete the restore, then start a new sender and send the events from that offset on again.",
                    null,
                    null);
            }

            if (nextOffset > (isRestored ? Math.Max(head.Value + everWritten, doubtful) : head + everWritten))
            {
                throw new PlateReadSenderException(
                    SenderStopReason.Fenced,
                    $"The server goes on at offset {nextOffset} and this sender has sent nothing beyond {head + everWritten - 1}: another sender uses the stream.",
                    null,
                    null);
            }

            written = 0;
            return isRestored
                ? TakeUpRestored(nextOffset, databaseGeneration)
                : (Remove((int)(nextOffset - head.Value), [], SendOutcomeKind.Recovered), null);
        }
    }

    /// <summary>Settles everything below the acknowledged offset.</summary>
    /// <returns>What was settled.</returns>
    /// <exception cref="PlateReadSenderException">The server acknowledges what was not sent to it.</exception>
    public Settlement Acknowledge(Ack ack)
    {
        lock (gate)
        {
            long count = ack.NextOffset - head!.Value;
            if (count > written)
            {
                throw new PlateReadSenderException(
                    SenderStopReason.Refused,
                    $"The server acknowledges everything below offset {ack.NextOffset} and was sent nothing beyond {head + written - 1}: it does not keep to the contract.",
                    null,
                    null);
            }

            return Remove((int)Math.Max(0, count), ack.Dispositions, SendOutcomeKind.Stored);
        }
    }

    /// <summary>Fails everything that waits, and closes for good.</summary>
    public void FailAll(Exception exception)
    {
        lock (gate)
        {
            foreach (SenderEvent item in events)
            {
                item.Fail(exception);
            }

            events.Clear();
            closed = true;
        }
    }

    // The restored history is this generation's up to some offset, or that of an earlier one. An event is in it for certain only where both say so;
    // the rest is sent again, because a repeat is harmless and a hole is not.
    private (Settlement Settled, DatabaseRestoration Restoration) TakeUpRestored(long nextOffset, long databaseGeneration)
    {
        int durable = 0;
        while (durable < events.Count && CertainAbove(durable) < nextOffset)
        {
            durable++;
        }

        long reached = Math.Max(doubtful, head!.Value + everWritten);
        Settlement settled = Remove(durable, [], SendOutcomeKind.Recovered);
        for (int i = 0; i < events.Count; i++)
        {
            // This history is one of the earlier ones from here on, also for what was on its way in it.
            events[i].CertainAbove = Math.Min(CertainAbove(i), reached);
        }

        (IReadOnlyList<SenderEvent> again, IReadOnlyList<ForgottenEvent> lost, long unnamed) = kept.TakeFrom(nextOffset);
        foreach (SenderEvent item in again)
        {
            item.IsResent = true;
        }

        events.InsertRange(0, again);
        int resent = events.Count(item => item.IsResent);
        var restoration = new DatabaseRestoration(generation, databaseGeneration, nextOffset, resent, unnamed + lost.Count, lost) { OutstandingCount = resent };
        head = nextOffset;
        generation = databaseGeneration;
        doubtful = reached;
        everWritten = 0;
        return (settled, restoration);
    }

    // Of every history: those before this one have the event no later than said before, or are no longer than that; this one has it where it stands.
    private long CertainAbove(int index) => Math.Max(events[index].CertainAbove ?? doubtful, head!.Value + index);

    private Settlement Remove(int count, IReadOnlyList<Disposition> dispositions, SendOutcomeKind otherwise)
    {
        var told = new Dictionary<long, Disposition>();
        foreach (Disposition disposition in dispositions)
        {
            told[disposition.Offset] = disposition;
        }

        int again = 0;
        var refused = new List<RefusedEvent>();
        for (int i = 0; i < count; i++)
        {
            SenderEvent item = events[i];
            long offset = head!.Value + i;
            SendOutcome outcome = told.TryGetValue(offset, out Disposition? news) ? OutcomeOf(news) : new SendOutcome(otherwise, offset, null);
            item.CertainAbove = CertainAbove(i);
            item.AcknowledgedOffset = offset;
            if (item.IsResent)
            {
                again++;
                item.IsResent = false;
                // What was refused the first time is no news.
                if (outcome.Kind == SendOutcomeKind.Quarantined && item.Outcome.Result.Kind != SendOutcomeKind.Quarantined)
                {
                    refused.Add(new RefusedEvent(item.Name, outcome.Fault));
                }
            }

            item.Settle(outcome);
            kept.Keep(item);
        }

        events.RemoveRange(0, count);
        head += count;
        written = Math.Max(0, written - count);
        everWritten = Math.Max(0, everWritten - count);
        return new Settlement(count - again, again, refused);
    }

    private static SendOutcome OutcomeOf(Disposition disposition)
    {
        SendOutcomeKind kind = disposition.Kind switch
        {
            DispositionKind.Stored => SendOutcomeKind.Stored,
            DispositionKind.Duplicate => SendOutcomeKind.Duplicate,
            // A server that knows more words than this client means: stored, and not simply used.
            _ => SendOutcomeKind.Quarantined,
        };
        return new SendOutcome(kind, disposition.Offset, disposition.Status is { } status ? RpcFault.Of(status) : null);
    }
}

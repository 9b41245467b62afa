using System.Diagnostics.CodeAnalysis;
using Biomarkers.Client.Spool;
using Biomarkers.V1;
using Google.Protobuf;

namespace Biomarkers.Client;

/// <summary>What an opening or an acknowledgement settled.</summary>
/// <param name="Events">The events and what became of them, in the order of their offsets.</param>
/// <param name="FirstCount">Events that were acknowledged for the first time.</param>
/// <param name="AgainCount">Events that were acknowledged again, by a restored database.</param>
/// <param name="Refused">Those of the second kind whose content was used before and is not any more.</param>
internal sealed record Settlement(IReadOnlyList<(SenderEvent Event, SendOutcome Outcome)> Events, int FirstCount, int AgainCount, IReadOnlyList<RefusedEvent> Refused)
{
    public static Settlement None { get; } = new([], 0, 0, []);

    public int Count => FirstCount + AgainCount;
}

/// <summary>The events that were handed over and not acknowledged, in the order of their offsets, with those behind them that a restored database may
/// ask for again. Thread-safe.</summary>
/// <remarks>Invariant: event i of the list has offset <c>head + i</c>; the first <c>written</c> of them went out on the current call.
/// <c>head</c> is learned from the first opening and moves with acknowledgements, and with a restored database, whose history is another one: there
/// the numbers of this one say nothing as long as an earlier history may have been as long (<c>doubtful</c>). With a journal every change is written down,
/// and <see cref="Replay"/> makes it again in the next process; any of the events may have been written by the one before.</remarks>
internal sealed partial class UnacknowledgedEvents
{
    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly List<SenderEvent> events = [];
    private readonly KeptEvents kept;
    private readonly StreamOpenings openings = new();
    private readonly List<SenderEvent> leftOut = [];
    private IQueueJournal? journal;
    private long? head;
    private long generation;

    // A next offset up to here may be that of an earlier generation, in which other events stood at the same offsets. Offsets begin at 0.
    private long doubtful = -1;
    private int written;
    private int everWritten;
    private long byteCount;
    private long lastSequence;
    private bool closed;

    /// <summary>An empty queue, which is forgotten with its process.</summary>
    public UnacknowledgedEvents(PlateReadSenderOptions options, TimeProvider time)
    {
        this.time = time;
        kept = new KeptEvents(options, time);
    }

    /// <summary>The queue of a process before.</summary>
    public UnacknowledgedEvents(PlateReadSenderOptions options, TimeProvider time, QueueState state)
        : this(options, time)
    {
        (head, generation, doubtful, lastSequence) = (state.Head, state.Generation, state.Doubtful, state.LastSequence);
        openings.TakeUp(state);
        kept.TakeUp(state);
        foreach (SenderEvent item in state.Waiting)
        {
            item.IsResent = item.AcknowledgedOffset is not null;
            byteCount += item.StoredLength;
            events.Add(item);
        }

        everWritten = events.Count;
    }

    /// <summary>Number of the first event that is still needed, or of the next one where none is.</summary>
    public long FirstNeeded
    {
        get
        {
            lock (gate)
            {
                return (kept.Events.FirstOrDefault() ?? events.FirstOrDefault())?.Sequence ?? lastSequence + 1;
            }
        }
    }

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
                byteCount += item.StoredLength;
                lastSequence = item.Sequence;
            }

            return !closed;
        }
    }

    /// <summary>Closes for good when nothing waits any more, in one step with the look: no event slips in between. A queue with a journal outlives its
    /// sender and stays open.</summary>
    public bool TryClose()
    {
        lock (gate)
        {
            closed = events.Count == 0 && journal is null;
            return events.Count == 0;
        }
    }

    /// <summary>The next event to write on the current call; it counts as written from now on. What can't be read any more is left out.</summary>
    public bool TryTakeNext(out long offset, [NotNullWhen(true)] out SenderEvent? next, [NotNullWhen(true)] out ByteString? content)
    {
        lock (gate)
        {
            content = null;
            while (written < events.Count && !events[written].TryLoad(out content))
            {
                // It was not stored before this opening and not written since, so that it has no place in the stream yet.
                LeaveOut(written);
                journal?.Save(Export());
            }

            offset = head!.Value + written;
            next = written < events.Count ? events[written] : null;
            if (next is null || content is null)
            {
                return false;
            }

            written++;
            everWritten = Math.Max(everWritten, written);
            return true;
        }
    }

    /// <summary>The stream is about to be opened; the server may count that also when its answer never comes.</summary>
    public void BeginOpening()
    {
        lock (gate)
        {
            openings.Begin();
            journal?.NoteDurably(new QueueNote.Opening());
        }
    }

    /// <summary>Begins a call: what is below the server's next offset is durable, the rest is written again. Where the database is another one than
    /// before, whatever it lacks of the acknowledged events is written before the rest, from its next offset on.</summary>
    /// <param name="nextOffset">The server's next offset.</param>
    /// <param name="databaseGeneration">Generation of its database.</param>
    /// <param name="epoch">Number of the opening; null where it is not known.</param>
    /// <param name="takesOver">Whether to go on although another sender had the stream. Its events stand among the offsets then, so that everything
    /// without an acknowledgement is sent again behind them.</param>
    /// <returns>What turned out durable, and what a restored database lacks; null when it is the same database.</returns>
    /// <exception cref="PlateReadSenderException">The server's next offset fits nothing that this sender sent.</exception>
    public (Settlement Settled, DatabaseRestoration? Restoration) Resume(long nextOffset, long databaseGeneration, long? epoch = null, bool takesOver = false)
    {
        lock (gate)
        {
            bool isFirst = head is null;
            if (isFirst)
            {
                head = nextOffset;
                generation = databaseGeneration;
                kept.Begin(nextOffset);
            }

            bool isRestored = databaseGeneration != generation;
            if (nextOffset < head && !isRestored)
            {
                throw Stopped(
                    SenderStopReason.EventsForgotten,
                    $"The server goes on at offset {nextOffset} and had acknowledged everything below {head}, yet its database claims to be the same (generation {generation}): "
                    + "it was replaced without 'biomarkers-server restore'. Complete the restore, then start a new sender and send the events from that offset on again.");
            }

            string? foreign = openings.ForeignBy(epoch, isRestored);
            if (foreign is null && nextOffset > (isRestored ? Math.Max(head!.Value + everWritten, doubtful) : head + everWritten))
            {
                foreign = $"The server goes on at offset {nextOffset} and this sender has sent nothing beyond {head + everWritten - 1}: another sender uses the stream.";
            }

            if (foreign is not null && !takesOver)
            {
                throw Stopped(SenderStopReason.Fenced, foreign);
            }

            written = 0;
            int before = events.Count;
            DatabaseRestoration? restoration = null;
            Settlement settled = Settlement.None;
            if (isRestored)
            {
                (settled, restoration) = TakeUpRestored(nextOffset, databaseGeneration, isForeign: foreign is not null);
            }
            else if (foreign is not null)
            {
                head = nextOffset;
                everWritten = 0;
            }
            else
            {
                settled = Remove((int)(nextOffset - head!.Value), [], SendOutcomeKind.Recovered);
            }

            bool isWhole = LeaveOutUnreadable() == 0;
            openings.Open(epoch);
            if (isFirst || isRestored || foreign is not null || !isWhole)
            {
                journal?.Save(Export());
            }
            else
            {
                journal?.Note(new QueueNote.Opened(epoch));
            }

            return (settled, restoration);
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
                throw Stopped(
                    SenderStopReason.Refused,
                    $"The server acknowledges everything below offset {ack.NextOffset} and was sent nothing beyond {head + written - 1}: it does not keep to the contract.");
            }

            return Remove((int)Math.Max(0, count), ack.Dispositions.Select(disposition => OutcomeOf(disposition)), SendOutcomeKind.Stored);
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
            byteCount = 0;
            closed = true;
        }
    }

    // The restored history is this generation's up to some offset, or that of an earlier one. An event is in it for certain only where both say so;
    // the rest is sent again, because a repeat is harmless and a hole is not.
    private (Settlement Settled, DatabaseRestoration Restoration) TakeUpRestored(long nextOffset, long databaseGeneration, bool isForeign)
    {
        int durable = 0;
        while (!isForeign && durable < events.Count && CertainAbove(durable) < nextOffset)
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
        byteCount += again.Sum(item => (long)item.StoredLength);
        int resent = events.Count(item => item is { IsResent: true, IsReadable: true });
        lost = [.. lost, .. events.Where(item => item is { IsResent: true, IsReadable: false }).Select(item => item.Name)];
        var restoration = new DatabaseRestoration(generation, databaseGeneration, nextOffset, resent, unnamed + lost.Count, lost) { OutstandingCount = resent };
        head = nextOffset;
        generation = databaseGeneration;
        doubtful = reached;
        everWritten = 0;
        return (settled, restoration);
    }

    // Of every history: those before this one have the event no later than said before, or are no longer than that; this one has it where it stands.
    private long CertainAbove(int index) => Math.Max(events[index].CertainAbove ?? doubtful, head!.Value + index);

    private Settlement Remove(int count, IEnumerable<SendOutcome> dispositions, SendOutcomeKind otherwise, DateTimeOffset? replayed = null)
    {
        if (count == 0)
        {
            return Settlement.None;
        }

        DateTimeOffset now = replayed ?? time.GetUtcNow();
        Dictionary<long, SendOutcome> told = dispositions.Where(outcome => outcome.Offset < head + count)
            .GroupBy(outcome => outcome.Offset)
            .ToDictionary(same => same.Key, same => same.Last());
        int again = 0;
        var settled = new List<(SenderEvent, SendOutcome)>(count);
        var refused = new List<RefusedEvent>();
        for (int i = 0; i < count; i++)
        {
            SenderEvent item = events[i];
            long offset = head!.Value + i;
            SendOutcome outcome = told.GetValueOrDefault(offset) ?? new SendOutcome(otherwise, offset, null);
            item.CertainAbove = CertainAbove(i);
            item.AcknowledgedOffset = offset;
            item.AcknowledgedTime = now;
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
            settled.Add((item, outcome));
            byteCount -= item.StoredLength;
            kept.Keep(item, now);
        }

        events.RemoveRange(0, count);
        head += count;
        written = Math.Max(0, written - count);
        everWritten = Math.Max(0, everWritten - count);
        journal?.Note(new QueueNote.Acknowledged(head!.Value, now, otherwise, [.. told.Select(pair => (pair.Key, pair.Value.Kind))]));
        return new Settlement(settled, count - again, again, refused);
    }

    private static PlateReadSenderException Stopped(SenderStopReason reason, string text) => new(reason, text, null, null);

    private static SendOutcome OutcomeOf(Disposition disposition)
    {
        RpcFault? fault = disposition.Status is { } status ? RpcFault.Of(status) : null;
        return disposition.Kind switch
        {
            DispositionKind.Stored => new SendOutcome(SendOutcomeKind.Stored, disposition.Offset, fault),
            DispositionKind.Duplicate => new SendOutcome(SendOutcomeKind.Duplicate, disposition.Offset, fault),
            DispositionKind.Quarantined => new SendOutcome(SendOutcomeKind.Quarantined, disposition.Offset, fault),
            DispositionKind.Held => new SendOutcome(SendOutcomeKind.Held, disposition.Offset, fault),
            // A server that knows more words than this client means: stored, and not simply used.
            _ => new SendOutcome(SendOutcomeKind.Quarantined, disposition.Offset, fault ?? RpcFault.UnknownDisposition((int)disposition.Kind)),
        };
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Biomarkers.V1;
using Google.Protobuf;

namespace Biomarkers.Client;

/// <summary>One event that waits for its acknowledgement.</summary>
internal sealed class UnacknowledgedEvent(byte[] content)
{
    private readonly TaskCompletionSource<SendOutcome> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ByteString Content { get; } = UnsafeByteOperations.UnsafeWrap(content);

    public ByteString Sha256 { get; } = UnsafeByteOperations.UnsafeWrap(SHA256.HashData(content));

    public Task<SendOutcome> Outcome => outcome.Task;

    public void Settle(SendOutcome settled) => outcome.TrySetResult(settled);

    public void Fail(Exception exception)
    {
        outcome.TrySetException(exception);
        // The caller may have stopped waiting; the sender's own task carries the fault too.
        _ = outcome.Task.Exception;
    }
}

/// <summary>The events that were handed over and not acknowledged, in the order of their offsets. Thread-safe.</summary>
/// <remarks>Invariant: event i of the list has offset <c>head + i</c>; the first <c>written</c> of them went out on the current call.
/// <c>head</c> is learned from the first opening and moves only with acknowledgements.</remarks>
internal sealed class UnacknowledgedEvents
{
    private readonly Lock gate = new();
    private readonly List<UnacknowledgedEvent> events = [];
    private long? head;
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

    /// <summary>Takes an event; false when closed.</summary>
    public bool TryAdd(UnacknowledgedEvent item)
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
    public bool TryTakeNext(out long offset, [NotNullWhen(true)] out UnacknowledgedEvent? next)
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

    /// <summary>Begins a call: what is below the server's next offset is durable, the rest is written again.</summary>
    /// <returns>Number of events that turned out durable.</returns>
    /// <exception cref="PlateReadSenderException">The server's next offset fits nothing that this sender sent.</exception>
    public int Resume(long nextOffset)
    {
        lock (gate)
        {
            head ??= nextOffset;
            if (nextOffset < head)
            {
                throw new PlateReadSenderException(
                    SenderStopReason.EventsForgotten,
                    $"The server goes on at offset {nextOffset} and had acknowledged everything below {head}: its database was replaced by an older one. "
                    + $"Send the events from offset {nextOffset} on again with a new sender.",
                    null,
                    null);
            }

            if (nextOffset > head + everWritten)
            {
                throw new PlateReadSenderException(
                    SenderStopReason.Fenced,
                    $"The server goes on at offset {nextOffset} and this sender has sent nothing beyond {head + everWritten - 1}: another sender uses the stream.",
                    null,
                    null);
            }

            int durable = (int)(nextOffset - head.Value);
            Remove(durable, [], SendOutcomeKind.Recovered);
            written = 0;
            return durable;
        }
    }

    /// <summary>Settles everything below the acknowledged offset.</summary>
    /// <returns>Number of events that were settled.</returns>
    /// <exception cref="PlateReadSenderException">The server acknowledges what was not sent to it.</exception>
    public int Acknowledge(Ack ack)
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

            if (count <= 0)
            {
                return 0;
            }

            Remove((int)count, ack.Dispositions, SendOutcomeKind.Stored);
            return (int)count;
        }
    }

    /// <summary>Fails everything that waits, and closes for good.</summary>
    public void FailAll(Exception exception)
    {
        lock (gate)
        {
            foreach (UnacknowledgedEvent item in events)
            {
                item.Fail(exception);
            }

            events.Clear();
            closed = true;
        }
    }

    private void Remove(int count, IReadOnlyList<Disposition> dispositions, SendOutcomeKind otherwise)
    {
        var told = new Dictionary<long, Disposition>();
        foreach (Disposition disposition in dispositions)
        {
            told[disposition.Offset] = disposition;
        }

        for (int i = 0; i < count; i++)
        {
            long offset = head!.Value + i;
            events[i].Settle(told.TryGetValue(offset, out Disposition? news) ? OutcomeOf(news) : new SendOutcome(otherwise, offset, null));
        }

        events.RemoveRange(0, count);
        head += count;
        written = Math.Max(0, written - count);
        everWritten = Math.Max(0, everWritten - count);
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

using Biomarkers.Client.Spool;

namespace Biomarkers.Client;

/// <summary>What lets a queue outlive its process.</summary>
internal sealed partial class UnacknowledgedEvents
{
    /// <summary>Another sender opened the stream; this is written down, so that no later process shuts it out unasked.</summary>
    public void Fence(string text)
    {
        lock (gate)
        {
            openings.Fence(text);
            journal?.NoteDurably(new QueueNote.Fenced(text));
        }
    }

    /// <summary>What was said when another sender had opened the stream; null when none has.</summary>
    public string? FencedBy
    {
        get
        {
            lock (gate)
            {
                return openings.FencedBy;
            }
        }
    }

    /// <summary>The server is out of reach; null when it is not any more.</summary>
    public void SetFault(string? text)
    {
        lock (gate)
        {
            if (openings.SetFault(text, time.GetUtcNow()))
            {
                journal?.Note(new QueueNote.OutOfReach(openings.WaitingSince, text));
            }
        }
    }

    /// <summary>Lets acknowledged events go until there is room for further ones.</summary>
    /// <returns>False when events that are not acknowledged take the room.</returns>
    public bool MakeRoom(int furtherEvents, long furtherBytes, EventSpoolOptions limits)
    {
        lock (gate)
        {
            int eventsLeft = limits.MaximumEvents - events.Count - furtherEvents;
            long bytesLeft = limits.MaximumBytes - byteCount - furtherBytes;
            kept.Limit(Math.Max(0, eventsLeft), Math.Max(0, bytesLeft), limits.KeepFor);
            journal?.Shrunk();
            return eventsLeft >= 0 && bytesLeft >= 0;
        }
    }

    /// <summary>The call is over and nobody sends: any event may have been written.</summary>
    public void Release()
    {
        lock (gate)
        {
            written = 0;
        }
    }

    /// <summary>Writes every change down from now on, beginning with the whole.</summary>
    public void WriteTo(IQueueJournal into)
    {
        lock (gate)
        {
            into.Save(Export());
            journal = into;
        }
    }

    /// <summary>Makes a change again that an earlier process wrote down.</summary>
    /// <returns>False when it does not fit the events.</returns>
    public bool Replay(QueueNote note)
    {
        lock (gate)
        {
            switch (note)
            {
                case QueueNote.Opening:
                    openings.Begin();
                    return true;
                case QueueNote.Opened opened:
                    openings.Open(opened.Epoch);
                    return true;
                case QueueNote.Fenced fenced:
                    openings.Fence(fenced.Text);
                    return true;
                case QueueNote.OutOfReach away:
                    openings.SetFault(away.Fault, away.Since ?? default);
                    return true;
                case QueueNote.Acknowledged acknowledged when acknowledged.NextOffset >= head && acknowledged.NextOffset <= head + events.Count:
                    Remove(
                        (int)(acknowledged.NextOffset - head.Value),
                        acknowledged.Told.Select(told => new SendOutcome(told.Kind, told.Offset, null)),
                        acknowledged.Otherwise,
                        acknowledged.Time);
                    return true;
                default:
                    return false;
            }
        }
    }

    /// <summary>Everything, for another process.</summary>
    public QueueState Export()
    {
        lock (gate)
        {
            return new QueueState
            {
                Head = head,
                Generation = generation,
                Doubtful = doubtful,
                Epoch = openings.Epoch,
                OpeningCount = openings.Count,
                FencedBy = openings.FencedBy,
                WaitingSince = openings.WaitingSince,
                LastFault = openings.LastFault,
                Kept = [.. kept.Events],
                Waiting = [.. events],
                LeftOut = [.. leftOut],
                LastSequence = lastSequence,
                Names = [.. kept.Names],
                Unnamed = [.. kept.Unnamed],
            };
        }
    }

    private int LeaveOutUnreadable()
    {
        int count = 0;
        for (int i = events.Count - 1; i >= 0; i--)
        {
            if (!events[i].IsReadable)
            {
                LeaveOut(i);
                count++;
            }
        }

        return count;
    }

    private void LeaveOut(int index)
    {
        SenderEvent item = events[index];
        item.Fail(new EventSpoolException(EventSpoolFault.DiskFailed, $"Event {item.Sequence} of the spool can't be read any more and was not sent: the disk changed it."));
        leftOut.Add(item);
        byteCount -= item.StoredLength;
        events.RemoveAt(index);
        everWritten = Math.Min(everWritten, events.Count);
    }
}

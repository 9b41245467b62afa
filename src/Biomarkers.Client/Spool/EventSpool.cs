using System.Security.Cryptography;
using Biomarkers.V1;
using Google.Protobuf;

namespace Biomarkers.Client.Spool;

/// <summary>Events on this machine's disk, from the moment that they are accepted until the server acknowledges them and for seven days more. Thread-safe;
/// one process at a time.</summary>
/// <remarks>
/// An event is accepted when its bytes and their hash are on the disk; several that come at once share one flush. It is sent by a
/// <see cref="PlateReadSender"/> whose options name the spool, in this process or a later one, as the same bytes: what the server has already is a duplicate.
/// A process that is killed at any moment loses nothing that was accepted. What the disk changes afterwards is told
/// (<see cref="SpoolStatus.Damage"/>), and the rest is sent. Acknowledgements are written down without a flush: one that is lost with the power is
/// learned from the server again.
/// </remarks>
public sealed class EventSpool : IDisposable, IQueueJournal
{
    private readonly Lock gate = new();
    private readonly EventSpoolOptions options;
    private readonly TimeProvider time;
    private readonly FileStream spoolLock;
    private readonly SpoolSegments segments;
    private readonly SpoolStateFile state;
    private readonly List<SpoolDamage> damage;
    private readonly Queue<SenderEvent> unflushed = [];
    private readonly SemaphoreSlim flushing = new(1, 1);
    private long unflushedBytes;
    private long lastSequence;
    private long flushedSequence;
    private volatile EventSpoolException? failure;
    private Action? wake;

    private EventSpool(SpoolFolder folder, FileStream spoolLock, EventSpoolOptions options, TimeProvider time)
    {
        this.spoolLock = spoolLock;
        this.options = options;
        this.time = time;
        Folder = folder.Path;
        (InstrumentId, StreamId) = folder.Identify(options);
        segments = new SpoolSegments(Folder, options.SegmentBytes);
        state = new SpoolStateFile(folder.StateFile);
        SpoolFolder.Found found = SpoolFolder.Read(InstrumentId, StreamId, segments, state, time);
        damage = [.. found.Damage];
        lastSequence = flushedSequence = found.LastSequence;
        Queue = found.Queue;
        Queue.MakeRoom(0, 0, options);
        segments.Begin(found.Contents, lastSequence);
        Queue.WriteTo(this);
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Instrument whose events it keeps.</summary>
    public string InstrumentId { get; }

    /// <summary>Stream that they are sent over.</summary>
    public string StreamId { get; }

    /// <summary>Number of the next event that is accepted, 1 and up.</summary>
    public long NextSequence
    {
        get
        {
            lock (gate)
            {
                return lastSequence + 1;
            }
        }
    }

    /// <summary>What it holds now.</summary>
    public SpoolStatus Status
    {
        get
        {
            lock (gate)
            {
                return SpoolFolder.StatusOf(InstrumentId, StreamId, Queue, damage);
            }
        }
    }

    internal UnacknowledgedEvents Queue { get; }

    /// <summary>Opens the spool of a folder, or makes one; what an interrupted write left at its end is cut off.</summary>
    /// <param name="folder">A folder of its own, on a disk of this machine.</param>
    /// <param name="options">Whose events, and how many.</param>
    /// <param name="time">Clock of ages.</param>
    /// <exception cref="EventSpoolException">It is in use, is another instrument's or stream's, or the disk refuses.</exception>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static EventSpool Open(string folder, EventSpoolOptions options, TimeProvider time)
    {
        options.Check();
        FileStream? taken = null;
        try
        {
            var place = SpoolFolder.Make(folder);
            taken = place.Lock();
            return new EventSpool(place, taken, options, time);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            taken?.Dispose();
            throw new EventSpoolException(EventSpoolFault.DiskFailed, $"Unable to open the spool '{folder}': {exception.Message}", exception);
        }
        catch
        {
            taken?.Dispose();
            throw;
        }
    }

    /// <summary>Looks into the spool of a folder and changes nothing, also while another process uses it.</summary>
    /// <exception cref="EventSpoolException">There is none, or it can't be read.</exception>
    public static SpoolStatus Look(string folder, TimeProvider time) => SpoolFolder.Look(folder, time);

    /// <summary>Takes an event and returns when it is on the disk. Events are sent in the order of the calls.</summary>
    /// <param name="content">What to send; it is serialised at once and may be changed afterwards.</param>
    /// <param name="cancellationToken">Ends the wait; an event whose write has begun may be kept and sent.</param>
    /// <returns>The event, with the task that tells what became of it at the server.</returns>
    /// <exception cref="ArgumentException">The event is larger than <see cref="PlateReadSender.MaximumContentBytes"/>.</exception>
    /// <exception cref="EventSpoolException">The spool is full, or the disk refuses. The event was not accepted.</exception>
    public async ValueTask<SpooledEvent> AcceptAsync(StreamEventContent content, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        SenderEvent item = Append(content);
        await FlushAsync(item.Sequence).WaitAsync(cancellationToken);
        return new SpooledEvent(item.Sequence, item.Outcome);
    }

    /// <summary>Closes the files; what is in them stays.</summary>
    public void Dispose()
    {
        segments.Dispose();
        state.Dispose();
        spoolLock.Dispose();
    }

    /// <summary>Writes an event behind all others; it is not accepted before <see cref="FlushAsync"/>.</summary>
    internal SenderEvent Append(StreamEventContent content)
    {
        byte[] bytes = content.ToByteArray();
        if (bytes.Length > PlateReadSender.MaximumContentBytes)
        {
            throw new ArgumentException($"The event has {bytes.Length} bytes; expected at most {PlateReadSender.MaximumContentBytes}. Send the plate in parts.", nameof(content));
        }

        (string? plate, string? read) = SenderEvent.NamesOf(content);
        lock (gate)
        {
            ThrowIfFailed();
            int length = bytes.Length + SpoolRecord.HeaderLength;
            if (!Queue.MakeRoom(unflushed.Count + 1, unflushedBytes + length, options))
            {
                SpoolStatus now = Status;
                throw new EventSpoolException(
                    EventSpoolFault.Full,
                    $"The spool '{Folder}' is full: {now.WaitingCount} events with {now.WaitingBytes} bytes wait for the server; at most {options.MaximumEvents} events with {options.MaximumBytes} bytes may.");
            }

            try
            {
                var record = new SpoolRecord(lastSequence + 1, time.GetUtcNow(), plate, read, bytes.Length, SHA256.HashData(bytes));
                var item = new SenderEvent(record, segments.Append(record, bytes));
                lastSequence++;
                unflushed.Enqueue(item);
                unflushedBytes += length;
                return item;
            }
            catch (IOException exception)
            {
                throw new EventSpoolException(EventSpoolFault.DiskFailed, $"Unable to write to the spool '{Folder}': {exception.Message}", exception);
            }
        }
    }

    /// <summary>Brings an event, and whatever else was written by then, to the disk, and hands it to the sender. Never cancelled half-way.</summary>
    internal async Task FlushAsync(long sequence)
    {
        await flushing.WaitAsync();
        try
        {
            if (flushedSequence >= sequence)
            {
                return;
            }

            ThrowIfFailed();
            long through = await Task.Run(segments.Flush);
            lock (gate)
            {
                flushedSequence = through;
                while (unflushed.TryPeek(out SenderEvent? next) && next.Sequence <= through)
                {
                    unflushed.Dequeue();
                    Queue.TryAdd(next);
                }

                unflushedBytes = unflushed.Sum(item => (long)item.StoredLength);
                wake?.Invoke();
            }
        }
        catch (IOException exception)
        {
            // What a failed flush left undone is not done by the next one, so that there is none.
            throw Fail(exception);
        }
        finally
        {
            flushing.Release();
        }
    }

    /// <summary>Everything that was written by now.</summary>
    internal Task FlushAllAsync()
    {
        lock (gate)
        {
            return FlushAsync(lastSequence);
        }
    }

    /// <summary>Tells a sender of events from now on; one sender at a time.</summary>
    internal void Attach(Action onEvent)
    {
        lock (gate)
        {
            if (wake is not null)
            {
                throw new InvalidOperationException($"The spool '{Folder}' has a sender; expected one at a time.");
            }

            wake = onEvent;
        }
    }

    internal void Detach()
    {
        lock (gate)
        {
            wake = null;
        }
    }

    void IQueueJournal.Note(QueueNote note) => Write(note, isDurable: false);

    void IQueueJournal.NoteDurably(QueueNote note) => Write(note, isDurable: true);

    void IQueueJournal.Shrunk() => Try(DeleteWhatNobodyNeeds);

    void IQueueJournal.Save(QueueState queue) => Try(() => state.Save(queue));

    // Called by the queue, under its lock.
    private void Write(QueueNote note, bool isDurable) => Try(() =>
    {
        state.Add(note, isDurable);
        if (state.IsLong)
        {
            state.Save(Queue.Export());
        }

        DeleteWhatNobodyNeeds();
    });

    // Under the lock of the queue. What is written and not yet flushed has greater numbers than all that the queue had.
    private void DeleteWhatNobodyNeeds()
    {
        long first = Queue.FirstNeeded;
        if (segments.HasFileBelow(first))
        {
            state.Save(Queue.Export());
            segments.DeleteBelow(first);
        }
    }

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (IOException exception)
        {
            throw Fail(exception);
        }
    }

    private EventSpoolException Fail(IOException exception)
    {
        var failed = new EventSpoolException(
            EventSpoolFault.DiskFailed, $"The disk of the spool '{Folder}' refused and nothing more is accepted; what was accepted is kept. {exception.Message}", exception);
        failure = failed;
        return failed;
    }

    private void ThrowIfFailed()
    {
        if (failure is { } failed)
        {
            throw new EventSpoolException(failed.Reason, failed.Message, failed);
        }
    }
}

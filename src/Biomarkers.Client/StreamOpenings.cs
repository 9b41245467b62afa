using Biomarkers.Client.Spool;

namespace Biomarkers.Client;

/// <summary>What the openings of a stream say: whether another sender had it in between, and whether the server is in reach. Not thread-safe.</summary>
/// <remarks>The server counts openings. A number greater than the last one by more than the openings that this sender tried since is that of another
/// sender, whose events may stand where this one's would. An opening of another sender that hides behind an own one that never arrived is not seen:
/// two senders of one stream are a mistake of their operator, and are told so whenever both are connected.</remarks>
internal sealed class StreamOpenings
{
    /// <summary>Number of the latest opening; null when it is not known.</summary>
    public long? Epoch { get; private set; }

    /// <summary>Openings that were tried since.</summary>
    public int Count { get; private set; }

    /// <summary>What was said when another sender had opened the stream; null when none has.</summary>
    public string? FencedBy { get; private set; }

    /// <summary>Since when the server is out of reach; null when it is not.</summary>
    public DateTimeOffset? WaitingSince { get; private set; }

    /// <summary>Why; null when it is not.</summary>
    public string? LastFault { get; private set; }

    public void TakeUp(QueueState state) =>
        (Epoch, Count, FencedBy, WaitingSince, LastFault) = (state.Epoch, state.OpeningCount, state.FencedBy, state.WaitingSince, state.LastFault);

    public void Begin() => Count++;

    public void Open(long? epoch)
    {
        Epoch = epoch;
        Count = 0;
        FencedBy = null;
    }

    public void Fence(string text) => FencedBy = text;

    /// <summary>Notes that the server is out of reach, or is not any more.</summary>
    /// <returns>Whether that is news.</returns>
    public bool SetFault(string? text, DateTimeOffset now)
    {
        if (text == LastFault)
        {
            return false;
        }

        LastFault = text;
        WaitingSince = text is null ? null : WaitingSince ?? now;
        return true;
    }

    /// <summary>Why an opening with this number shows another sender; null when it shows none. Numbers of two generations are not comparable.</summary>
    public string? ForeignBy(long? epoch, bool isRestored)
    {
        bool isForeign = !isRestored && Epoch is { } known && epoch > known + Count;
        return isForeign
            ? $"The stream was opened {epoch - Epoch} times since this sender opened it, and this sender did so at most {Count} times: another sender uses the stream."
            : FencedBy;
    }
}

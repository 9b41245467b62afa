using Grpc.Core;

namespace Biomarkers.Client;

/// <summary>Decides whether a broken call is worth another attempt, and how long to wait before it.</summary>
internal sealed class SenderRetry(PlateReadSenderOptions options, TimeProvider time)
{
    /// <summary>Times without progress that an error which a repeat rarely cures is tried again.</summary>
    private const int FruitlessAttempts = 5;

    private readonly Backoff backoff = new(options.InitialBackoff, options.MaximumBackoff, options.JitterSeed);
    private long lastProgress = time.GetTimestamp();
    private long callBegan = time.GetTimestamp();
    private TimeSpan? demandedDelay;
    private int doubtfulFaults;
    private RpcFault? lastAnswer;

    /// <summary>Attempts since something was last acknowledged.</summary>
    public int Attempt => backoff.Attempt;

    /// <summary>Why the last call broke, for a person; null before the first break.</summary>
    public string? LastFault { get; private set; }

    public void CallBegins() => callBegan = time.GetTimestamp();

    public void Progressed()
    {
        backoff.Succeeded();
        doubtfulFaults = 0;
        lastProgress = time.GetTimestamp();
    }

    /// <summary>Notes that a call ended without an error and too early.</summary>
    public void Broken(string text)
    {
        LastFault = text;
        lastAnswer = null;
        demandedDelay = null;
    }

    /// <summary>Notes why a call broke.</summary>
    /// <exception cref="PlateReadSenderException">Another attempt can't help.</exception>
    public void BrokenBy(RpcException exception)
    {
        var fault = RpcFault.Of(exception);
        if (fault is { Code: StatusCode.Aborted, Reason: RpcFault.StaleEpoch })
        {
            throw new PlateReadSenderException(
                SenderStopReason.Fenced,
                $"Another sender opened stream '{options.StreamId}' of instrument '{options.InstrumentId}'; only one may send. {fault.Message}",
                fault,
                exception);
        }

        if (!MayPass(fault))
        {
            throw new PlateReadSenderException(SenderStopReason.Refused, fault.ToString(), fault, exception);
        }

        LastFault = fault.ToString();
        lastAnswer = fault.Reason.Length > 0 ? fault : null;
        demandedDelay = fault.RetryDelay;
    }

    /// <summary>How long to wait before the next attempt: half to all of a span that doubles with each, and never less than the server asked.</summary>
    /// <exception cref="PlateReadSenderException">The sender has tried for long enough.</exception>
    public TimeSpan NextDelay()
    {
        // A call that lived was no failed attempt, even when it had nothing to send.
        if (time.GetElapsedTime(callBegan) > options.MaximumBackoff)
        {
            Progressed();
        }

        if (options.GiveUpAfter is { } limit && time.GetElapsedTime(lastProgress) >= limit)
        {
            throw new PlateReadSenderException(SenderStopReason.OutOfReach, $"Gave up after {limit.TotalSeconds} s without an acknowledgement. {LastFault}", lastAnswer, null);
        }

        return backoff.Next(demandedDelay);
    }

    private bool MayPass(RpcFault fault) => fault.Code switch
    {
        // Out of reach, idle for too long, overloaded, cut: passes by itself.
        StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled => true,
        StatusCode.ResourceExhausted => fault.RetryDelay is not null,
        // A damaged event and a gap: opening the stream again cures them at once or never. Attempts while the server was away say nothing of that.
        StatusCode.Internal or StatusCode.Aborted or StatusCode.DataLoss or StatusCode.OutOfRange => ++doubtfulFaults <= FruitlessAttempts,
        _ => false,
    };
}

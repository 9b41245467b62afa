using Grpc.Core;

namespace Biomarkers.Client.Pulling;

/// <summary>Makes calls, again and again where what went wrong may pass. Not thread-safe.</summary>
internal sealed class RepeatedCalls(ResultPullerOptions options, TimeProvider time)
{
    /// <summary>Times that an error which a repeat rarely cures is tried again.</summary>
    private const int FruitlessAttempts = 5;

    /// <summary>A server that asks for a longer wait is asked again after this one.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(5);

    private readonly Backoff backoff = new(options.InitialBackoff, options.MaximumBackoff, options.JitterSeed);

    /// <summary>Makes a call until it succeeds.</summary>
    /// <exception cref="RpcException">Leases have ended, which a repeat does not change.</exception>
    /// <exception cref="ResultPullerException">Another attempt can't help, or there were enough.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<T> MakeAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        int doubtfulFaults = 0;
        while (true)
        {
            RpcFault fault;
            TimeSpan delay;
            try
            {
                T answer = await call();
                backoff.Succeeded();
                return answer;
            }
            catch (RpcException exception)
            {
                cancellationToken.ThrowIfCancellationRequested();
                fault = RpcFault.Of(exception);
                if (LeasedCalls.IsLeaseExpired(fault))
                {
                    backoff.Succeeded();
                    throw;
                }

                if (!MayPass(fault, ref doubtfulFaults))
                {
                    throw new ResultPullerException(PullStopReason.Refused, fault.ToString(), fault, exception);
                }

                delay = backoff.Next(fault.RetryDelay);
                delay = delay < LongestDelay ? delay : LongestDelay;
                if (options.GiveUpAfter is { } limit && time.GetElapsedTime(began) + delay >= limit)
                {
                    throw new ResultPullerException(PullStopReason.OutOfReach, $"Gave up after {limit.TotalSeconds} s without an answer. {fault}", fault, exception);
                }
            }

            options.Notices?.Report(new PullNotice(PullNoticeKind.WaitingToRetry, null, $"Waiting {delay.TotalSeconds:F1} s to try again. {fault}"));
            await Task.Delay(delay, time, cancellationToken);
        }
    }

    private static bool MayPass(RpcFault fault, ref int doubtfulFaults) => fault.Code switch
    {
        // Out of reach, restarting, overloaded: passes by itself.
        StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled => true,
        StatusCode.ResourceExhausted => fault.RetryDelay is not null,
        // A conflict or a fault of the server: a repeat cures it at once or never.
        StatusCode.Internal or StatusCode.Aborted => ++doubtfulFaults <= FruitlessAttempts,
        _ => false,
    };
}

using System.Globalization;
using Biomarkers.V1;

namespace Biomarkers.Client.Pulling;

/// <summary>One released version that is handed over.</summary>
/// <param name="VersionName">Result and version, such as <c>results/17@2</c>: what a LIMS knows a repeat by, for ever.</param>
/// <param name="Delivery">The version, what it rests on, and how often it was delivered.</param>
public sealed record PulledResult(string VersionName, Delivery Delivery)
{
    internal static PulledResult Of(Delivery delivery) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{delivery.Result.Name}@{delivery.Result.Version}"), delivery);
}

/// <summary>Thrown by a handler: this version can't be taken, now or as it is. It comes again after a while, others go on, and after ten attempts it is parked with the
/// message as the reason.</summary>
public sealed class DeliveryRefusedException : Exception
{
    /// <summary>Longest time until a refused version comes again.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(10);

    /// <summary>Makes an exception without a message.</summary>
    public DeliveryRefusedException()
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">Why, for a person; its first 128 characters go to the server.</param>
    public DeliveryRefusedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with its cause.</summary>
    public DeliveryRefusedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="message">Why, for a person; its first 128 characters go to the server.</param>
    /// <param name="retryDelay">How long until it comes again, 0 to 10 min; a part of a second counts as a whole one.</param>
    /// <exception cref="ArgumentOutOfRangeException">The delay is out of its range.</exception>
    public DeliveryRefusedException(string message, TimeSpan retryDelay)
        : base(message)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(retryDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(retryDelay, LongestDelay);
        RetryDelay = TimeSpan.FromSeconds(Math.Ceiling(retryDelay.TotalSeconds));
    }

    /// <summary>How long until it comes again; default 1 min.</summary>
    public TimeSpan RetryDelay { get; } = TimeSpan.FromMinutes(1);
}

/// <summary>Why a puller stopped for good.</summary>
public enum PullStopReason
{
    /// <summary>The server refuses: there is no such subscription of this caller's, no right, a broken request.</summary>
    Refused,

    /// <summary>The server stayed out of reach for longer than <see cref="ResultPullerOptions.GiveUpAfter"/>.</summary>
    OutOfReach,

    /// <summary>What was taken can't be written down: the disk refused, or <see cref="TakenVersions"/> is full.</summary>
    TakenVersionsFailed,
}

/// <summary>A puller stopped for good. Nothing is lost: what was not acknowledged comes again.</summary>
public sealed class ResultPullerException : Exception
{
    /// <summary>Makes an exception without a message.</summary>
    public ResultPullerException()
    {
    }

    /// <summary>Makes an exception.</summary>
    public ResultPullerException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with its cause.</summary>
    public ResultPullerException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes an exception with its reason.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="message">One sentence for a person.</param>
    /// <param name="fault">What the server said; null when it said nothing.</param>
    /// <param name="innerException">The cause; null when there is none.</param>
    public ResultPullerException(PullStopReason reason, string message, RpcFault? fault, Exception? innerException)
        : base(message, innerException)
    {
        Reason = reason;
        Fault = fault;
    }

    /// <summary>Why the puller stopped.</summary>
    public PullStopReason Reason { get; } = PullStopReason.Refused;

    /// <summary>What the server said; null when it said nothing.</summary>
    public RpcFault? Fault { get; }
}

/// <summary>What a notice is about.</summary>
public enum PullNoticeKind
{
    /// <summary>The server is out of reach or asks to wait; the puller tries again.</summary>
    WaitingToRetry,

    /// <summary>The handler refused a version.</summary>
    Refused,

    /// <summary>A version that was taken before came again; it is acknowledged and not handed over.</summary>
    Repeated,

    /// <summary>The lease of a version ended before it was handed over or acknowledged; it comes again, to this puller or another one.</summary>
    LeaseEnded,
}

/// <summary>What a person may want to know of a puller's work.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="VersionName">Which version, such as <c>results/17@2</c>; null where it is about none.</param>
/// <param name="Text">One sentence.</param>
public sealed record PullNotice(PullNoticeKind Kind, string? VersionName, string Text);

/// <summary>What a puller did since it was made.</summary>
/// <param name="HandedOver">Versions that the handler took.</param>
/// <param name="Acknowledged">Deliveries that the server knows to be stored, repeats and those of an earlier process among them.</param>
/// <param name="Repeated">Deliveries of versions that were taken before; they were not handed over.</param>
/// <param name="Refused">Deliveries that the handler refused.</param>
/// <param name="LeasesEnded">Deliveries whose lease ended before they were handed over or acknowledged.</param>
public sealed record PullCounts(long HandedOver, long Acknowledged, long Repeated, long Refused, long LeasesEnded);

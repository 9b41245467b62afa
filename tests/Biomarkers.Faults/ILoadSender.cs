namespace Biomarkers.Faults;

/// <summary>An instrument under test, as the checks see it.</summary>
internal interface ILoadSender : IAsyncDisposable
{
    string InstrumentId { get; }

    /// <summary>Everything that it must have sent, by offset. Read it when the sender is done.</summary>
    IReadOnlyList<SentEvent> Events { get; }

    /// <summary>Events that were handed over, or may be, and are not acknowledged.</summary>
    int UnacknowledgedCount { get; }

    /// <summary>Events that are acknowledged.</summary>
    int AcknowledgedCount { get; }

    /// <summary>Why the sender stopped for good; null while it works.</summary>
    Exception? Fault { get; }

    /// <summary>Everything that was handed over by now.</summary>
    SentEvent[] Snapshot();

    /// <summary>Sends one event for each permit, until cancelled.</summary>
    Task RunAsync(SemaphoreSlim permits, CancellationToken cancellationToken);

    /// <summary>Waits until everything that was handed over is acknowledged.</summary>
    Task FinishAsync(CancellationToken cancellationToken);
}

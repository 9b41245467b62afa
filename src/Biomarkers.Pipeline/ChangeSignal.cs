namespace Biomarkers.Pipeline;

/// <summary>Wakes everybody who watches, after a commit. It carries nothing: a watcher asks the store for what is beyond its own cursor, so
/// that a slow watcher costs no memory and a lost signal loses no change.</summary>
public sealed class ChangeSignal
{
    private volatile TaskCompletionSource next = New();

    /// <summary>A task that ends with the next change. Take it before asking the store, or a change in between is missed.</summary>
    public Task Next => next.Task;

    /// <summary>Says that something has changed.</summary>
    public void Raise() => Interlocked.Exchange(ref next, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

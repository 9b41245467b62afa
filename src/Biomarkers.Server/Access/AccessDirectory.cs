using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Runtime.ExceptionServices;
using Biomarkers.Pipeline.Access;
using Biomarkers.Pipeline.Queries;

namespace Biomarkers.Server.Access;

/// <summary>Keys, instruments and revoked certificates as of one moment.</summary>
/// <param name="Keys">By their ids; those that ended a while ago are left out.</param>
/// <param name="Instruments">Enrolled ones.</param>
/// <param name="RevokedCertificates">By SHA-256.</param>
/// <param name="ReadTime">Timestamp before it was read.</param>
/// <param name="Version">Number of the newest change by this server that it shows.</param>
internal sealed record AccessView(
    FrozenDictionary<string, AccessKey> Keys, FrozenSet<string> Instruments, FrozenSet<string> RevokedCertificates, long ReadTime, long Version);

/// <summary>This server's view of who may call: read from the store as a whole and kept for a few seconds, so that no call asks the database and a
/// revocation reaches every server all the same. Limited by the limits of <see cref="AccessLimits"/>.</summary>
internal sealed class AccessDirectory(IAccessQueries queries, AccessOptions options, TimeProvider time) : IDisposable
{
    // Whoever comes with a key that ended lately is told so; with an older one, that it is not known.
    private static readonly TimeSpan EndedKeysAreKnown = TimeSpan.FromDays(30);

    private readonly SemaphoreSlim reading = new(1, 1);
    private readonly ConcurrentDictionary<string, DateTimeOffset> uses = new();
    private volatile AccessView? newest;
    private long version;
    private (long Time, ExceptionDispatchInfo Fault)? failure;

    /// <summary>A view that is at most <see cref="AccessOptions.ViewLife"/> old and shows every change by this server.</summary>
    public ValueTask<AccessView> ReadAsync(CancellationToken cancellationToken) => ReadAsync(options.ViewLife, cancellationToken);

    /// <summary>A view that was read again where the first does not show somebody: an enrolment or a new key at another server shows after
    /// <see cref="AccessOptions.UnknownKeyPause"/>.</summary>
    /// <param name="shows">Whether a view shows who is looked for.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<AccessView> ReadForAsync(Func<AccessView, bool> shows, CancellationToken cancellationToken)
    {
        AccessView view = await ReadAsync(cancellationToken);
        return shows(view) ? view : await ReadAsync(options.UnknownKeyPause, cancellationToken);
    }

    /// <summary>Called after each change by this server.</summary>
    public void Changed() => Interlocked.Increment(ref version);

    /// <summary>Notes that a key was used; in memory alone.</summary>
    public void Used(string keyId) => uses[keyId] = time.GetUtcNow();

    /// <summary>Takes the uses that were noted.</summary>
    public Dictionary<string, DateTimeOffset> TakeUses()
    {
        var taken = new Dictionary<string, DateTimeOffset>();
        foreach (string keyId in uses.Keys)
        {
            if (uses.TryRemove(keyId, out DateTimeOffset use))
            {
                taken[keyId] = use;
            }
        }

        return taken;
    }

    /// <inheritdoc/>
    public void Dispose() => reading.Dispose();

    private async ValueTask<AccessView> ReadAsync(TimeSpan life, CancellationToken cancellationToken)
    {
        if (IsGood(newest, life))
        {
            return newest!;
        }

        await reading.WaitAsync(cancellationToken);
        try
        {
            // Whoever waited finds what the one before has read.
            if (!IsGood(newest, life))
            {
                newest = await LoadAsync(cancellationToken);
            }

            return newest!;
        }
        finally
        {
            reading.Release();
        }
    }

    // Whoever waited behind an attempt that failed is told the same: with a store out of reach nobody waits for it once per caller.
    private async Task<AccessView> LoadAsync(CancellationToken cancellationToken)
    {
        if (failure is { } last && time.GetElapsedTime(last.Time) < options.UnknownKeyPause)
        {
            last.Fault.Throw();
        }

        long shown = Interlocked.Read(ref version);
        long began = time.GetTimestamp();
        try
        {
            AccessList list = await queries.GetAccessListAsync(time.GetUtcNow() - EndedKeysAreKnown, cancellationToken);
            failure = null;
            return new AccessView(
                list.Keys.ToFrozenDictionary(key => key.KeyId), list.Instruments.ToFrozenSet(), list.RevokedCertificates.ToFrozenSet(), began, shown);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            failure = (time.GetTimestamp(), ExceptionDispatchInfo.Capture(exception));
            throw;
        }
    }

    private bool IsGood(AccessView? view, TimeSpan life) =>
        view is not null && view.Version == Interlocked.Read(ref version) && time.GetElapsedTime(view.ReadTime) < life;
}

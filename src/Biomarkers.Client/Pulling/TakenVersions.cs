using Microsoft.Win32.SafeHandles;

namespace Biomarkers.Client.Pulling;

/// <summary>Versions that were taken and that the server does not know to be acknowledged, on this machine's disk: what makes a delivery that comes again after a crash or
/// a lost lease count once. One process at a time; thread-safe.</summary>
/// <remarks>
/// A version is written down, to the disk, after its handler returned and before it is acknowledged; with the acknowledgement it leaves. So what stands here is only what
/// is under way, and versions that are asked for again by Seek, or that come again from a restored database, are handed over again. A process that is killed between the
/// end of a handler and this record hands the version over again: a handler that keys what it stores by <see cref="PulledResult.VersionName"/> is safe there too.
/// </remarks>
public sealed class TakenVersions : IDisposable
{
    /// <summary>Most versions that stand here at a time; more is a server that takes no acknowledgement.</summary>
    public const int MaximumVersions = 10_000;

    /// <summary>Lines that are over and done with before the file is written anew.</summary>
    private const int MaximumDoneLines = 10_000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, string> pending = new(StringComparer.Ordinal);
    private readonly string? file;
    private readonly FileStream? folderLock;
    private SafeFileHandle? handle;
    private long length;
    private int doneLines;
    private IOException? failure;

    private TakenVersions(string subscription, string? file, FileStream? folderLock)
    {
        Subscription = subscription;
        this.file = file;
        this.folderLock = folderLock;
    }

    /// <summary>The subscription: <c>subscriptions/lims-1</c>.</summary>
    public string Subscription { get; }

    /// <summary>Lines of the file that could not be read when it was opened. The last one of a process that was killed is none; others mean that the disk changed them,
    /// and their versions may be handed over again.</summary>
    public int DamagedLineCount { get; private set; }

    /// <summary>Versions that stand here.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return pending.Count;
            }
        }
    }

    /// <summary>Each version with the delivery that it was last delivered by.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Pending
    {
        get
        {
            lock (gate)
            {
                return [.. pending];
            }
        }
    }

    /// <summary>Opens what is in a folder, or begins it.</summary>
    /// <param name="folder">A folder of its own, on a disk of this machine.</param>
    /// <param name="subscription">Subscription: <c>lims-1</c> or <c>subscriptions/lims-1</c>.</param>
    /// <exception cref="BiomarkersClientException">It is in use, of another subscription, of a newer version of this program, or the disk refuses.</exception>
    public static TakenVersions Open(string folder, string subscription)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(subscription);
        string name = ResultPullerOptions.NameOf(subscription);
        string path = Path.GetFullPath(folder);
        TakenVersions? opened = null;
        try
        {
            Directory.CreateDirectory(path);
            opened = new TakenVersions(
                name, Path.Combine(path, "taken.log"), new FileStream(Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            opened.Read();
            return opened;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            opened?.Dispose();
            throw new BiomarkersClientException($"Unable to open what was taken in '{path}': another process has it open, or the disk refuses. {exception.Message}", exception);
        }
        catch
        {
            opened?.Dispose();
            throw;
        }
    }

    /// <summary>Whether a version was taken and is not acknowledged.</summary>
    /// <param name="versionName">Such as <c>results/17@2</c>.</param>
    public bool Contains(string versionName)
    {
        lock (gate)
        {
            return pending.ContainsKey(versionName);
        }
    }

    /// <summary>Closes the file; what is in it stays.</summary>
    public void Dispose()
    {
        handle?.Dispose();
        folderLock?.Dispose();
    }

    /// <summary>For a puller without a record.</summary>
    internal static TakenVersions InMemory(string subscription) => new(subscription, null, null);

    /// <summary>Whether there is room for further ones.</summary>
    internal bool HasRoom => Count < MaximumVersions;

    /// <summary>Notes that a version was taken, or came again by another delivery; it is on the disk when this returns.</summary>
    /// <exception cref="IOException">The disk refuses, now or before: what a failed flush left undone is not done by the next one.</exception>
    internal void Take(string versionName, string deliveryId)
    {
        lock (gate)
        {
            bool isNew = !pending.ContainsKey(versionName);
            pending[versionName] = deliveryId;
            Write([TakenLines.Taken(versionName, deliveryId)], isDurable: isNew);
        }
    }

    /// <summary>Notes that versions are acknowledged. Where that is lost with the power, they are acknowledged again at the next start, which changes nothing.</summary>
    internal void Acknowledged(IReadOnlyCollection<string> versionNames)
    {
        lock (gate)
        {
            string[] known = [.. versionNames.Where(pending.Remove)];
            doneLines += 2 * known.Length;
            Write([.. known.Select(TakenLines.Acknowledged)], isDurable: false);
            if (doneLines > MaximumDoneLines)
            {
                Rewrite();
            }
        }
    }

    private void Read()
    {
        if (File.Exists(file))
        {
            TakenLines.Content content = TakenLines.Read(File.ReadAllBytes(file));
            if (content.Subscription is { } other && other != Subscription)
            {
                throw new BiomarkersClientException($"'{file}' is of {other}; expected {Subscription}. Give each subscription a folder of its own.");
            }

            DamagedLineCount = content.DamagedLineCount;
            foreach ((string versionName, string deliveryId) in content.Pending)
            {
                pending[versionName] = deliveryId;
            }
        }

        Rewrite();
    }

    private void Rewrite()
    {
        if (file is null)
        {
            return;
        }

        byte[] bytes = TakenLines.Bytes([TakenLines.Head(Subscription), .. pending.Select(item => TakenLines.Taken(item.Key, item.Value))]);
        SafeFileHandle opened;
        try
        {
            Spool.DurableFolder.Replace(file, bytes);
            opened = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Whether the old file or the new one is there is not known: nothing more is written to either.
            failure = exception as IOException ?? new IOException(exception.Message, exception);
            throw failure;
        }

        handle?.Dispose();
        handle = opened;
        length = bytes.Length;
        doneLines = 0;
    }

    private void Write(IReadOnlyList<string> lines, bool isDurable)
    {
        if (file is null || lines.Count == 0)
        {
            return;
        }

        if (failure is { } failed)
        {
            throw new IOException($"Nothing more is written to '{file}', because the disk refused before. {failed.Message}", failed);
        }

        try
        {
            byte[] bytes = TakenLines.Bytes(lines);
            RandomAccess.Write(handle!, bytes, length);
            length += bytes.Length;
            if (isDurable)
            {
                RandomAccess.FlushToDisk(handle!);
            }
        }
        catch (IOException exception)
        {
            failure = exception;
            throw;
        }
    }
}

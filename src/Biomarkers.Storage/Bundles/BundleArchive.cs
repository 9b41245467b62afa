using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using Biomarkers.Immunoassay;

namespace Biomarkers.Storage.Bundles;

/// <summary>The file of a bundle: a zip archive of few parts whose names are known. What comes from elsewhere is read within limits, and never unpacked under a name that it
/// chose.</summary>
internal sealed class BundleArchive : IDisposable
{
    public const string Manifest = "manifest.json";
    public const string Database = "bundle.db";
    public const string Summary = "summary.txt";
    public const string Results = "results.csv";
    public const string Responses = "responses.csv";
    public const string Checkpoint = "checkpoint.json";
    public const string PublicKey = "checkpoint-key.pem";

    /// <summary>Most bytes of a bundle's file.</summary>
    public const long MaximumFileBytes = 1L << 30;

    /// <summary>Most bytes of the database in it.</summary>
    public const long MaximumDatabaseBytes = 2L << 30;

    /// <summary>Most bytes of any other part.</summary>
    public const long MaximumTextBytes = 64L << 20;

    // Zip archives know no earlier one.
    private static readonly DateTimeOffset OldestTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private const int MaximumDirectoryBytes = 16 * 1024;

    // More than a bundle has; one with others is told by their names.
    private const int MaximumEntries = 100;
    private const int EndBytes = 22;
    private const uint EndSignature = 0x06054b50;

    private readonly FileStream file;
    private readonly ZipArchive zip;

    private BundleArchive(FileStream file, ZipArchive zip)
    {
        this.file = file;
        this.zip = zip;
    }

    /// <summary>Parts that a bundle may have beside its manifest.</summary>
    public static IReadOnlyList<string> KnownParts { get; } = [Database, Summary, Results, Responses, Checkpoint, PublicKey];

    /// <summary>Parts that every bundle has beside its manifest.</summary>
    public static IReadOnlyList<string> NeededParts { get; } = [Database, Summary, Results, Responses];

    /// <summary>Names in the archive, each as often as it is there.</summary>
    public IEnumerable<string> Names => zip.Entries.Select(entry => entry.FullName);

    /// <summary>Writes an archive.</summary>
    /// <param name="target">Empty file.</param>
    /// <param name="database">File of the database.</param>
    /// <param name="texts">Every other part, the manifest among them.</param>
    /// <param name="time">Time of the parts.</param>
    public static void Write(FileStream target, string database, IEnumerable<(string Name, byte[] Content)> texts, DateTimeOffset time)
    {
        using var archive = new ZipArchive(target, ZipArchiveMode.Create, leaveOpen: true);
        foreach ((string name, byte[] content) in texts)
        {
            using Stream part = Create(archive, name, time);
            part.Write(content);
        }

        using FileStream rows = File.OpenRead(database);
        using Stream written = Create(archive, Database, time);
        rows.CopyTo(written);
    }

    /// <summary>Opens an archive.</summary>
    /// <exception cref="BundleException">The file is none, or larger than a bundle.</exception>
    /// <exception cref="IOException">It can't be read.</exception>
    public static BundleArchive Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            RequireBounds(stream, path);
            var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            // Read now: what is wrong with them is told here.
            _ = archive.Entries.Count;
            return new BundleArchive(stream, archive);
        }
        catch (InvalidDataException exception)
        {
            stream.Dispose();
            throw new BundleException($"'{path}' is no bundle: {exception.Message}", exception);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Reads a part whole.</summary>
    /// <returns>Its bytes; null where it is not there, is larger than <paramref name="most"/>, or can't be unpacked.</returns>
    public byte[]? Read(string name, long most)
    {
        using var content = new MemoryStream();
        return Copy(name, content, Math.Min(most, MaximumTextBytes)) is null ? null : content.ToArray();
    }

    /// <summary>Unpacks a part.</summary>
    /// <returns>SHA-256 of its bytes; null where it is not there, is larger than <paramref name="most"/>, or can't be unpacked.</returns>
    public ContentHash? Copy(string name, Stream target, long most)
    {
        if (zip.GetEntry(name) is not { } entry)
        {
            return null;
        }

        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using Stream part = entry.Open();
            byte[] buffer = new byte[1 << 16];
            // By what comes out, and not by what the archive says of it.
            long left = most;
            for (int read; (read = part.Read(buffer)) > 0; left -= read)
            {
                if (read > left)
                {
                    return null;
                }

                hash.AppendData(buffer, 0, read);
                target.Write(buffer, 0, read);
            }

            return ContentHash.FromBytes(hash.GetHashAndReset());
        }
        catch (InvalidDataException)
        {
            // What can't be unpacked is not what was packed.
            return null;
        }
    }

    public void Dispose()
    {
        zip.Dispose();
        file.Dispose();
    }

    private static Stream Create(ZipArchive archive, string name, DateTimeOffset time)
    {
        ZipArchiveEntry entry = archive.CreateEntry(name, CompressionLevel.Optimal);
        entry.LastWriteTime = time < OldestTime ? OldestTime : time;
        return entry.Open();
    }

    // The archive's directory is read whole: that it is small, and the last thing in the file, is seen before.
    private static void RequireBounds(FileStream stream, string path)
    {
        if (stream.Length is < EndBytes or > MaximumFileBytes)
        {
            throw new BundleException($"'{path}' has {stream.Length} bytes; expected a bundle of {EndBytes} to {MaximumFileBytes}.");
        }

        byte[] end = new byte[EndBytes];
        stream.Position = stream.Length - EndBytes;
        stream.ReadExactly(end);
        stream.Position = 0;
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(end.AsSpan(12));
        uint start = BinaryPrimitives.ReadUInt32LittleEndian(end.AsSpan(16));
        // A count or a disk of 0xFFFF would send the reader to another end record, of Zip64, with a size of its own.
        ushort entries = BinaryPrimitives.ReadUInt16LittleEndian(end.AsSpan(10));
        bool isPlain = BinaryPrimitives.ReadUInt32LittleEndian(end.AsSpan(4)) == 0 && BinaryPrimitives.ReadUInt16LittleEndian(end.AsSpan(8)) == entries
            && entries <= MaximumEntries;
        if (BinaryPrimitives.ReadUInt32LittleEndian(end) != EndSignature || !isPlain || size > MaximumDirectoryBytes || (long)start + size != stream.Length - EndBytes)
        {
            throw new BundleException($"'{path}' is no bundle: expected a zip archive of few parts with nothing behind them.");
        }
    }
}

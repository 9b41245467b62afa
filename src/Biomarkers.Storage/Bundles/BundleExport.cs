using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Backups;
using Biomarkers.Storage.Checkpoints;
using Biomarkers.Storage.Tables;
using Biomarkers.Storage.Verification;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Storage.Bundles;

/// <summary>What bundle to make.</summary>
/// <param name="RunKey">The run.</param>
/// <param name="File">The bundle; nothing may be there yet.</param>
/// <param name="CreatedBy">Program and version, for the manifest.</param>
/// <param name="Time">Clock.</param>
/// <param name="Parse">What the bytes of a stream's event say of themselves; null where they say nothing.</param>
public sealed record BundleRequest(long RunKey, string File, string CreatedBy, TimeProvider Time, Func<byte[], SentPart?> Parse)
{
    /// <summary>Checkpoints of which the newest that fits goes along; none by default.</summary>
    public IReadOnlyList<HeldCheckpoint> Checkpoints { get; init; } = [];

    /// <summary>Keys by which they may be signed; none by default.</summary>
    public IReadOnlyList<ECDsa> PublicKeys { get; init; } = [];

    /// <summary>Whether the audit log ends at the first checkpoint after the newest event about the plate, where there is one, in place of its newest event. Default
    /// false.</summary>
    public bool IsShort { get; init; }
}

/// <summary>A bundle that was made.</summary>
/// <param name="Manifest">What it says of itself.</param>
/// <param name="Bytes">Length of its file.</param>
/// <param name="Report">What its own verification said, before it had its name; where that is not intact, there is no file.</param>
/// <param name="UnfitCheckpointCount">Given checkpoints that do not fit the database: of another key or ledger, of a history that a restore replaced, or of one that was changed
/// since. Those of events before the plate's first are not looked at.</param>
public sealed record ExportedBundle(BundleManifest Manifest, long Bytes, BundleReport Report, int UnfitCheckpointCount);

/// <summary>Makes a bundle of a run out of a database, and changes no byte of that.</summary>
public static class BundleExport
{
    /// <summary>Most audit events of a bundle.</summary>
    public const long MaximumEventCount = 3_000_000;

    private const int PageSize = 5000;

    /// <summary>Makes a bundle out of a stopped SQLite database.</summary>
    /// <exception cref="VerificationException">The database can't be read, a server uses it, or its schema is not this program's.</exception>
    /// <exception cref="BundleException">There is no such run, or the bundle can't be made.</exception>
    public static Task<ExportedBundle> RunAsync(string databaseFile, BundleRequest request, CancellationToken cancellationToken) =>
        StoredMoment.ReadAsync(databaseFile, connection => RunAsync(connection, request, cancellationToken), cancellationToken);

    /// <summary>Makes a bundle out of a database that servers may be using, as it is at one moment.</summary>
    /// <exception cref="VerificationException">The database can't be read, or its schema is not this program's.</exception>
    /// <exception cref="BundleException">There is no such run, or the bundle can't be made.</exception>
    public static Task<ExportedBundle> RunAsync(SqlDatabase database, BundleRequest request, CancellationToken cancellationToken) =>
        StoredMoment.ReadAsync(database, connection => RunAsync(connection, request, cancellationToken), cancellationToken);

    private static async Task<ExportedBundle> RunAsync(DataConnection source, BundleRequest request, CancellationToken cancellationToken)
    {
        string run = Seals.SealedRuns.NameOf(request.RunKey);
        if (Path.Exists(request.File))
        {
            throw new BundleException($"'{request.File}' exists; a bundle replaces nothing. Name another file.");
        }

        BundleSubject subject = await BundleSubject.FindAsync(source, request.RunKey, cancellationToken)
            ?? throw new BundleException($"There is no run {run} in this database, or not its plate; expected one that 'biomarkers runs' names.");
        (BundleCut cut, int unfit) = await CutAsync(source, subject, request, cancellationToken);
        string folder = Directory.CreateTempSubdirectory("biomarkers-bundle-").FullName;
        try
        {
            string rows = Path.Combine(folder, BundleArchive.Database);
            await BundleDatabase.WriteAsync(rows, source, cut, request.Time, cancellationToken);
            if (new FileInfo(rows).Length > BundleArchive.MaximumDatabaseBytes)
            {
                throw new BundleException($"The bundle's database has {new FileInfo(rows).Length} bytes; expected at most {BundleArchive.MaximumDatabaseBytes}.");
            }

            return await WriteAsync(rows, cut, request, cancellationToken) with { UnfitCheckpointCount = unfit };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(BundleCut Cut, int UnfitCount)> CutAsync(DataConnection source, BundleSubject subject, BundleRequest request, CancellationToken cancellationToken)
    {
        long first = await FirstSequenceAsync(source, subject, cancellationToken)
            ?? throw new BundleException($"No audit event is about {subject.Plate}: the database is not whole. Verify it by 'biomarkers verify'.");
        LedgerHeadTable head = await source.GetTable<LedgerHeadTable>().FirstAsync(row => row.Id == 1, cancellationToken);
        byte[]? ledger = await source.GetTable<AuditEventTable>().OrderBy(row => row.Sequence).Select(row => row.Hash).FirstOrDefaultAsync(cancellationToken);
        var signed = request.Checkpoints
            .Where(held => request.PublicKeys.Any(held.Signed.IsSignedBy))
            .Select(held => (Held: held, Says: held.Signed.ToCheckpoint()))
            // One that says more than is there fits nothing, and is counted: it is what a database that was cut leaves elsewhere.
            .Where(pair => pair.Says.Sequence >= first && pair.Says.Ledger == LedgerScan.HashOf(ledger))
            .OrderBy(pair => pair.Says.Sequence).ThenBy(pair => pair.Says.Time)
            .ToList();
        HashSet<long> wanted = [.. signed.Select(pair => pair.Says.Sequence)];
        var hashes = new Dictionary<long, ContentHash>();
        ContentHash? before = null;
        long newest = first;
        long after = first - 1;
        while (await PageAsync(source, after, cancellationToken) is { Count: > 0 } page)
        {
            foreach (StoredAuditEvent stored in page)
            {
                before ??= stored.Previous;
                newest = subject.IsAbout(stored.Audit) ? stored.Sequence : newest;
                if (wanted.Contains(stored.Sequence))
                {
                    hashes[stored.Sequence] = stored.Hash;
                }
            }

            after = page[^1].Sequence;
        }

        int all = signed.Count;
        signed = [.. signed.Where(pair => hashes.TryGetValue(pair.Says.Sequence, out ContentHash hash) && hash == pair.Says.Hash)];
        int shortest = request.IsShort ? signed.FindIndex(pair => pair.Says.Sequence >= newest) : -1;
        HeldCheckpoint? chosen = signed.Count == 0 ? null : shortest >= 0 ? signed[shortest].Held : signed[^1].Held;
        (long last, ContentHash lastHash) = shortest >= 0 ? (signed[shortest].Says.Sequence, signed[shortest].Says.Hash) : (head.Sequence, LedgerScan.HashOf(head.Hash));
        if (last - first + 1 > MaximumEventCount)
        {
            throw new BundleException(string.Create(CultureInfo.InvariantCulture,
                $"The audit log has {last - first + 1} events from the first about {subject.Plate} on; a bundle holds at most {MaximumEventCount}. With --short it ends at the first checkpoint after the plate's newest."));
        }

        List<BundleStream> streams = await BundleOriginals.FindAsync(source, subject.PlateKey, request.Parse, cancellationToken);
        var cut = new BundleCut(subject, first, before ?? default, last, lastHash, newest, streams, chosen, EndsAtCheckpoint: shortest >= 0);
        int strange = request.Checkpoints.Count(held => !request.PublicKeys.Any(held.Signed.IsSignedBy) || held.Signed.ToCheckpoint().Ledger != LedgerScan.HashOf(ledger));
        return (cut, strange + all - signed.Count);
    }

    // By the names that events of before a plate's runs have: the plate, its reads, its runs, and decisions on what was held for it.
    private static async Task<long?> FirstSequenceAsync(DataConnection source, BundleSubject subject, CancellationToken cancellationToken)
    {
        string barcode = subject.Plate["plates/".Length..];
        string reads = $"{subject.Plate}/reads/";
        List<long> held = await source.GetTable<HeldReadResolutionTable>().Where(row => row.PlateBarcode == barcode).Select(row => row.HeldKey).ToListAsync(cancellationToken);
        List<long> refused = await source.GetTable<QuarantineResolutionTable>()
            .Where(row => row.PlateBarcode == barcode).Select(row => row.QuarantineKey).ToListAsync(cancellationToken);
        string[] names =
        [
            subject.Plate, .. subject.RunKeys.Select(Seals.SealedRuns.NameOf),
            .. held.Select(key => string.Create(CultureInfo.InvariantCulture, $"heldPlates/{key}")),
            .. refused.Select(key => string.Create(CultureInfo.InvariantCulture, $"quarantinedEvents/{key}")),
        ];
        return await source.GetTable<AuditEventTable>()
            .Where(row => names.Contains(row.Target) || row.Target.StartsWith(reads))
            .Select(row => (long?)row.Sequence)
            .MinAsync(cancellationToken);
    }

    private static async Task<List<StoredAuditEvent>> PageAsync(DataConnection source, long after, CancellationToken cancellationToken) =>
        (await source.GetTable<AuditEventTable>().Where(row => row.Sequence > after).OrderBy(row => row.Sequence).Take(PageSize).ToListAsync(cancellationToken))
        .ConvertAll(LedgerScan.EventOf);

    // Verified under another name before it has its own: what can't be verified is handed to nobody.
    private static async Task<ExportedBundle> WriteAsync(string rows, BundleCut cut, BundleRequest request, CancellationToken cancellationToken)
    {
        (BundleManifest manifest, List<(string Name, byte[] Content)> texts) = await DescribeAsync(rows, cut, request, cancellationToken);
        string partial = $"{request.File}.partial";
        bool isMade = false;
        try
        {
            using (FileStream target = DurableFile.Create(partial))
            {
                isMade = true;
                BundleArchive.Write(target, rows, texts, manifest.CreateTime);
                target.Flush(flushToDisk: true);
            }

            BundleReport report = await BundleVerification.RunAsync(partial, new VerificationRequest(), cancellationToken);
            long bytes = new FileInfo(partial).Length;
            if (report.IsIntact)
            {
                DurableFile.Rename(partial, request.File);
                isMade = false;
            }

            return new ExportedBundle(manifest, bytes, report, 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BundleException($"Unable to write the bundle '{request.File}': {exception.Message}", exception);
        }
        finally
        {
            if (isMade)
            {
                File.Delete(partial);
            }
        }
    }

    private static async Task<(BundleManifest Manifest, List<(string Name, byte[] Content)> Texts)> DescribeAsync(
        string rows, BundleCut cut, BundleRequest request, CancellationToken cancellationToken)
    {
        using SqliteConnection opened = BundleDatabase.OpenToRead(rows);
        await using DataConnection connection = SqliteDatabase.Over(opened);
        string engine = await connection.GetTable<AnalyticalRunTable>().Where(run => run.RunKey == request.RunKey).Select(run => run.EngineVersion).SingleAsync(cancellationToken);
        List<(string Name, byte[] Content)> texts = [.. await BundleTexts.WriteAsync(connection, cut.Subject, cancellationToken)];
        if (cut.Checkpoint is { } held)
        {
            ECDsa key = request.PublicKeys.First(held.Signed.IsSignedBy);
            texts.Add((BundleArchive.Checkpoint, Encoding.UTF8.GetBytes(held.Signed.ToJson())));
            texts.Add((BundleArchive.PublicKey, Encoding.UTF8.GetBytes(key.ExportSubjectPublicKeyInfoPem() + "\n")));
        }

        ContentHash database;
        long databaseBytes;
        using (FileStream file = File.OpenRead(rows))
        {
            database = ContentHash.FromBytes(await SHA256.HashDataAsync(file, cancellationToken));
            databaseBytes = file.Length;
        }

        var manifest = new BundleManifest(
            BundleManifest.NewestFormat,
            Seals.SealedRuns.NameOf(request.RunKey),
            cut.Subject.Plate,
            engine,
            Migrations.NewestVersion,
            Biomarkers.Results.Instant.Truncate(request.Time.GetUtcNow()),
            request.CreatedBy,
            new BundleLedger(cut.FirstSequence, cut.LastSequence, cut.HashBefore.Hex, cut.NewestAboutPlate),
            cut.Streams,
            [
                new BundlePart(BundleArchive.Database, databaseBytes, database.Hex),
                .. texts.Select(text => new BundlePart(text.Name, text.Content.Length, ContentHash.Of(text.Content).Hex)),
            ]);
        texts.Insert(0, (BundleArchive.Manifest, manifest.ToJson()));
        return (manifest, texts);
    }
}

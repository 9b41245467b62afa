using System.Globalization;
using System.Security.Cryptography;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Checkpoints;
using Biomarkers.Storage.Seals;
using Biomarkers.Storage.Tables;
using Biomarkers.Storage.Verification;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Common;
using LinqToDB.Data;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Storage.Bundles;

/// <summary>Proves a bundle by itself: its parts by the manifest, its rows by the checks of a database, its readable parts by its rows.</summary>
/// <remarks>It sees every change of rows and of readable parts by whoever has not the key that signed the checkpoint. Which original events must be there is said by the
/// manifest alone, so that it can't see that some were taken out together with it. Without a checkpoint, or with its key from the bundle alone, it sees that the parts belong
/// together, and not who made them.</remarks>
public static class BundleVerification
{
    private const int MaximumManifestBytes = 1 << 20;

    /// <summary>Verifies a bundle.</summary>
    /// <param name="file">The bundle; it is read only.</param>
    /// <param name="request">What to look at beside it. Where no key is given, the one in the bundle is taken.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="BundleException">It is no bundle that this program can read.</exception>
    public static async Task<BundleReport> RunAsync(string file, VerificationRequest request, CancellationToken cancellationToken)
    {
        try
        {
            using BundleArchive archive = BundleArchive.Open(file);
            byte[] json = archive.Read(BundleArchive.Manifest, MaximumManifestBytes)
                ?? throw new BundleException($"'{file}' is no bundle: it has no '{BundleArchive.Manifest}', or one that can't be read.");
            var manifest = BundleManifest.Read(json);
            if (manifest.Schema != Migrations.NewestVersion)
            {
                // Rows of another schema would look like changed ones.
                throw new BundleException($"The bundle's database has schema {manifest.Schema}; this program reads bundles of schema {Migrations.NewestVersion}. Use the program that made it.");
            }

            string folder = Directory.CreateTempSubdirectory("biomarkers-bundle-").FullName;
            try
            {
                return await RunAsync(new BundleParts(archive, manifest, Path.Combine(folder, BundleArchive.Database)), request, cancellationToken);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BundleException($"Unable to read the bundle '{file}': {exception.Message}", exception);
        }
    }

    private static async Task<BundleReport> RunAsync(BundleParts parts, VerificationRequest request, CancellationToken cancellationToken)
    {
        parts.Read();
        using ECDsa? brought = parts.PublicKey;
        HeldCheckpoint? held = parts.Checkpoint;
        bool isGiven = request.PublicKeys.Count > 0;
        VerificationRequest whole = request with
        {
            Checkpoints = held is null ? request.Checkpoints : [held, .. request.Checkpoints],
            PublicKeys = isGiven ? request.PublicKeys : brought is null ? [] : [brought],
        };
        Checkpoint? says = held?.Signed.ToCheckpoint();
        var about = new EventsAboutPlate();
        VerificationReport? rows = null;
        string? broken = null;
        if (parts.HasDatabase)
        {
            (rows, broken) = await ReadRowsAsync(parts, whole, says, about, cancellationToken);
        }

        if (broken is not null)
        {
            parts.Add(TamperingKind.Changed, BundleArchive.Database, broken);
        }

        return new BundleReport
        {
            Manifest = parts.Manifest,
            Rows = rows,
            Checkpoint = says,
            Trust = rows is null || rows.CheckpointedSequence == 0 ? CheckpointTrust.None : isGiven ? CheckpointTrust.GivenKey : CheckpointTrust.KeyOfTheBundle,
            EventsAboutPlateCount = about.Count,
            NewestAboutPlate = about.Newest,
            Findings = [.. rows?.Findings ?? [], .. parts.Findings],
        };
    }

    // What is wrong with the file as a whole is told in a sentence: it may be anything.
    private static async Task<(VerificationReport? Rows, string? Broken)> ReadRowsAsync(
        BundleParts parts, VerificationRequest request, Checkpoint? says, EventsAboutPlate about, CancellationToken cancellationToken)
    {
        try
        {
            using SqliteConnection opened = BundleDatabase.OpenToRead(parts.DatabaseFile);
            await using DataConnection connection = SqliteDatabase.Over(opened);
            if (await BundleDatabase.ExplainFileAsync(opened, connection, cancellationToken) is { } foreign)
            {
                return (null, foreign);
            }

            if (await SubjectAsync(connection, parts, cancellationToken) is not { } subject)
            {
                return (null, $"it has no {parts.Manifest.Plate}");
            }

            LedgerCut cut = CutOf(parts.Manifest, subject, says, about);
            VerificationReport rows = await DatabaseVerification.RunAsync(connection, request, cut, cancellationToken);
            // Where rows are not what they were, what was made of them says nothing more.
            if (rows.IsIntact)
            {
                await CompareManifestAsync(connection, parts, subject, about, cancellationToken);
                if (await BundleDatabase.ExplainRowsAsync(connection, subject.PlateKey, cancellationToken) is { } others)
                {
                    return (rows, others);
                }

                parts.Compare(await BundleTexts.WriteAsync(connection, subject, cancellationToken));
            }

            return (rows, null);
        }
        catch (SqliteException exception)
        {
            return (null, $"it can't be read: {exception.Message}");
        }
        catch (Exception exception) when (exception is InvalidCastException or OverflowException or FormatException or InvalidDataException or LinqToDBConvertException)
        {
            return (null, $"a value in it is of a form that its column never has: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }

    // By the plate that the manifest names, so that a run that is not there any more is missed.
    private static async Task<BundleSubject?> SubjectAsync(DataConnection connection, BundleParts parts, CancellationToken cancellationToken)
    {
        PlateTable? plate = await connection.GetTable<PlateTable>().FirstOrDefaultAsync(cancellationToken);
        return plate is null ? null : await BundleSubject.ReadAsync(connection, parts.RunKey, plate.PlateKey, parts.Barcode, cancellationToken);
    }

    private static LedgerCut CutOf(BundleManifest manifest, BundleSubject subject, Checkpoint? says, EventsAboutPlate about)
    {
        var streams = new Dictionary<long, StreamCut>();
        foreach (BundleStream stream in manifest.Streams)
        {
            streams[stream.StreamKey] = new StreamCut(stream.FirstOffset, BundleParts.HashOf(stream.ChainBefore), stream.Originals.ToHashSet());
        }

        return new LedgerCut
        {
            SequenceBefore = manifest.Ledger.FirstSequence - 1,
            HashBefore = BundleParts.HashOf(manifest.Ledger.HashBefore),
            Streams = streams,
            Own = says,
            Concerns = stored =>
            {
                if (subject.IsAbout(stored.Audit))
                {
                    about.Add(stored.Sequence);
                }

                return subject.Concerns(stored.Audit);
            },
        };
    }

    // What the manifest says and rows know is the rows'.
    private static async Task CompareManifestAsync(DataConnection connection, BundleParts parts, BundleSubject subject, EventsAboutPlate about, CancellationToken cancellationToken)
    {
        BundleManifest manifest = parts.Manifest;
        AnalyticalRunTable? run = await connection.GetTable<AnalyticalRunTable>().FirstOrDefaultAsync(row => row.RunKey == subject.RunKey, cancellationToken);
        string? barcode = await connection.GetTable<PlateTable>().Select(row => row.Barcode).FirstOrDefaultAsync(cancellationToken);
        long last = await connection.GetTable<LedgerHeadTable>().Select(row => row.Sequence).FirstOrDefaultAsync(cancellationToken);
        var names = await connection.GetTable<ReadStreamTable>().Select(row => new { row.StreamKey, row.InstrumentId, row.StreamId }).ToListAsync(cancellationToken);
        (string Field, string Said, string? Found)[] fields =
        [
            ("run", manifest.Run, run is null ? null : SealedRuns.NameOf(run.RunKey)),
            ("plate", manifest.Plate, $"plates/{barcode}"),
            ("engineVersion", manifest.EngineVersion, run?.EngineVersion),
            ("ledger.lastSequence", Number(manifest.Ledger.LastSequence), Number(last)),
            ("ledger.newestAboutPlate", Number(manifest.Ledger.NewestAboutPlate), Number(about.Newest)),
            .. manifest.Streams.Select((stream, i) => (
                Field: string.Create(CultureInfo.InvariantCulture, $"streams[{i}].name"),
                Said: stream.Name,
                Found: names.Where(row => row.StreamKey == stream.StreamKey).Select(row => StreamScan.NameOf(row.InstrumentId, row.StreamId)).FirstOrDefault())),
        ];
        foreach ((string field, string said, string? found) in fields.Where(field => field.Said != field.Found))
        {
            parts.Add(TamperingKind.Changed, BundleArchive.Manifest, $"says '{said}' as {field}; its rows say {(found is null ? "nothing of it" : $"'{found}'")}");
        }
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed class EventsAboutPlate
    {
        public long Count { get; private set; }

        /// <summary>Place of the newest; 0 where there is none.</summary>
        public long Newest { get; private set; }

        public void Add(long sequence)
        {
            Count++;
            Newest = sequence;
        }
    }
}

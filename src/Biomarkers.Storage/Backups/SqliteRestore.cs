using System.Globalization;
using Biomarkers.Immunoassay;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Storage.Backups;

/// <summary>What a restore did.</summary>
/// <param name="Backup">What was restored.</param>
/// <param name="Completed">What the database became.</param>
/// <param name="ReplacedFile">Where the replaced database is kept; null where there was none.</param>
/// <param name="ReplacedFault">Why the replaced database can't be read, so that nobody can say what the backup lacks; null where it can.</param>
/// <param name="Lacking">What the replaced database holds and the backup lacks; null where there is none that can be read.</param>
public sealed record RestoreReport(CheckedBackup Backup, CompletedRestore Completed, string? ReplacedFile, string? ReplacedFault, LackingContents? Lacking);

/// <summary>Puts a backup in the place of an SQLite database that no server uses.</summary>
/// <remarks>Everything is checked and prepared beside the database; then two renames put the old one aside and the new one in its place. A restore that is
/// cut between the two leaves a name by which the server knows not to begin an empty database (<see cref="SqliteDatabase"/>).</remarks>
public static class SqliteRestore
{
    /// <summary>What the file that takes the database's place has behind its name while the two renames are under way.</summary>
    internal const string PendingSuffix = ".restoring";

    private const string PreparedSuffix = ".preparing";

    private static readonly string[] WithSideFiles = ["", "-wal", "-shm"];

    /// <summary>Restores a backup. The caller holds the data folder's lock.</summary>
    /// <param name="databaseFile">The database; its folder exists.</param>
    /// <param name="backupFile">The backup.</param>
    /// <param name="mayReplace">Whether a database that is there may be put aside.</param>
    /// <param name="actor">Who restores, for the audit.</param>
    /// <param name="time">Clock.</param>
    /// <param name="progress">Is told how far it is; must return at once.</param>
    /// <param name="cancellationToken">Ends the work; nothing was changed then.</param>
    /// <exception cref="BackupException">It could not be restored; nothing was changed.</exception>
    public static async Task<RestoreReport> RunAsync(
        string databaseFile, string backupFile, bool mayReplace, string actor, TimeProvider time, IProgress<BackupProgress> progress, CancellationToken cancellationToken)
    {
        CheckPlace(databaseFile, backupFile, mayReplace);
        CheckedBackup backup = SqliteBackup.Check(backupFile, progress, cancellationToken);
        string prepared = databaseFile + PreparedSuffix;
        try
        {
            DeleteWithSideFiles(prepared);
            Copy(backup, prepared, progress, cancellationToken);
            Replaced? replaced = File.Exists(databaseFile) ? Replaced.Read(databaseFile, backup, prepared, progress) : null;
            string source = $"backup {Path.GetFileName(backupFile)} with SHA-256 {backup.Sha256}, ledger sequence {backup.Contents.LedgerSequence.ToString(CultureInfo.InvariantCulture)}";
            var origin = new RestoreOrigin(source, actor, replaced?.Generation, replaced?.Keys ?? new Dictionary<string, long>());
            progress.Report(new BackupProgress("Completing", null, null));
            CompletedRestore completed = await RestoreCompletion.CompleteAsync(new SqliteDatabase(prepared), origin, time, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            string? aside = Swap(databaseFile, prepared, time.GetUtcNow());
            return new RestoreReport(backup, completed, aside, replaced?.Fault, replaced?.Lacking);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SqliteException or StoreException)
        {
            throw new BackupException($"Unable to restore '{databaseFile}': {exception.Message}", exception);
        }
        finally
        {
            DeleteWithSideFiles(prepared);
        }
    }

    private static void CheckPlace(string databaseFile, string backupFile, bool mayReplace)
    {
        if (!File.Exists(backupFile))
        {
            throw new BackupException($"There is no backup '{backupFile}'.");
        }

        if (Path.GetFullPath(backupFile) == Path.GetFullPath(databaseFile))
        {
            throw new BackupException($"'{backupFile}' is the database itself; expected a backup of it.");
        }

        if (File.Exists(databaseFile) && !mayReplace)
        {
            throw new BackupException($"There is a database '{databaseFile}'; with --replace it is put aside and kept.");
        }
    }

    private static void Copy(CheckedBackup backup, string prepared, IProgress<BackupProgress> progress, CancellationToken cancellationToken)
    {
        using (FileStream source = File.OpenRead(backup.File))
        using (FileStream target = DurableFile.Create(prepared))
        {
            byte[] buffer = new byte[1 << 20];
            long done = 0;
            for (int read; (read = source.Read(buffer)) > 0; done += read)
            {
                cancellationToken.ThrowIfCancellationRequested();
                target.Write(buffer, 0, read);
                progress.Report(new BackupProgress("Copying", done, backup.ByteCount));
            }

            target.Flush(flushToDisk: true);
        }

        // What was checked is what was copied.
        ContentHash copied = SqliteBackup.HashOf(prepared, progress, cancellationToken);
        if (copied != backup.Sha256)
        {
            throw new IOException($"The copy of '{backup.File}' has SHA-256 {copied}; expected {backup.Sha256}. The backup changed while it was read.");
        }
    }

    // The old one goes aside with what stands beside it; if the new one can't take its place, the old one comes back.
    private static string? Swap(string databaseFile, string prepared, DateTimeOffset now)
    {
        string pending = databaseFile + PendingSuffix;
        string aside = string.Create(CultureInfo.InvariantCulture, $"{databaseFile}.replaced-{now.UtcDateTime:yyyyMMdd'T'HHmmssfff'Z'}");
        bool wasCut = File.Exists(pending);
        var moved = new Stack<string>();
        try
        {
            File.Move(prepared, pending, overwrite: true);
            DurableFile.FlushFolderOf(pending);
            foreach (string suffix in WithSideFiles.Where(suffix => File.Exists(databaseFile + suffix)))
            {
                File.Move(databaseFile + suffix, aside + suffix, overwrite: false);
                moved.Push(suffix);
            }

            File.Move(pending, databaseFile, overwrite: false);
            DurableFile.FlushFolderOf(databaseFile);
            return moved.Count > 0 ? aside : null;
        }
        catch when (!File.Exists(databaseFile) || moved.Count == 0)
        {
            while (moved.TryPop(out string? suffix))
            {
                File.Move(aside + suffix, databaseFile + suffix, overwrite: false);
            }

            if (!wasCut)
            {
                File.Delete(pending);
            }

            throw;
        }
    }

    private static void DeleteWithSideFiles(string file)
    {
        foreach (string suffix in WithSideFiles)
        {
            File.Delete(file + suffix);
        }
    }

    /// <summary>The database that is about to be replaced.</summary>
    private sealed record Replaced(long? Generation, IReadOnlyDictionary<string, long> Keys, LackingContents? Lacking, string? Fault)
    {
        public static Replaced Read(string databaseFile, CheckedBackup backup, string copy, IProgress<BackupProgress> progress)
        {
            progress.Report(new BackupProgress("Comparing", null, null));
            try
            {
                LackingContents lacking = DatabaseComparison.Run(copy, databaseFile);
                using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = databaseFile, Pooling = false }.ToString());
                connection.Open();
                // What its log holds goes into the file, so that the file alone is the whole of it.
                _ = DatabaseCheck.One(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
                long generation = DatabaseCheck.One(connection, "SELECT generation FROM database_identity WHERE id = 1");
                // Its keys tell which names were given only where it went on from the backup.
                bool isLater = DatabaseCheck.Rows(
                    connection,
                    string.Create(CultureInfo.InvariantCulture, $"SELECT hash FROM audit_event WHERE sequence = {backup.Contents.LedgerSequence}"),
                    row => ContentHash.FromBytes(row.GetFieldValue<byte[]>(0))).Contains(backup.Contents.LedgerHash);
                Dictionary<string, long> keys = isLater
                    ? DatabaseCheck.Rows(connection, "SELECT name, next_key FROM key_sequence", row => (row.GetString(0), row.GetInt64(1))).ToDictionary(row => row.Item1, row => row.Item2)
                    : [];
                return new Replaced(generation, keys, lacking, null);
            }
            catch (SqliteException exception)
            {
                return new Replaced(null, new Dictionary<string, long>(), null, exception.Message);
            }
        }
    }
}

using System.Security.Cryptography;
using Biomarkers.Immunoassay;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Biomarkers.Storage.Backups;

/// <summary>Writes and checks backups of an SQLite database: one file without side files, which holds one snapshot.</summary>
/// <remarks>The pages are copied by SQLite's backup interface inside one read transaction of its own process: in write-ahead mode readers block no writer, and
/// the log grows by what is written meanwhile. VACUUM INTO takes as long for the same snapshot, and says nothing of its progress.</remarks>
public static class SqliteBackup
{
    // 16 MiB of usual pages between two looks at progress and cancellation.
    private const int PagesPerStep = 4096;

    private const int HashedBytesPerStep = 1 << 20;

    /// <summary>Writes a backup of a database that a server may be using, and checks it.</summary>
    /// <param name="databaseFile">The database.</param>
    /// <param name="file">The backup; readable by its owner only. It is there whole or not at all: it is written under the name with <c>.partial</c> first.</param>
    /// <param name="progress">Is told how far it is; must return at once.</param>
    /// <param name="cancellationToken">Ends the work; nothing is left then.</param>
    /// <returns>What the backup holds.</returns>
    /// <exception cref="BackupException">It could not be made; nothing was changed.</exception>
    public static CheckedBackup Write(string databaseFile, string file, IProgress<BackupProgress> progress, CancellationToken cancellationToken)
    {
        if (!File.Exists(databaseFile))
        {
            throw new BackupException($"There is no database '{databaseFile}', or this user may not see it; expected the data folder of a server that has run.");
        }

        if (Path.Exists(file))
        {
            throw new BackupException($"'{file}' exists; a backup replaces nothing. Name another file.");
        }

        string partial = $"{file}.partial";
        bool isMade = false;
        try
        {
            DurableFile.Create(partial).Dispose();
            isMade = true;
            Copy(databaseFile, partial, progress, cancellationToken);
            DurableFile.Flush(partial);
            CheckedBackup written = Check(partial, progress, cancellationToken);
            DurableFile.Rename(partial, file);
            isMade = false;
            return written with { File = file };
        }
        catch (SqliteException exception)
        {
            throw new BackupException($"Unable to back up '{databaseFile}' to '{file}': {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            string advice = !isMade && File.Exists(partial) ? $"'{partial}' exists: another backup writes it, or one was interrupted; remove it then." : exception.Message;
            throw new BackupException($"Unable to write the backup '{file}': {advice}", exception);
        }
        finally
        {
            if (isMade)
            {
                File.Delete(partial);
                File.Delete($"{partial}-journal");
            }
        }
    }

    /// <summary>Reads a backup whole: the file's structure, the schema, the ledger's chain and every stream's events.</summary>
    /// <param name="file">The backup.</param>
    /// <param name="progress">Is told how far it is; must return at once.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>What the backup holds.</returns>
    /// <exception cref="BackupException">It is no backup that this program can restore; the message says why.</exception>
    public static CheckedBackup Check(string file, IProgress<BackupProgress> progress, CancellationToken cancellationToken)
    {
        try
        {
            var log = new FileInfo($"{file}-wal");
            if (log.Exists && log.Length > 0)
            {
                throw new BackupException($"'{file}' has a write-ahead log beside it: it is a database that was not closed, and no backup. Make one of it by 'biomarkers-server backup'.");
            }

            ContentHash hash = HashOf(file, progress, cancellationToken);
            progress.Report(new BackupProgress("Checking", null, new FileInfo(file).Length));
            using SqliteConnection connection = OpenUnchanging(file);
            DatabaseContents contents = DatabaseCheck.Run(connection, file, cancellationToken);
            return new CheckedBackup(file, new FileInfo(file).Length, hash, contents);
        }
        catch (SqliteException exception)
        {
            throw new BackupException($"'{file}' is no backup: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackupException($"Unable to read the backup '{file}': {exception.Message}", exception);
        }
    }

    /// <summary>Opens a file that nobody writes: SQLite makes no files beside it and asks for no locks.</summary>
    internal static SqliteConnection OpenUnchanging(string file)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = $"{new Uri(Path.GetFullPath(file)).AbsoluteUri}?immutable=1",
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
        }.ToString());
        connection.Open();
        return connection;
    }

    /// <summary>SHA-256 of a file.</summary>
    internal static ContentHash HashOf(string file, IProgress<BackupProgress> progress, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, HashedBytesPerStep);
        byte[] buffer = new byte[HashedBytesPerStep];
        long done = 0;
        for (int read; (read = stream.Read(buffer)) > 0; done += read)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
            progress.Report(new BackupProgress("Hashing", done, stream.Length));
        }

        return ContentHash.FromBytes(hash.GetHashAndReset());
    }

    private static void Copy(string databaseFile, string partial, IProgress<BackupProgress> progress, CancellationToken cancellationToken)
    {
        using var source = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = databaseFile, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        using var target = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = partial, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        source.Open();
        target.Open();
        // The snapshot is taken by the first read and held to the end, so that a server that writes does not make the copy begin again.
        using SqliteTransaction snapshot = source.BeginTransaction(deferred: true);
        _ = DatabaseCheck.One(source, "SELECT COUNT(*) FROM sqlite_master");
        long pageBytes = DatabaseCheck.One(source, "PRAGMA page_size");

        using (sqlite3_backup backup = raw.sqlite3_backup_init(target.Handle, "main", source.Handle, "main"))
        {
            int code;
            do
            {
                cancellationToken.ThrowIfCancellationRequested();
                code = raw.sqlite3_backup_step(backup, PagesPerStep);
                int all = raw.sqlite3_backup_pagecount(backup);
                progress.Report(new BackupProgress("Copying", pageBytes * (all - raw.sqlite3_backup_remaining(backup)), pageBytes * all));
            }
            while (code == raw.SQLITE_OK);
            if (code != raw.SQLITE_DONE)
            {
                throw new SqliteException($"SQLite Error {code}: '{raw.sqlite3_errstr(code).utf8_to_string()}'.", code);
            }
        }

        // The copy says of itself that it is in write-ahead mode; a backup is one file.
        using SqliteCommand alone = target.CreateCommand();
        alone.CommandText = "PRAGMA journal_mode = DELETE";
        alone.ExecuteScalar();
    }
}

using System.Security;

namespace Biomarkers.Storage.Verification;

/// <summary>An SQLite database that no server uses, to be read without a change to any file of its folder.</summary>
/// <remarks>A file whose log was written into it can be read as it lies. One that was not closed, because its server was killed, is read from a copy in the temporary folder, in
/// which the log is written into the file: SQLite would otherwise make and change files beside the original.</remarks>
internal sealed class StoppedDatabase : IDisposable
{
    private readonly string? copies;
    private readonly FileStream? held;

    private StoppedDatabase(string file, string? copies, FileStream? held)
    {
        File = file;
        this.copies = copies;
        this.held = held;
    }

    /// <summary>What to read.</summary>
    public string File { get; }

    /// <summary>Finds the database, or copies it.</summary>
    /// <exception cref="VerificationException">It is not there, can't be read, or a server uses it.</exception>
    public static StoppedDatabase Open(string file)
    {
        try
        {
            if (!System.IO.File.Exists(file))
            {
                throw new VerificationException($"There is no database '{file}', or this user may not see it; expected the data folder of a server that has run.");
            }

            FileStream? folderLock = Hold(file);
            try
            {
                var log = new FileInfo($"{file}-wal");
                string? copied = log.Exists && log.Length > 0 ? Copy(file) : null;
                return new StoppedDatabase(copied is null ? file : Path.Combine(copied, Path.GetFileName(file)), copied, folderLock);
            }
            catch
            {
                folderLock?.Dispose();
                throw;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SecurityException)
        {
            throw new VerificationException($"Unable to read '{file}': {exception.Message}", exception);
        }
    }

    public void Dispose()
    {
        held?.Dispose();
        if (copies is not null)
        {
            Directory.Delete(copies, recursive: true);
        }
    }

    // A server holds the lock of its folder as long as it lives. Held here too, so that none starts meanwhile; a folder without the file is a backup's.
    private static FileStream? Hold(string file)
    {
        string lockFile = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, "biomarkers.lock");
        if (!System.IO.File.Exists(lockFile))
        {
            return null;
        }

        try
        {
            return new FileStream(lockFile, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (IOException exception)
        {
            throw new VerificationException($"A server uses the database '{file}': stop it, verify a backup, or ask it by 'biomarkers audit verify'.", exception);
        }
    }

    private static string Copy(string file)
    {
        string folder = Directory.CreateTempSubdirectory("biomarkers-verify-").FullName;
        try
        {
            string copy = Path.Combine(folder, Path.GetFileName(file));
            System.IO.File.Copy(file, copy);
            System.IO.File.Copy($"{file}-wal", $"{copy}-wal");
            SqliteDatabase.Close(copy);
            return folder;
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }
}

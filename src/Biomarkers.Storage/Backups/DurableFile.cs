using System.Runtime.InteropServices;

namespace Biomarkers.Storage.Backups;

/// <summary>Files that are there after a loss of power: their bytes and their names.</summary>
internal static class DurableFile
{
    private const int ReadOnly = 0;

    /// <summary>Makes an empty file that only its owner can read.</summary>
    /// <exception cref="IOException">It exists, or can't be made.</exception>
    public static FileStream Create(string file)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(file, options);
    }

    /// <summary>Brings a file's bytes to the disk.</summary>
    public static void Flush(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Gives a file another name in the same folder, where nothing has that name, and brings the change to the disk.</summary>
    public static void Rename(string from, string to)
    {
        File.Move(from, to, overwrite: false);
        FlushFolderOf(to);
    }

    /// <summary>Brings the names in the folder of a file to the disk. The runtime opens no folders, so that the system is asked; Windows does it by itself.</summary>
    public static void FlushFolderOf(string file)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        int descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"Unable to open the folder '{folder}' to flush it (errno {Marshal.GetLastPInvokeError()}).");
        }

        try
        {
            if (Flush(descriptor) != 0)
            {
                throw new IOException($"Unable to flush the folder '{folder}' (errno {Marshal.GetLastPInvokeError()}).");
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

#pragma warning disable SYSLIB1054, CA5392 // three calls of the C library, by their plain types
    [DllImport("libc", EntryPoint = "open", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Flush(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int descriptor);
#pragma warning restore SYSLIB1054, CA5392
}

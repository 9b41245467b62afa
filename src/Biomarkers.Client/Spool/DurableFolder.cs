using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Biomarkers.Client.Spool;

/// <summary>Files of a folder that are there after a loss of power: their bytes and their names.</summary>
internal static class DurableFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int ReadOnly = 0;

    /// <summary>Opens a new file that only its owner can read, for writing.</summary>
    public static SafeFileHandle Create(string file)
    {
        RestrictNew(file, OwnerOnly);
        return File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
    }

    /// <summary>Puts a file in the place of another one, or of none: after a loss of power it is the old one or the new one.</summary>
    /// <param name="file">The file; beside it a draft of it is written, which ends with <c>.new</c>.</param>
    /// <param name="bytes">What it holds.</param>
    /// <param name="mode">Who may read it, before the umask; its owner alone by default.</param>
    public static void Replace(string file, ReadOnlySpan<byte> bytes, UnixFileMode mode = OwnerOnly)
    {
        string draft = $"{file}.new";
        File.Delete(draft);
        RestrictNew(draft, mode);
        using (SafeFileHandle handle = File.OpenHandle(draft, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            RandomAccess.Write(handle, bytes, 0);
            RandomAccess.FlushToDisk(handle);
        }

        File.Move(draft, file, overwrite: true);
        FlushFolderOf(file);
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

    private static void RestrictNew(string file, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        using var created = new FileStream(file, options);
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

using System.Diagnostics;
using System.Globalization;

namespace Biomarkers.Faults.Disks;

/// <summary>A disk of a few MiB in memory (tmpfs), which fills soon and can be made larger while it is used. Needs the rights of root.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string folder) => Folder = folder;

    /// <summary>Where it is mounted.</summary>
    public string Folder { get; }

    /// <summary>Bytes that are free.</summary>
    public long FreeBytes => new DriveInfo(Folder).AvailableFreeSpace;

    /// <summary>Whether this user may mount one.</summary>
    public static bool IsAllowed => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess;

    /// <summary>Mounts an empty one.</summary>
    /// <exception cref="InvalidOperationException">It can't be mounted.</exception>
    public static async Task<SmallDisk> MountAsync(string folder, int mebibytes, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        await RunAsync(cancellationToken, "mount", "-t", "tmpfs", "-o", Size(mebibytes), "tmpfs", folder);
        return new SmallDisk(folder);
    }

    /// <summary>Gives it another size, with everything that is on it.</summary>
    public Task ResizeAsync(int mebibytes, CancellationToken cancellationToken) => RunAsync(cancellationToken, "mount", "-o", $"remount,{Size(mebibytes)}", Folder);

    /// <summary>Takes room away until only so much is left.</summary>
    public void Fill(long bytesLeft)
    {
        using var ballast = new FileStream(Path.Combine(Folder, "ballast"), FileMode.Append);
        byte[] block = new byte[4096];
        while (FreeBytes >= bytesLeft + block.Length)
        {
            ballast.Write(block);
            ballast.Flush();
        }
    }

    public async ValueTask DisposeAsync() => await RunAsync(CancellationToken.None, "umount", "--lazy", Folder);

    private static string Size(int mebibytes) => string.Create(CultureInfo.InvariantCulture, $"size={mebibytes}m,mode=0700");

    private static async Task RunAsync(CancellationToken cancellationToken, params string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, UseShellExecute = false };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"'{command[0]}' was not started.");
        string error = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'{string.Join(' ', command)}' ended with {process.ExitCode}: {error}");
        }
    }
}

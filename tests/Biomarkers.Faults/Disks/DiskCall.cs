namespace Biomarkers.Faults.Disks;

/// <summary>What a program asked of its disk.</summary>
internal enum DiskCallKind
{
    /// <summary>Bytes written to a place of a file.</summary>
    Write,

    /// <summary>A file given a length.</summary>
    Truncate,

    /// <summary>A file, or a folder with its names, brought to the disk. There when the call has returned; holds what was written before it began.</summary>
    Sync,

    /// <summary>A name made for a new file.</summary>
    Create,

    /// <summary>A name removed.</summary>
    Unlink,
}

/// <summary>One call that changed a disk, or brought a change to it.</summary>
/// <param name="Time">When it began, in microseconds since 1970.</param>
/// <param name="Kind">What it was.</param>
/// <param name="Path">File or folder.</param>
/// <param name="Offset">Place of the bytes, or the new length.</param>
/// <param name="Bytes">What was written; empty for other calls.</param>
/// <param name="Began">For <see cref="DiskCallKind.Sync"/>: how many calls had been made when it began.</param>
internal sealed record DiskCall(long Time, DiskCallKind Kind, string Path, long Offset, byte[] Bytes, int Began);

using System.Diagnostics;
using System.Globalization;

namespace Biomarkers.Faults.Disks;

/// <summary>A call on the disk that fails.</summary>
/// <param name="At">Its number among all calls of the process on the files of its database, from 1 on; 0 for none.</param>
/// <param name="Error">What it says.</param>
/// <param name="IsForGood">Whether every later call fails too.</param>
internal sealed record DiskFault(int At, DiskError Error, bool IsForGood);

/// <summary>What a disk says when it fails, by Linux's number.</summary>
internal enum DiskError
{
    /// <summary>EIO: the device failed.</summary>
    Io = 5,

    /// <summary>ENOSPC: there is no room.</summary>
    NoSpace = 28,
}

/// <summary>A library that makes calls of a process on its disk fail, compiled by the machine's compiler.</summary>
internal sealed class FailingDisk
{
    /// <summary>The compiler.</summary>
    public const string Compiler = "gcc";

    private readonly string library;

    private FailingDisk(string library) => this.library = library;

    /// <summary>Compiles the library into a folder.</summary>
    public static async Task<FailingDisk> CompileAsync(string folder, CancellationToken cancellationToken)
    {
        string compiled = Path.Combine(folder, "failing_disk.so");
        string source = Path.Combine(AppContext.BaseDirectory, "Disks", "failing_disk.c");
        using Process compiler = Process.Start(Compiler, ["-shared", "-fPIC", "-O1", "-o", compiled, source, "-ldl", "-lpthread"]);
        await compiler.WaitForExitAsync(cancellationToken);
        return compiler.ExitCode == 0 ? new FailingDisk(compiled) : throw new InvalidOperationException($"{Compiler} could not compile '{source}'.");
    }

    /// <summary>Variables of a process whose calls on files of this beginning are counted, and fail as told.</summary>
    public Dictionary<string, string> Environment(string file, string log, DiskFault fault) => new()
    {
        ["LD_PRELOAD"] = library,
        ["FAILING_DISK_FILE"] = file,
        ["FAILING_DISK_LOG"] = log,
        ["FAILING_DISK_AT"] = fault.At.ToString(CultureInfo.InvariantCulture),
        ["FAILING_DISK_ERROR"] = ((int)fault.Error).ToString(CultureInfo.InvariantCulture),
        ["FAILING_DISK_ALWAYS"] = fault.IsForGood ? "1" : "0",
    };

    /// <summary>Calls that a process made, and those of them that failed.</summary>
    public static (string[] Calls, int Failed) ReadLog(string log)
    {
        string[] lines = File.Exists(log) ? File.ReadAllLines(log) : [];
        return ([.. lines.Select(line => line.Split(' ')[0])], lines.Count(line => line.Split(' ')[1] == "1"));
    }
}

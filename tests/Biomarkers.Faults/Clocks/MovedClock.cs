using System.Diagnostics;

namespace Biomarkers.Faults.Clocks;

/// <summary>The wall clock of a process, which is moved while it runs: by a library of its own, compiled by the machine's compiler, that adds what a file says. The
/// monotonic clock goes on.</summary>
internal sealed class MovedClock
{
    /// <summary>The compiler.</summary>
    public const string Compiler = "gcc";

    /// <summary>Where summer time begins and ends for the process.</summary>
    public const string Zone = "Europe/Copenhagen";

    private readonly string library;
    private readonly string file;

    private MovedClock(string library, string file)
    {
        this.library = library;
        this.file = file;
        Set(TimeSpan.Zero);
    }

    /// <summary>Compiles the library into a folder.</summary>
    public static async Task<MovedClock> CompileAsync(string folder, CancellationToken cancellationToken)
    {
        string compiled = Path.Combine(folder, "moved_clock.so");
        string source = Path.Combine(AppContext.BaseDirectory, "Clocks", "moved_clock.c");
        using Process compiler = Process.Start(Compiler, ["-shared", "-fPIC", "-O1", "-o", compiled, source, "-ldl"]);
        await compiler.WaitForExitAsync(cancellationToken);
        return compiler.ExitCode == 0
            ? new MovedClock(compiled, Path.Combine(folder, "moved_by"))
            : throw new InvalidOperationException($"{Compiler} could not compile '{source}'.");
    }

    /// <summary>Variables of a process that has this clock.</summary>
    public Dictionary<string, string> Environment => new() { ["LD_PRELOAD"] = library, ["MOVED_CLOCK_FILE"] = file, ["TZ"] = Zone };

    /// <summary>Says by how much the clock is off from here on; at once.</summary>
    public void Set(TimeSpan offset)
    {
        using var stream = new FileStream(file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        stream.Write(BitConverter.GetBytes(offset.Ticks * TimeSpan.NanosecondsPerTick));
    }
}

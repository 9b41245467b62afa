using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Biomarkers.Faults.Disks;

/// <summary>What a process asked of the disk in one folder, as <c>strace</c> wrote it down.</summary>
internal static partial class SystemCalls
{
    /// <summary>The program.</summary>
    public const string Recorder = "strace";

    // Longer than anything that is written at once: a database page, or a page of the log with its head.
    private const int LongestWrite = 1 << 20;

    /// <summary>The command that records another one, which follows it: the recorder is the grandchild, so that the recorded process can be signalled.</summary>
    /// <param name="file">Takes the record.</param>
    public static string[] Command(string file) =>
    [
        Recorder, "-D", "-f", "--seccomp-bpf", "-ttt", "-y", "-xx", "-s", LongestWrite.ToString(CultureInfo.InvariantCulture),
        "-e", "trace=pwrite64,pwritev,write,writev,fsync,fdatasync,sync_file_range,ftruncate,fallocate,unlink,unlinkat,rename,renameat,renameat2,openat,link", "-o", file,
    ];

    /// <summary>Reads a record; only calls that succeeded, on files and names of the folder.</summary>
    /// <param name="file">The record.</param>
    /// <param name="folder">The folder, as the process names it.</param>
    /// <param name="pattern">Beginning of the names of the files that count.</param>
    /// <exception cref="InvalidDataException">The record holds a call on them that the model does not know.</exception>
    public static List<DiskCall> Read(string file, string folder, string pattern)
    {
        var calls = new List<DiskCall>();
        var existing = new HashSet<string>(StringComparer.Ordinal);
        var unfinished = new Dictionary<string, (string Text, long Time, int Began)>(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(file))
        {
            Match head = Head().Match(line);
            if (!head.Success)
            {
                continue;
            }

            string thread = head.Groups["thread"].Value;
            long time = (long)(decimal.Parse(head.Groups["time"].Value, CultureInfo.InvariantCulture) * 1_000_000);
            string text = line[head.Length..];
            int began = calls.Count;
            if (text.EndsWith(" <unfinished ...>", StringComparison.Ordinal))
            {
                unfinished[thread] = (text[..^" <unfinished ...>".Length], time, began);
                continue;
            }

            if (Resumed().Match(text) is { Success: true } resumed)
            {
                // Without its beginning it was not asked of a disk.
                if (!unfinished.Remove(thread, out (string Text, long Time, int Began) beginning))
                {
                    continue;
                }

                (text, time, began) = (beginning.Text + text[resumed.Length..], beginning.Time, beginning.Began);
            }

            if (Parse(text, time, began, folder, pattern, existing) is { } call)
            {
                calls.Add(call);
            }
        }

        return calls;
    }

    private static DiskCall? Parse(string text, long time, int began, string folder, string pattern, HashSet<string> existing)
    {
        Match match = Call().Match(text);
        if (!match.Success || match.Groups["result"].Value.StartsWith('-'))
        {
            return null;
        }

        string name = match.Groups["name"].Value;
        string arguments = match.Groups["arguments"].Value;
        bool isByName = name is "openat" or "unlink" or "unlinkat" or "rename" or "renameat" or "renameat2" or "link";
        Match where = isByName ? Quoted().Match(arguments) : Descriptor().Match(arguments);
        string path = where.Success ? Unescape(where.Groups["hex"].Value) : string.Empty;
        bool isFolder = path == folder;
        bool isFile = !isFolder && Path.GetDirectoryName(path) == folder && Path.GetFileName(path).StartsWith(pattern, StringComparison.Ordinal);
        if (!isFile && !(isFolder && name is "fsync" or "fdatasync"))
        {
            return null;
        }

        string[] numbers = arguments[(arguments.LastIndexOfAny(['"', '>']) + 1)..].Split(", ", StringSplitOptions.RemoveEmptyEntries);
        switch (name)
        {
            case "pwrite64":
                byte[] bytes = Hex(Quoted().Match(arguments).Groups["hex"].Value);
                int written = int.Parse(match.Groups["result"].Value, CultureInfo.InvariantCulture);
                return new DiskCall(time, DiskCallKind.Write, path, Number(numbers[^1]), bytes[..written], began);
            case "ftruncate":
                return new DiskCall(time, DiskCallKind.Truncate, path, Number(numbers[^1]), [], began);
            case "fsync" or "fdatasync":
                return new DiskCall(time, DiskCallKind.Sync, path, 0, [], began);
            case "openat":
                return arguments.Contains("O_CREAT", StringComparison.Ordinal) && existing.Add(path) ? new DiskCall(time, DiskCallKind.Create, path, 0, [], began) : null;
            case "unlink":
                existing.Remove(path);
                return new DiskCall(time, DiskCallKind.Unlink, path, 0, [], began);
            default:
                throw new InvalidDataException($"The record holds '{name}' on '{path}'; expected calls that the model of the disk knows.");
        }
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static string Unescape(string hex) => Encoding.UTF8.GetString(Hex(hex));

    // "\x2f\x74" as the recorder writes every byte.
    private static byte[] Hex(string escaped)
    {
        byte[] bytes = new byte[escaped.Length / 4];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)((Digit(escaped[(4 * i) + 2]) << 4) | Digit(escaped[(4 * i) + 3]));
        }

        return bytes;
    }

    private static int Digit(char character) => character <= '9' ? character - '0' : character - 'a' + 10;

    [GeneratedRegex(@"^(?<thread>\d+) +(?<time>\d+\.\d+) ", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Head();

    [GeneratedRegex(@"^<\.\.\. \w+ resumed>", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Resumed();

    [GeneratedRegex(@"^(?<name>\w+)\((?<arguments>.*)\) += (?<result>-?\d+)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Call();

    [GeneratedRegex(@"""(?<hex>[\\x0-9a-f]*)""", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^\d+<(?<hex>[\\x0-9a-f]*)>", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Descriptor();
}

using System.Globalization;
using Biomarkers.Storage.Backups;

namespace Biomarkers.Server.Verbs;

/// <summary>Tells on the error stream how far a backup or a restore is: nothing while it is quick, then a line every two seconds.</summary>
internal sealed class BackupProgressLines(TimeProvider time) : IProgress<BackupProgress>
{
    private const double BytesPerMebibyte = 1 << 20;
    private const long LargeBytes = 64 << 20;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private long lastLine = time.GetTimestamp();

    public void Report(BackupProgress value)
    {
        // A step that can't tell how far it is takes long without another word where there is much to do: it is told when it begins.
        bool isSilent = value is { DoneBytes: null, AllBytes: > LargeBytes };
        if (!isSilent && time.GetElapsedTime(lastLine) < Pause)
        {
            return;
        }

        lastLine = time.GetTimestamp();
        string place = value is { DoneBytes: { } done, AllBytes: { } all }
            ? string.Create(CultureInfo.InvariantCulture, $" {done / BytesPerMebibyte:F0} of {all / BytesPerMebibyte:F0} MiB")
            : value.AllBytes is { } size ? string.Create(CultureInfo.InvariantCulture, $" {size / BytesPerMebibyte:F0} MiB") : "";
        Console.Error.WriteLine($"{value.Step}{place} ...");
    }
}

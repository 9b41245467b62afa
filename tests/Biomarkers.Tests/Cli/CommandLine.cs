using Biomarkers.Cli;

namespace Biomarkers.Tests.Cli;

/// <summary>Runs the executable in this process, with files in a folder of its own.</summary>
internal sealed class CommandLine : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("biomarkers-cli-").FullName;

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>Writes a file and gives its path.</summary>
    public string Write(string name, string text)
    {
        string path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    public static async Task<Outcome> RunAsync(params string[] args)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var output = new StringWriter();
        var error = new StringWriter();
        int code = await Program.RunAsync(args, output, error, patience.Token);
        return new Outcome(code, output.ToString(), error.ToString());
    }

    internal sealed record Outcome(int Code, string Output, string Error);
}

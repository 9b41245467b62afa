using System.Runtime.CompilerServices;

namespace Biomarkers.Tests.Architecture;

/// <summary>The files of the project as they stand on disk.</summary>
internal static class ProjectTree
{
    private static readonly string[] MadeFolders = ["bin", "obj", "TestResults", "node_modules", "__pycache__", ".vs", ".idea", ".git"];

    /// <summary>Folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Path of a file or folder of the project.</summary>
    public static string PathOf(string relative) => Path.Combine(Root, relative);

    /// <summary>Whether a tool makes a file or folder of this name, so that it is not part of the project.</summary>
    public static bool IsMade(string name) => MadeFolders.Contains(name);

    /// <summary>Files below a folder, by their path from the top with '/', without what tools make.</summary>
    public static IReadOnlyList<SourceFile> Files(string folder, string pattern) =>
    [
        .. Directory.EnumerateFiles(PathOf(folder), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(IsMade))
            .Order(StringComparer.Ordinal)
            .Select(path => new SourceFile(path, File.ReadAllText(PathOf(path)))),
    ];

    private static string FindRoot([CallerFilePath] string thisFile = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", ".."));
}

/// <summary>A file with its path from the top of the project.</summary>
internal sealed record SourceFile(string Path, string Text)
{
    /// <summary>Lines without their ends.</summary>
    public string[] Lines => Text.ReplaceLineEndings("\n").Split('\n');

    /// <summary>The project of a file in src/ or tests/.</summary>
    public string Project => Path.Split('/')[1];
}

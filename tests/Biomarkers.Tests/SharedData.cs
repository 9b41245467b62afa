using System.Runtime.CompilerServices;
using Xunit;

namespace Biomarkers.Tests;

/// <summary>Finds the reference data that stands beside the project, where it is.</summary>
internal static class SharedData
{
    /// <summary>Folder of the data, or null where it is absent.</summary>
    public static string? Folder { get; } = Find();

    public static string PathOf(string relative) =>
        Path.Combine(Folder ?? throw new InvalidOperationException("The reference data is absent; mark the test with [SharedDataFact]."), relative);

    private static string? Find([CallerFilePath] string thisFile = "")
    {
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", ".."));
        string folder = Path.GetFullPath(Path.Combine(root, "..", "shared", "data"));
        return Directory.Exists(folder) ? folder : null;
    }
}

/// <summary>A test that reads ../shared/data; skipped, visibly, where that is absent.</summary>
public sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute()
    {
        if (SharedData.Folder is null)
        {
            Skip = "The reference data is absent: put it at ../shared/data beside the project.";
        }
    }
}

/// <summary>A theory that reads ../shared/data; skipped, visibly, where that is absent.</summary>
public sealed class SharedDataTheoryAttribute : TheoryAttribute
{
    public SharedDataTheoryAttribute()
    {
        if (SharedData.Folder is null)
        {
            Skip = "The reference data is absent: put it at ../shared/data beside the project.";
        }
    }
}

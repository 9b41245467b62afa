using Xunit;

namespace Biomarkers.Tests.Architecture;

/// <summary>What a check of the project found.</summary>
internal static class Faults
{
    /// <summary>Fails with every fault in full, one a line.</summary>
    public static void None(IEnumerable<string> faults)
    {
        string[] found = [.. faults];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }
}

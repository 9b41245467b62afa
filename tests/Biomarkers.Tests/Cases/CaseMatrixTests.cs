using Biomarkers.Faults.Cases;
using Xunit;

namespace Biomarkers.Tests.Cases;

/// <summary>The matrix itself: whole, readable, and honest about what it does not show.</summary>
public sealed class CaseMatrixTests
{
    private const int CaseCount = 40;

    [Fact]
    public void Matrix_FortyCases_AreAllThere()
    {
        Assert.Equal(Enumerable.Range(1, CaseCount), IngestCase.All.Select(row => row.Id).Distinct());
        Assert.Equal(IngestCase.All.Count, IngestCase.All.Select(row => row.Name).Distinct().Count());
        Assert.All(IngestCase.All, row => Assert.Equal(IngestCase.All.Count(other => other.Id == row.Id) > 1, row.Part.Length == 1));
    }

    [Fact]
    public async Task Matrix_EveryRow_IsRunOrSaysWhereItIs()
    {
        Assert.All(IngestCase.All, row => Assert.True(row.Steps.Count > 0 || row.Elsewhere.Count > 0, $"Case {row.Name} is nowhere."));
        Assert.All(IngestCase.Ready, row => Assert.True(row.Plates.Count > 0, $"Case {row.Name} expects nothing of its plates."));
        foreach (IngestCase row in IngestCase.Ready)
        {
            Assert.Empty(await UnknownVerbsAsync(row));
        }
    }

    [Fact]
    public async Task Matrix_StepThatNobodyCanDo_IsFound()
    {
        Assert.Equal(["sedn"], await UnknownVerbsAsync(IngestCase.Ready[0] with { Steps = ["open", "sedn 0 P"] }));
        Assert.Throws<FormatException>(() => CaseStep.Parse("b:"));
    }

    [Fact]
    public void Matrix_TestsAndCommandsElsewhere_Exist()
    {
        HashSet<string> tests = [.. typeof(CaseMatrixTests).Assembly.GetTypes().SelectMany(type => type.GetMethods().Select(method => $"{type.Name}.{method.Name}"))];
        string map = File.ReadAllText(Architecture.ProjectTree.PathOf("src/README.md"));
        foreach (string place in IngestCase.All.SelectMany(row => row.Elsewhere))
        {
            Assert.True(place.StartsWith("biomarkers-faults ", StringComparison.Ordinal) ? map.Contains($"`{place}", StringComparison.Ordinal) : tests.Contains(place), place);
        }
    }

    [Fact]
    public void Matrix_Differences_AreSentences() =>
        Assert.All(IngestCase.All.Where(row => row.Difference is not null), row => Assert.EndsWith(".", row.Difference, StringComparison.Ordinal));

    private static async Task<IEnumerable<string>> UnknownVerbsAsync(IngestCase row)
    {
        await using var server = new CaseServer(new Uri("http://127.0.0.1:1"), string.Empty, null, _ => throw new InvalidOperationException("Nothing is asked."), null);
        await using var run = new CaseRun(row, "read", server);
        return [.. run.UnknownVerbs];
    }
}

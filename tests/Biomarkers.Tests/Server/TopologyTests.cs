using Biomarkers.Faults;
using Biomarkers.Tests.Architecture;
using Xunit;

namespace Biomarkers.Tests.Server;

/// <summary>The topology of the compose file, run natively by the script that people without containers use.</summary>
public sealed class TopologyTests : IDisposable
{
    private static readonly string Script = ProjectTree.PathOf("src/Biomarkers.Server/Deployment/native");

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-topology-");

    public void Dispose() => folder.Delete(recursive: true);

    /// <summary>What a rolling restart is for: nobody notices. Short; <c>biomarkers-faults rolling</c> is the long form, with a control that fails.</summary>
    [TopologyFact]
    public async Task RollingRestart_OfBothServersUnderLoad_FailsNoCallAndLosesNothing()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        using var session = new RollingSession(new RollingPlan(1, 0, 2, 2, 2, 10, 20261122), folder.FullName, _ => { });

        RollingReport report = await session.RunAsync(limit.Token);

        Assert.Empty(report.Retrying.Faults);
        Assert.Empty(report.Kept.Findings);
        Assert.True(report.IsClean, string.Join('\n', report.Lines()));
        // Every process of it has ended with the script.
        Assert.False(Directory.Exists(Path.Combine(folder.FullName, "run")));
    }

    [Theory]
    [InlineData("'sideways' is no command", "sideways")]
    [InlineData("--servers is '9'; expected 1 to 4", "up", "--servers", "9")]
    [InlineData("'--replicas' is no option", "up", "--replicas", "2")]
    [InlineData("needs a value", "up", "--data")]
    [InlineData("needs --data", "restart-server", "1")]
    [InlineData("Nothing runs in", "restart-server", "1", "--data", ".")]
    public async Task Script_WrongCall_SaysWhyAndStartsNothing(string reason, params string[] arguments)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        ProgramRun run = await ProgramRun.OfAsync(Script, arguments, folder.FullName);

        Assert.Equal((2, string.Empty), (run.ExitCode, run.Output));
        Assert.Contains(reason, Assert.Single(run.Error.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.Empty(folder.EnumerateFileSystemInfos());
    }
}

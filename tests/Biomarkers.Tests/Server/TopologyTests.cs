using Biomarkers.Tests.Architecture;
using Xunit;

namespace Biomarkers.Tests.Server;

/// <summary>The script that runs the topology of the compose file natively. <c>biomarkers-faults rolling</c> runs it and restarts its servers under load.</summary>
public sealed class TopologyTests : IDisposable
{
    private static readonly string Script = ProjectTree.PathOf("src/Biomarkers.Server/Deployment/native");

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-topology-");

    public void Dispose() => folder.Delete(recursive: true);

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

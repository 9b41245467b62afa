using Biomarkers.Tests.Architecture;
using Xunit;

namespace Biomarkers.Tests.Interop;

/// <summary>The container files hold what operators rely on.</summary>
public sealed class ComposeFileTests
{
    private static readonly string Compose = ProjectTree.PathOf("docker-compose.yml");

    [DockerComposeFact]
    public async Task ComposeFile_CheckedByDockerCompose_IsValid()
    {
        ProgramRun run = await ProgramRun.OfAsync("/usr/bin/docker-compose", ["-f", Compose, "config", "-q"], ProjectTree.Root);
        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
    }

    [DockerComposeFact]
    public async Task ComposeFile_WithAnUnknownKey_IsRefused()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-compose-");
        try
        {
            string broken = Path.Combine(folder.FullName, "docker-compose.yml");
            await File.WriteAllTextAsync(broken, (await File.ReadAllTextAsync(Compose)).Replace("cap_drop:", "cap_drops:", StringComparison.Ordinal));
            ProgramRun run = await ProgramRun.OfAsync("/usr/bin/docker-compose", ["-f", broken, "config", "-q"], folder.FullName);
            Assert.NotEqual(0, run.ExitCode);
            Assert.Contains("cap_drops", run.Error, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

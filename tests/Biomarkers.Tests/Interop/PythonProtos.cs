using Biomarkers.Tests.Architecture;
using Xunit;

namespace Biomarkers.Tests.Interop;

/// <summary>Python's code of the contract, made from protos/ by the stock tools.</summary>
internal static class PythonProtos
{
    /// <summary>Makes it, with the vendored google/ folders too, so that a script needs no package beyond grpc and protobuf.</summary>
    public static async Task GenerateAsync(string folder)
    {
        string protos = ProjectTree.PathOf("protos");
        string[] files = [.. ProjectTree.Files("protos", "*.proto").Select(file => ProjectTree.PathOf(file.Path))];
        ProgramRun run = await ProgramRun.OfAsync(
            "/usr/bin/protoc",
            ["-I", protos, $"--python_out={folder}", "--plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin", $"--grpc_out={folder}", .. files],
            folder);
        Assert.Empty(run.Error);
        run.OutputOrThrow();
    }

    /// <summary>Runs a script of this folder with it.</summary>
    public static Task<ProgramRun> RunAsync(string script, string folder, IEnumerable<string> arguments) => ProgramRun.OfAsync(
        "/usr/bin/python3",
        ["-B", ProjectTree.PathOf($"tests/Biomarkers.Tests/Interop/{script}"), .. arguments],
        folder,
        // PYTHONHOME and its like may be set for another Python.
        new Dictionary<string, string> { ["PYTHONPATH"] = folder, ["PYTHONNOUSERSITE"] = "1" });
}

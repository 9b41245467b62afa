using Biomarkers.Faults;
using Xunit;

namespace Biomarkers.Tests;

/// <summary>Programs of the machine that some tests run.</summary>
internal static class Tool
{
    /// <summary>Python with the stock gRPC packages, and the compiler of .proto files with its Python plug-in.</summary>
    public static IReadOnlyList<Tool.Requirement> PythonGrpc { get; } =
    [
        new("/usr/bin/python3", "python3"),
        new("/usr/lib/python3/dist-packages/grpc/__init__.py", "python3-grpcio"),
        new("/usr/lib/python3/dist-packages/google/protobuf/__init__.py", "python3-protobuf"),
        new("/usr/bin/protoc", "protobuf-compiler"),
        new("/usr/bin/grpc_python_plugin", "protobuf-compiler-grpc"),
        new("/usr/include/google/protobuf/timestamp.proto", "libprotobuf-dev"),
    ];

    /// <summary>Python with a parser of HL7 v2.</summary>
    public static IReadOnlyList<Tool.Requirement> PythonHl7 { get; } = [new("/usr/bin/python3", "python3"), new("/usr/lib/python3/dist-packages/hl7/__init__.py", "python3-hl7")];

    /// <summary>The checker of compose files.</summary>
    public static IReadOnlyList<Tool.Requirement> DockerCompose { get; } = [new("/usr/bin/docker-compose", "docker-compose"), new("/usr/lib/python3/dist-packages/yaml/__init__.py", "python3-yaml")];

    /// <summary>What verifies signatures without this project's code.</summary>
    public static IReadOnlyList<Tool.Requirement> OpenSsl { get; } = [new("/usr/bin/openssl", "openssl")];

    /// <summary>What the second verifier of the audit log needs: Python's standard library, and OpenSSL for signatures.</summary>
    public static IReadOnlyList<Tool.Requirement> LedgerVerifier { get; } = [new("/usr/bin/python3", "python3"), .. OpenSsl];

    /// <summary>A PostgreSQL server of a supported version.</summary>
    public static IReadOnlyList<Tool.Requirement> Postgres { get; } =
        [new(Path.Combine(LocalPostgres.FindBinaries() ?? "/usr/lib/postgresql", "postgres"), "postgresql")];

    /// <summary>The topology of replicas, natively.</summary>
    public static IReadOnlyList<Tool.Requirement> Topology { get; } = [.. Postgres, new("/usr/sbin/haproxy", "haproxy")];

    /// <summary>Whether a missing tool is a failure: so on the machine that decides.</summary>
    public static bool AllRequired => Environment.GetEnvironmentVariable("BIOMARKERS_REQUIRE_ALL") == "1";

    /// <summary>Why a test that needs these is skipped; null when it runs.</summary>
    public static string? SkipReason(IReadOnlyList<Requirement> requirements, Func<string, bool> exists, bool allRequired)
    {
        string[] missing = [.. requirements.Where(requirement => !exists(requirement.File)).Select(requirement => requirement.Package)];
        return missing.Length == 0 || allRequired ? null : $"Tools are missing: apt-get install {string.Join(' ', missing)}";
    }

    /// <summary>A file that shows that a Debian package is installed.</summary>
    internal sealed record Requirement(string File, string Package);
}

/// <summary>A test that runs <see cref="Tool.PythonGrpc"/>; skipped, visibly, where they are missing, unless all tools are required.</summary>
public sealed class PythonGrpcFactAttribute : FactAttribute
{
    public PythonGrpcFactAttribute() => Skip = Tool.SkipReason(Tool.PythonGrpc, File.Exists, Tool.AllRequired);
}

/// <summary>A test that runs <see cref="Tool.PythonHl7"/>; skipped, visibly, where they are missing, unless all tools are required.</summary>
public sealed class PythonHl7FactAttribute : FactAttribute
{
    public PythonHl7FactAttribute() => Skip = Tool.SkipReason(Tool.PythonHl7, File.Exists, Tool.AllRequired);
}

/// <summary>A theory that runs <see cref="Tool.PythonHl7"/>; skipped, visibly, where they are missing, unless all tools are required.</summary>
public sealed class PythonHl7TheoryAttribute : TheoryAttribute
{
    public PythonHl7TheoryAttribute() => Skip = Tool.SkipReason(Tool.PythonHl7, File.Exists, Tool.AllRequired);
}

/// <summary>A test that runs <see cref="Tool.DockerCompose"/>; skipped, visibly, where it is missing, unless all tools are required.</summary>
public sealed class DockerComposeFactAttribute : FactAttribute
{
    public DockerComposeFactAttribute() => Skip = Tool.SkipReason(Tool.DockerCompose, File.Exists, Tool.AllRequired);
}

/// <summary>A theory that runs <see cref="Tool.DockerCompose"/>; skipped, visibly, where it is missing, unless all tools are required.</summary>
public sealed class DockerComposeTheoryAttribute : TheoryAttribute
{
    public DockerComposeTheoryAttribute() => Skip = Tool.SkipReason(Tool.DockerCompose, File.Exists, Tool.AllRequired);
}

/// <summary>A test that runs <see cref="Tool.OpenSsl"/>; skipped, visibly, where it is missing, unless all tools are required.</summary>
public sealed class OpenSslFactAttribute : FactAttribute
{
    public OpenSslFactAttribute() => Skip = Tool.SkipReason(Tool.OpenSsl, File.Exists, Tool.AllRequired);
}

/// <summary>A test that runs <see cref="Tool.LedgerVerifier"/>; skipped, visibly, where it is missing, unless all tools are required.</summary>
public sealed class LedgerVerifierFactAttribute : FactAttribute
{
    public LedgerVerifierFactAttribute() => Skip = Tool.SkipReason(Tool.LedgerVerifier, File.Exists, Tool.AllRequired);
}

/// <summary>A test that runs <see cref="Tool.Postgres"/>; skipped, visibly, where it is missing, unless all tools are required.</summary>
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute() => Skip = Tool.SkipReason(Tool.Postgres, File.Exists, Tool.AllRequired);
}

/// <summary>A theory that runs <see cref="Tool.Postgres"/>; skipped, visibly, where it is missing, unless all tools are required.</summary>
public sealed class PostgresTheoryAttribute : TheoryAttribute
{
    public PostgresTheoryAttribute() => Skip = Tool.SkipReason(Tool.Postgres, File.Exists, Tool.AllRequired);
}

/// <summary>A test that runs <see cref="Tool.Topology"/>; skipped, visibly, where they are missing, unless all tools are required.</summary>
public sealed class TopologyFactAttribute : FactAttribute
{
    public TopologyFactAttribute() => Skip = Tool.SkipReason(Tool.Topology, File.Exists, Tool.AllRequired);
}

public sealed class ToolTests
{
    private static readonly Tool.Requirement[] Two = [new("/usr/bin/here", "here"), new("/usr/bin/gone", "gone")];

    [Fact]
    public void SkipReason_ToolMissing_SaysWhatToInstall() =>
        Assert.Equal("Tools are missing: apt-get install gone", Tool.SkipReason(Two, file => file.EndsWith("here", StringComparison.Ordinal), allRequired: false));

    [Fact]
    public void SkipReason_AllRequired_RunsTheTestSoThatItFails() => Assert.Null(Tool.SkipReason(Two, _ => false, allRequired: true));

    [Fact]
    public void SkipReason_AllThere_Runs() => Assert.Null(Tool.SkipReason(Two, _ => true, allRequired: false));
}

using System.Reflection;
using System.Xml.Linq;
using Xunit;

namespace Biomarkers.Tests.Architecture;

/// <summary>Who may use whom.</summary>
public sealed class ReferenceTests
{
    // Projects and packages that a project may use, directly or through another. A new line here is a decision about the shape of the
    // system, and src/README.md says it too.
    private static readonly Dictionary<string, Allowed> Table = new()
    {
        ["Contracts"] = new([], ["Google.Api.CommonProtos", "Google.Protobuf", "Grpc.Core.Api", "Grpc.Tools"]),
        ["Immunoassay"] = new([], ["MathNet.Numerics"]),
        ["Results"] = new(["Immunoassay"], []),
        ["Pipeline"] = new(["Immunoassay", "Results"], ["System.Threading.Channels"]),
        ["Storage"] = new(["Immunoassay", "Pipeline", "Results"], ["linq2db", "Microsoft.Data.Sqlite", "Npgsql"]),
        ["Instruments"] = new(["Immunoassay"], []),
        ["Interchange"] = new(["Immunoassay", "Results"], ["Hl7.Fhir.R4"]),
        ["Client"] = new(["Contracts"], ["Grpc.Net.Client", "Grpc.StatusProto"]),
        ["Simulation"] = new(["Client", "Contracts", "Immunoassay"], []),
        ["Server"] = new(
            ["Client", "Contracts", "Immunoassay", "Pipeline", "Results", "Simulation", "Storage"],
            [
                "Grpc.AspNetCore", "Grpc.AspNetCore.HealthChecks", "Grpc.AspNetCore.Server.Reflection", "Grpc.StatusProto",
                "Microsoft.AspNetCore.Authentication.JwtBearer", "Microsoft.AspNetCore.Grpc.JsonTranscoding", "OpenTelemetry.Exporter.OpenTelemetryProtocol", "OpenTelemetry.Extensions.Hosting",
                "OpenTelemetry.Instrumentation.AspNetCore", "Spectre.Console", "System.CommandLine",
            ]),
        ["Cli"] = new(
            ["Client", "Contracts", "Immunoassay", "Instruments", "Interchange", "Results", "Simulation", "Storage"],
            ["ScottPlot", "SkiaSharp.NativeAssets.Linux.NoDependencies", "Spectre.Console", "System.CommandLine"]),
    };

    private static readonly string[] TopLevel =
    [
        "protos", "src", "tests", "Biomarkers.sln", "README.md", "docker-compose.yml", ".ci", ".editorconfig", ".gitignore", "global.json",
        "Directory.Build.props", "Directory.Packages.props", "LICENSE", "CHANGELOG.md",
    ];

    public static TheoryData<string> Projects => [.. Directory.GetDirectories(ProjectTree.PathOf("src"), "Biomarkers.*").Select(path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Projects))]
    public void ProjectFile_Named_ReferencesWhatTheTableAllows(string project) =>
        Faults.None(FaultsOf(project, File.ReadAllText(ProjectTree.PathOf($"src/{project}/{project}.csproj")), Table));

    /// <summary>What the compiled code uses, also through another project, keeps to the table too.</summary>
    [Theory]
    [MemberData(nameof(Projects))]
    public void Assembly_Named_UsesWhatTheTableAllows(string project)
    {
        string[] used = [.. AssemblyOf(project).GetReferencedAssemblies().Select(name => ProjectOf(name.Name!)).OfType<string>()];
        Faults.None(used.Except(Table[ShortName(project)].Projects));
    }

    [Fact]
    public void ProjectFile_NotInTheTable_IsFound()
    {
        const string Storage = """
            <Project>
              <ItemGroup><PackageReference Include="Dapper" /></ItemGroup>
              <ItemGroup><ProjectReference Include="../Biomarkers.Server/Biomarkers.Server.csproj" /></ItemGroup>
            </Project>
            """;
        Assert.Equal(
            ["Biomarkers.Storage references project Server", "Biomarkers.Storage references package Dapper"],
            FaultsOf("Biomarkers.Storage", Storage, Table));
        Assert.Equal(["Biomarkers.Other is not in the table"], FaultsOf("Biomarkers.Other", Storage, Table));
    }

    /// <summary>The server itself takes nothing from the client or the simulation: only its demonstration does.</summary>
    [Fact]
    public void Server_OutsideDemo_UsesNeitherClientNorSimulation() => Faults.None(ProjectTree.Files("src/Biomarkers.Server", "*.cs").SelectMany(DemoFaults));

    [Fact]
    public void Server_ServiceThatSimulates_IsFound()
    {
        Assert.Single(DemoFaults(new SourceFile("src/Biomarkers.Server/Services/A.cs", "using Biomarkers.Simulation.Plates;\n")));
        Assert.Empty(DemoFaults(new SourceFile("src/Biomarkers.Server/Demo/A.cs", "using Biomarkers.Simulation.Plates;\n")));
    }

    [Fact]
    public void TopLevel_Folder_HoldsOnlyWhatBelongsThere() =>
        Faults.None(TopLevelFaults(Directory.EnumerateFileSystemEntries(ProjectTree.Root).Select(path => Path.GetFileName(path))));

    [Fact]
    public void TopLevel_OneMoreFile_IsFound() => Assert.Equal(["notes.txt"], TopLevelFaults(["src", "notes.txt", "bin"]));

    private static IEnumerable<string> FaultsOf(string project, string projectFile, Dictionary<string, Allowed> table)
    {
        if (!table.TryGetValue(ShortName(project), out Allowed? allowed))
        {
            return [$"{project} is not in the table"];
        }

        XDocument document = XDocument.Parse(projectFile);
        return Includes(document, "ProjectReference").Select(path => ShortName(Path.GetFileNameWithoutExtension(path))).Except(allowed.Projects)
            .Select(name => $"{project} references project {name}")
            .Concat(Includes(document, "PackageReference").Except(allowed.Packages).Select(name => $"{project} references package {name}"));
    }

    private static IEnumerable<string> DemoFaults(SourceFile file)
    {
        string code = CSharpText.Read(file.Text).Code;
        return file.Path.StartsWith("src/Biomarkers.Server/Demo/", StringComparison.Ordinal)
            ? []
            : new[] { "Biomarkers.Client", "Biomarkers.Simulation" }.Where(name => code.Contains(name, StringComparison.Ordinal)).Select(name => $"{file.Path} uses {name}");
    }

    private static IEnumerable<string> TopLevelFaults(IEnumerable<string> names) => names.Where(name => !TopLevel.Contains(name) && !ProjectTree.IsMade(name));

    private static IEnumerable<string> Includes(XDocument document, string element) => document.Descendants(element).Select(reference => reference.Attribute("Include")!.Value);

    private static string ShortName(string project) => project.Replace("Biomarkers.", string.Empty, StringComparison.Ordinal);

    internal static Assembly AssemblyOf(string project) => Assembly.Load(project switch
    {
        "Biomarkers.Server" => "biomarkers-server",
        "Biomarkers.Cli" => "biomarkers",
        _ => project,
    });

    private static string? ProjectOf(string assembly) => assembly switch
    {
        "biomarkers-server" => "Server",
        "biomarkers" => "Cli",
        _ => assembly.StartsWith("Biomarkers.", StringComparison.Ordinal) ? ShortName(assembly) : null,
    };

    private sealed record Allowed(string[] Projects, string[] Packages);
}

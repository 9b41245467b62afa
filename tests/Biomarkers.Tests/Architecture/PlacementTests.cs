using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace Biomarkers.Tests.Architecture;

/// <summary>Generated types and SQL stay in their places.</summary>
public sealed partial class PlacementTests
{
    private static readonly string[] MaySpeakProto =
    [
        "src/Biomarkers.Client/", "src/Biomarkers.Simulation/", "src/Biomarkers.Cli/",
        "src/Biomarkers.Server/Wire/", "src/Biomarkers.Server/Services/", "src/Biomarkers.Server/Demo/",
    ];

    private static readonly SourceFile[] Sources = [.. ProjectTree.Files("src", "*.cs")];

    [Fact]
    public void GeneratedTypes_InSources_StayAtTheEdges() => Faults.None(Sources.SelectMany(ProtoFaults));

    [Fact]
    public void GeneratedTypes_InThePipeline_AreFound() =>
        Assert.Single(ProtoFaults(new SourceFile("src/Biomarkers.Pipeline/A.cs", "using Biomarkers.V1;\n")));

    /// <summary>The core is compiled without the contract and without protobuf: no signature, field or cast can hold a generated type.</summary>
    [Theory]
    [InlineData("Biomarkers.Immunoassay")]
    [InlineData("Biomarkers.Instruments")]
    [InlineData("Biomarkers.Interchange")]
    [InlineData("Biomarkers.Pipeline")]
    [InlineData("Biomarkers.Results")]
    [InlineData("Biomarkers.Storage")]
    public void GeneratedTypes_InAssembliesOfTheCore_AreUnknown(string assembly) => Faults.None(ProtoAssemblies(Assembly.Load(assembly)));

    [Fact]
    public void GeneratedTypes_InTheClientsAssembly_AreFound() => Assert.Contains("Biomarkers.Contracts", ProtoAssemblies(Assembly.Load("Biomarkers.Client")));

    [Fact]
    public void Sql_InSources_StaysInStorage() => Faults.None(Sources.SelectMany(SqlFaults));

    public static TheoryData<string> Statements =>
    [
        "SELECT run_key FROM analytical_run",
        "select run_key\n from analytical_run",
        "INSERT INTO plate (barcode) VALUES (@barcode)",
        "UPDATE plate SET state = 1",
        "DELETE FROM plate",
        "CREATE TABLE a (b TEXT)",
        "PRAGMA journal_mode = WAL",
    ];

    [Theory]
    [MemberData(nameof(Statements))]
    public void Sql_InAService_IsFound(string statement)
    {
        string text = $"string sql = \"\"\"{statement}\"\"\";\n";
        Assert.Single(SqlFaults(new SourceFile("src/Biomarkers.Server/Services/A.cs", text)));
        Assert.Empty(SqlFaults(new SourceFile("src/Biomarkers.Storage/A.cs", text)));
    }

    /// <summary>Sentences for people use the same verbs.</summary>
    [Theory]
    [InlineData("Unable to select a model from 3 points")]
    [InlineData("Delete the file and update the path")]
    public void Sql_Sentence_IsNotFound(string sentence) => Assert.Empty(SqlFaults(new SourceFile("src/Biomarkers.Server/A.cs", $"string text = \"{sentence}\";\n")));

    private static IEnumerable<string> ProtoFaults(SourceFile file) =>
        !MaySpeakProto.Any(place => file.Path.StartsWith(place, StringComparison.Ordinal)) && GeneratedNamespace().IsMatch(CSharpText.Read(file.Text).Code)
            ? [$"{file.Path} uses generated types"]
            : [];

    private static IEnumerable<string> ProtoAssemblies(Assembly assembly) =>
        assembly.GetReferencedAssemblies().Select(name => name.Name!).Where(name => name is "Biomarkers.Contracts" or "Google.Protobuf" || name.StartsWith("Grpc.", StringComparison.Ordinal));

    private static IEnumerable<string> SqlFaults(SourceFile file) =>
        file.Project == "Biomarkers.Storage"
            ? []
            : CSharpText.Read(file.Text).Literals.Where(literal => Sql().IsMatch(literal.Text)).Select(literal => $"{file.Path}:{literal.Line}: SQL outside Storage: {literal.Text.Trim()}");

    [GeneratedRegex(@"\bBiomarkers\.V1\b|\bGoogle\.Protobuf\b")]
    private static partial Regex GeneratedNamespace();

    // In capitals anywhere, in small letters where a statement begins.
    [GeneratedRegex(@"(?:\bSELECT\b[\s\S]+\bFROM\b|\bINSERT\s+(?:OR\s+\w+\s+)?INTO\b|\bUPDATE\s+\S+\s+SET\b|\bDELETE\s+FROM\b|\b(?:CREATE|DROP|ALTER)\s+(?:TABLE|INDEX|TRIGGER)\b|\bPRAGMA\s)|^\s*(?i:select\s[\s\S]+\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s)")]
    private static partial Regex Sql();
}

using System.Text.RegularExpressions;
using Xunit;

namespace Biomarkers.Tests.Architecture;

/// <summary>What keeps every file readable, and free of what does not belong in a source.</summary>
public sealed partial class TidinessTests
{
    private const int FileLines = 400;
    private const int FunctionLines = 70;
    private const int CodeColumns = 180;
    private const int ProtoColumns = 140;

    private static readonly SourceFile[] Sources = [.. ProjectTree.Files("src", "*.cs"), .. ProjectTree.Files("tests", "*.cs")];

    [Fact]
    public void Sources_AllFiles_AreTidy() => Faults.None(Sources.SelectMany(FaultsOf));

    [Fact]
    public void Protos_AllFiles_KeepTheLineLength() =>
        Faults.None(ProjectTree.Files("protos/biomarkers", "*.proto").SelectMany(file => LongLines(file, file.Lines, ProtoColumns)));

    [Fact]
    public void OtherTexts_AllFiles_NameNoMachine() =>
        Faults.None(OtherTexts().SelectMany(file => file.Lines.SelectMany((line, i) => MachineFaults(file, i, line))));

    public static TheoryData<string, string> Violations => new()
    {
        { string.Concat(Enumerable.Repeat("int a;\n", FileLines + 1)), "lines" },
        { "class A\n{\n    void B()\n    {\n" + string.Concat(Enumerable.Repeat("        b();\n", FunctionLines)) + "    }\n}\n", "function of 73 lines" },
        // An expression-bodied function and a generic one with a constraint are functions, too.
        { "class A\n{\n    int B() =>\n" + string.Concat(Enumerable.Repeat("        1 +\n", FunctionLines)) + "        1;\n}\n", "function of 72 lines" },
        { "class A\n{\n    void B<T>()\n        where T : class\n    {\n" + string.Concat(Enumerable.Repeat("        b();\n", FunctionLines)) + "    }\n}\n", "function of 74 lines" },
        { "int " + new string('a', CodeColumns) + ";\n", "columns" },
        { "// TO" + "DO later\n", "leftover" },
        { "throw new Not" + "ImplementedException();\n", "leftover" },
        { "try { a(); } catch { }\n", "swallows" },
        { "try { a(); } catch (Exception) { /* later */ }\n", "swallows" },
        { "try { a(); } catch (IOException exception) when (b) { }\n", "swallows" },
        { "string a = \"/ho" + "me/kim/plates\";\n", "machine" },
        { "// see https://api.nu" + "get.org/v3/index.json\n", "package source" },
    };

    [Theory]
    [MemberData(nameof(Violations))]
    public void Sources_Violation_IsFound(string text, string expected) =>
        Assert.Contains(expected, Assert.Single(FaultsOf(new SourceFile("src/A/A.cs", text))), StringComparison.Ordinal);

    public static TheoryData<string> Allowed =>
    [
        // A table is data, however long.
        "class A\n{\n    private static readonly int[] B =\n    [\n" + string.Concat(Enumerable.Repeat("        1,\n", FunctionLines + 5)) + "    ];\n}\n",
        // A sentence for a person stands on one line, where it can be searched for.
        "string a = \"" + new string('a', CodeColumns) + "\";\n",
        // Braces, quotes and comment signs inside literals are text.
        "class A\n{\n    string B() => $\"{c(\"}\")} {{ // \" + @\"\"\"{\" + '\"' + \"\"\"{ \"\" \"\"\";\n    void D() { }\n}\n",
    ];

    [Theory]
    [MemberData(nameof(Allowed))]
    public void Sources_Allowed_IsNotFound(string text) => Assert.Equal([], FaultsOf(new SourceFile("src/A/A.cs", text)));

    internal static IEnumerable<string> FaultsOf(SourceFile file)
    {
        CSharpText read = CSharpText.Read(file.Text);
        if (file.Lines.Length - 1 > FileLines)
        {
            yield return $"{file.Path}: {file.Lines.Length - 1} lines; at most {FileLines}";
        }

        foreach (Function function in MemberLengths.Of(read.Code).Where(function => function.Length > FunctionLines))
        {
            yield return $"{file.Path}:{function.Line}: function of {function.Length} lines; at most {FunctionLines}";
        }

        foreach (string fault in LongLines(file, WithoutLiterals(file.Lines, read.Code.Split('\n')), CodeColumns))
        {
            yield return fault;
        }

        foreach (Match empty in EmptyCatch().Matches(read.Code))
        {
            if (!HasReason(file.Lines, CSharpText.LineOf(read.Code, empty.Index), CSharpText.LineOf(read.Code, empty.Index + empty.Length), empty.Value))
            {
                yield return $"{file.Path}:{CSharpText.LineOf(read.Code, empty.Index)}: swallows a fault";
            }
        }

        for (int i = 0; i < file.Lines.Length; i++)
        {
            if (Leftover().IsMatch(file.Lines[i]))
            {
                yield return $"{file.Path}:{i + 1}: leftover: {file.Lines[i].Trim()}";
            }

            foreach (string fault in MachineFaults(file, i, file.Lines[i]))
            {
                yield return fault;
            }
        }
    }

    // A named exception that is expected may be let go where a comment of its own line says why; all exceptions never.
    private static bool HasReason(string[] lines, int first, int last, string code) =>
        !CatchesAll().IsMatch(code) && lines[(first - 1)..last].Any(line => line.TrimStart().StartsWith("// ", StringComparison.Ordinal));

    private static IEnumerable<string> MachineFaults(SourceFile file, int index, string line)
    {
        if (MachinePath().IsMatch(line))
        {
            yield return $"{file.Path}:{index + 1}: path of a machine: {line.Trim()}";
        }

        if (PackageSource().IsMatch(line))
        {
            yield return $"{file.Path}:{index + 1}: address of a package source: {line.Trim()}";
        }
    }

    private static IEnumerable<string> LongLines(SourceFile file, string[] lines, int columns) =>
        lines.Select((line, i) => (line, i)).Where(at => at.line.Length > columns).Select(at => $"{file.Path}:{at.i + 1}: {at.line.Length} columns; at most {columns}");

    private static string[] WithoutLiterals(string[] lines, string[] code) =>
        [.. lines.Select((line, i) => line.Contains('"', StringComparison.Ordinal) ? LongBlank().Replace(code[i], "\"\"") : line)];

    private static IEnumerable<SourceFile> OtherTexts() =>
        new[] { "*.csproj", "*.proto", "*.md", "*.yml", "*.props", "*.json", "*.py", "*.sql", "Dockerfile*" }
            .SelectMany(pattern => ProjectTree.Files(".", pattern))
            .Concat(Directory.Exists(ProjectTree.PathOf(".ci")) ? ProjectTree.Files(".ci", "*") : []);

    [GeneratedRegex(@"\b(TO" + "DO|FIX" + @"ME|HA" + "CK|NotImplemented" + @"Exception)\b")]
    private static partial Regex Leftover();

    [GeneratedRegex(@"\bcatch\s*(\([^)]*\))?\s*(when\s*\((?>[^()]+|\((?<d>)|\)(?<-d>))*\)\s*)?\{\s*\}")]
    private static partial Regex EmptyCatch();

    [GeneratedRegex(@"^catch\s*(\(\s*(System\.)?Exception\b[^)]*\)\s*)?\{")]
    private static partial Regex CatchesAll();

    [GeneratedRegex(@"(?<![\w.~$}])/(home|root|work|tmp|Users)/\w|[A-Z]:\\Users\\")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"https?://\S*(nuget|npmjs|pypi)\b")]
    private static partial Regex PackageSource();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex LongBlank();
}

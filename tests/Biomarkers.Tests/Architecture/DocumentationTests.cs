using System.Reflection;
using System.Text.RegularExpressions;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Results.Review;
using Biomarkers.Server.Verbs;
using Biomarkers.Tests.Server;
using Xunit;

namespace Biomarkers.Tests.Architecture;

/// <summary>The pages for people name what exists, and all of it.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string ReadMe = File.ReadAllText(ProjectTree.PathOf("README.md"));
    private static readonly string Map = File.ReadAllText(ProjectTree.PathOf("src/README.md"));

    [Fact]
    public void Pages_NamesOfTests_Exist()
    {
        Assert.NotEmpty(TestName().Matches(Map));
        Faults.None(UnknownTests(Map));
    }

    [Fact]
    public void Pages_NameOfNoTest_IsFound() => Assert.Equal(["PurityTests.Gone_A_B"], UnknownTests("held by `PurityTests.Gone_A_B`"));

    [Fact]
    public void ReadMe_CodesAndReasons_AreAllThere()
    {
        Faults.None(Missing(ReadMe, ConstantsOf(typeof(FlagCodes))));
        Faults.None(Missing(ReadMe, ConstantsOf(typeof(FaultReasons))));
        Faults.None(Missing(ReadMe, ConstantsOf(typeof(ReleaseObstacles))));
        Faults.None(Missing(ReadMe, ReasonsOfErrors()));
    }

    [Fact]
    public void ReadMe_AddressesOfJson_AreAllThere() =>
        Faults.None(Missing(Parameter().Replace(ReadMe, "*"), ProjectTree.Files("protos/biomarkers", "*.proto").SelectMany(Addresses)));

    [Fact]
    public void ReadMe_MetricsAndOptionsOfTheServer_AreAllThereAndNoOthers()
    {
        string[] metrics = TelemetryTests.MetricNames();
        Assert.NotEmpty(metrics);
        Faults.None(Missing(ReadMe, metrics));
        Assert.Equal(metrics.Order(), MetricRow().Matches(ReadMe).Select(match => match.Groups["name"].Value).Order());
        string[] options = [.. ServeVerb.CreateRoot().Options.Select(option => option.Name).Where(name => name.StartsWith("--", StringComparison.Ordinal))];
        Faults.None(options.Except(["--help", "--version"]).Where(option => !ReadMe.Contains(option, StringComparison.Ordinal)).Select(option => $"{option} is not on the page"));
    }

    [Fact]
    public void Map_ProjectsAndFolders_AreAllThere() =>
        Faults.None(Missing(Map, Directory.GetDirectories(ProjectTree.PathOf("src"), "Biomarkers.*").Select(path => Path.GetFileName(path))));

    [Fact]
    public void Pages_MissingWord_IsFound() => Assert.Equal(["W_NEW is not on the page"], Missing("`W_NAN`", ["W_NAN", "W_NEW"]));

    private static IEnumerable<string> Missing(string page, IEnumerable<string> words) =>
        words.Distinct().Where(word => !page.Contains($"`{word}`", StringComparison.Ordinal)).Select(word => $"{word} is not on the page");

    private static IEnumerable<string> UnknownTests(string page) =>
        TestName().Matches(page).Select(match => match.Groups[1].Value).Where(name => !typeof(DocumentationTests).Assembly.GetTypes().Any(
            type => name.StartsWith($"{type.Name}.", StringComparison.Ordinal) && type.GetMethod(name[(type.Name.Length + 1)..]) is not null));

    private static IEnumerable<string> ConstantsOf(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!);

    // Whatever the server's sources pass as the reason of an error.
    private static IEnumerable<string> ReasonsOfErrors() =>
        ProjectTree.Files("src/Biomarkers.Server", "*.cs").SelectMany(file => CSharpText.Read(file.Text).Literals)
            .Select(literal => literal.Text).Where(text => Reason().IsMatch(text));

    private static IEnumerable<string> Addresses(SourceFile file) =>
        HttpAddress().Matches(file.Text).Select(match => Variable().Replace(match.Groups[1].Value, "$1"));

    [GeneratedRegex(@"`(\w+Tests\.\w+_\w+)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"^\| `(?<name>biomarkers\.[a-z_.]+)` \|", RegexOptions.Multiline)]
    private static partial Regex MetricRow();

    [GeneratedRegex(@"^[A-Z]+(_[A-Z]+)+$")]
    private static partial Regex Reason();

    [GeneratedRegex("(?:get|post): \"([^\"]+)\"")]
    private static partial Regex HttpAddress();

    // {name=plates/*} stands for plates/* in the address.
    [GeneratedRegex(@"\{\w+=([^}]+)\}")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Parameter();
}

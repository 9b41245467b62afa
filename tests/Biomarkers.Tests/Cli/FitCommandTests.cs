using System.Text.Json;
using Xunit;

namespace Biomarkers.Tests.Cli;

public sealed class FitCommandTests : IDisposable
{
    /// <summary>DNase ELISA, run 1: R datasets::DNase (Davidian and Giltinan 1995); columns turned around, and one more.</summary>
    private const string DNase =
        """
        response,well,Concentration
        0.017,A1,0.04882812
        0.018,A2,0.04882812
        0.121,B1,0.1953125
        0.124,B2,0.1953125
        0.206,C1,0.390625
        0.215,C2,0.390625
        0.377,D1,0.78125
        0.374,D2,0.78125
        0.614,E1,1.5625
        0.609,E2,1.5625
        1.019,F1,3.125
        1.001,F2,3.125

        1.334,G1,6.25
        1.364,G2,6.25
        1.73,H1,12.5
        1.71,H2,12.5
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("biomarkers-fit-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Fit_Json_GivesTheCurveOfOtherPrograms()
    {
        Outcome outcome = await RunAsync(DNase, "--model", "4pl", "--weights", "1/y2", "--predict", "0.1,5", "--json");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        using var document = JsonDocument.Parse(outcome.Output);
        JsonElement root = document.RootElement;
        Assert.Equal("4pl", root.GetProperty("model").GetString());
        Assert.Equal("1/y2", root.GetProperty("weights").GetString());
        Assert.Equal("converged", root.GetProperty("termination").GetString());
        Assert.Equal(12, root.GetProperty("degreesOfFreedom").GetInt32());
        // The lowest level lies where 1/y2 weighs it most, and no 4PL passes there.
        Assert.Equal(["C_LACK_OF_FIT", "C_OUTLIER"], root.GetProperty("flags").EnumerateArray().Select(flag => flag.GetProperty("code").GetString()));

        // scipy with 30-digit mpmath, and R's nls.
        Assert.Equal(0.02032659956000074, root.GetProperty("weightedSumOfSquares").GetDouble(), 1e-10);
        JsonElement parameters = root.GetProperty("parameters");
        Assert.Equal(-0.03288567663164294, parameters.GetProperty("lowerAsymptote").GetDouble(), 1e-9);
        Assert.Equal(2.898691838219501, parameters.GetProperty("upperAsymptote").GetDouble(), 1e-9);
        Assert.Equal(7.255534714390131, parameters.GetProperty("inflection").GetDouble(), 1e-9);
        Assert.Equal(-0.8089657615670986, parameters.GetProperty("slope").GetDouble(), 1e-9);
        Assert.False(parameters.TryGetProperty("asymmetry", out _));
        Assert.Equal(0.03725342272535383, root.GetProperty("standardErrors").GetProperty("slope").GetDouble(), 1e-9);

        JsonElement inside = root.GetProperty("predictions")[0];
        Assert.Equal("quantified", inside.GetProperty("rangeStatus").GetString());
        double x = inside.GetProperty("concentration").GetDouble();
        Assert.InRange(x, inside.GetProperty("lower").GetDouble(), inside.GetProperty("upper").GetDouble());
        Assert.Equal(0.1, -0.03288567663164294 + ((2.898691838219501 + 0.03288567663164294) / (1 + Math.Pow(x / 7.255534714390131, -0.8089657615670986))), 1e-9);
        JsonElement beyond = root.GetProperty("predictions")[1];
        Assert.Equal("above-uloq", beyond.GetProperty("rangeStatus").GetString());
        Assert.False(beyond.TryGetProperty("concentration", out _));
    }

    [Fact]
    public async Task Fit_ForPeople_PrintsATable()
    {
        Outcome outcome = await RunAsync(DNase, "--model", "5pl", "--fix", "lowerAsymptote=0", "--fix", "asymmetry=1", "--predict", "0.1");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Contains("inflection", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("quantified", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fit_UnidentifiableCurve_IsFlaggedInTheAnswer()
    {
        Outcome outcome = await RunAsync("concentration,response\n1,0.9\n2,3.6\n4,14.4\n8,57.6\n16,230.4\n32,921.6\n", "--json");
        using var document = JsonDocument.Parse(outcome.Output);
        Assert.Equal(0, outcome.Code);
        Assert.Equal("converged-at-bound", document.RootElement.GetProperty("termination").GetString());
        Assert.Contains("C_ILL_CONDITIONED", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fit_UnusableFit_AnswersWithOne()
    {
        Outcome outcome = await RunAsync("concentration,response\n1,2\n2,2\n4,2\n8,2\n16,2\n", "--json", "--predict", "2");
        Assert.Equal((1, ""), (outcome.Code, outcome.Error));
        using var document = JsonDocument.Parse(outcome.Output);
        Assert.Equal("no-response-range", document.RootElement.GetProperty("termination").GetString());
        Assert.Equal("not-determined", document.RootElement.GetProperty("predictions")[0].GetProperty("rangeStatus").GetString());
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("\n  \n", "is empty")]
    [InlineData("concentration,response\n", "ends after its header")]
    [InlineData("1,2\n3,4\n", "column 'concentration'")] // no header
    [InlineData("conc,response\n1,2\n", "line 1: Expected a header line with one column 'concentration'")]
    [InlineData("concentration,response,response\n1,2,3\n", "stands 2 times")]
    [InlineData("concentration;response\n1;2\n", "separated by semicolons")]
    [InlineData("concentration;response\n1,5;2\n", "line 2, column concentration: '1,5' has a comma")] // both faults at once
    [InlineData("concentration\tresponse\n1\t2\n", "separated by tabs")]
    [InlineData("concentration,response\n1,5,2\n", "decimal comma")]
    [InlineData("concentration,response\n\"1,234\",2\n", "'1,234' has a comma, which may mean a decimal or thousands")]
    [InlineData("concentration,response\n1,NaN\n", "line 2, column response: Expected a finite number; got 'NaN'")]
    [InlineData("concentration,response\n1,1e999\n", "finite")]
    [InlineData("concentration,response\n1,high\n", "'high' is no number")]
    [InlineData("concentration,response\n1,\n", "line 2, column response: The cell is empty")]
    [InlineData("concentration,response\n-1,2\n", "line 2, column concentration: Expected a concentration of zero or more; got '-1'")]
    [InlineData("concentration,response\n1,1\n2,2\n3,3\n4,4\n4,4\n", "4 distinct concentrations (1, 2, 3, 4); 4pl with 4 free parameters expects at least 5")]
    [InlineData("\u001b[31m\u0000binary", "missing from '?[31m?binary'")] // nothing that a terminal would obey
    [InlineData("concentration,response\n1\n", "Expected 2 cells as in the header; got 1")]
    public async Task Fit_BadFile_IsRefusedWithPlaceAndExpectation(string text, string expected)
    {
        Outcome outcome = await RunAsync(text, "--json");
        Assert.Equal(2, outcome.Code);
        Assert.Equal("", outcome.Output);
        Assert.Contains(expected, outcome.Error, StringComparison.Ordinal);
        Assert.All(outcome.Error.Trim().Split('\n'), line => Assert.StartsWith(folder, line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Fit_ManyFaults_AreAllToldAtOnce()
    {
        Outcome outcome = await RunAsync(
            "concentration,response\n0,1\n1,-2\nx,3\n-4,NaN\n", "--model", "loglog", "--weights", "1/y", "--fix", "slope=1", "--predict", "1,b");
        string[] lines = outcome.Error.Trim().Split('\n');
        Assert.Equal(2, outcome.Code);
        Assert.Contains(lines, line => line.Contains("--predict", StringComparison.Ordinal) && line.Contains("'b'", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("--fix", StringComparison.Ordinal) && line.Contains("intercept, logLogSlope", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("line 4, column concentration: 'x'", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("line 5, column concentration", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("line 5, column response", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Fit_WeightsThatAreNotDefined_NameEveryLine()
    {
        Outcome outcome = await RunAsync("concentration,response\n0,0\n1,1\n2,-2\n3,3\n4,4\n5,5\n", "--weights", "1/y");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("line 2, column response: A response of 0 has no weight under '1/y'", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("line 4, column response: A response of -2", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--model", "6pl")]
    [InlineData("--weights", "2/y")]
    [InlineData("--fix", "slope")]
    [InlineData("--fix", "slope=abc")]
    [InlineData("--fix", "slope=0")]
    [InlineData("--unknown", "1")]
    public async Task Fit_BadOption_IsRefused(string option, string value)
    {
        Outcome outcome = await RunAsync(DNase, option, value);
        Assert.Equal(2, outcome.Code);
        Assert.Contains(option, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fit_NoSuchFile_IsRefused()
    {
        var error = new StringWriter();
        int code = await Biomarkers.Cli.Program.RunAsync(["fit", Path.Combine(folder, "none.csv")], TextWriter.Null, error, CancellationToken.None);
        Assert.Equal(2, code);
        Assert.Contains("No such file", error.ToString(), StringComparison.Ordinal);
        code = await Biomarkers.Cli.Program.RunAsync(["fit", folder], TextWriter.Null, error, CancellationToken.None);
        Assert.Equal(2, code);
        Assert.Contains("folder", error.ToString(), StringComparison.Ordinal);
    }

    private async Task<Outcome> RunAsync(string text, params string[] options)
    {
        string path = Path.Combine(folder, "points.csv");
        await File.WriteAllTextAsync(path, text);
        var output = new StringWriter();
        var error = new StringWriter();
        int code = await Biomarkers.Cli.Program.RunAsync(["fit", path, .. options], output, error, CancellationToken.None);
        return new Outcome(code, output.ToString(), error.ToString());
    }

    private sealed record Outcome(int Code, string Output, string Error);
}

using System.Globalization;
using System.Text.Json;
using Biomarkers.Immunoassay.Curves;
using Xunit;

namespace Biomarkers.Tests.Cli;

/// <summary>What the options of <c>biomarkers fit</c> add to a fit.</summary>
public sealed class FitOptionsTests : IDisposable
{
    // Fourteen points of a line with fixed disturbances, in duplicate: what follows has closed forms.
    private static readonly double[] LineX = [1, 1, 2, 2, 3, 3, 5, 5, 7, 7, 9, 9, 12, 12];
    private static readonly double[] LineY = [3.1, 2.9, 5.2, 5.1, 6.8, 7.2, 11.1, 10.7, 15.3, 14.8, 19.2, 18.9, 24.8, 25.3];

    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    /// <summary>x exp(-+ t s / (b x) sqrt(1/m + 1/n + (x - mean)^2 / Sxx)): the delta interval of a straight line.</summary>
    [Fact]
    public async Task Delta_OfALine_IsItsClosedForm()
    {
        JsonElement root = await AnswerAsync(LineX, LineY, "--model", "linear", "--predict", "13", "--replicates", "3", "--interval", "delta");
        double slope = root.GetProperty("parameters").GetProperty("linearCoefficient").GetDouble();
        double intercept = root.GetProperty("parameters").GetProperty("intercept").GetDouble();
        double mean = LineX.Average();
        double sxx = LineX.Sum(x => (x - mean) * (x - mean));
        double s = Math.Sqrt(LineX.Zip(LineY, (x, y) => Math.Pow(y - intercept - (slope * x), 2)).Sum() / 12);
        const double t = 2.1788128296634177; // Student's t, 97.5 %, 12 degrees of freedom: R's qt(0.975, 12)
        double estimate = (13 - intercept) / slope;
        double reach = t * s / (slope * estimate) * Math.Sqrt((1.0 / 3) + (1.0 / 14) + (Math.Pow(estimate - mean, 2) / sxx));
        JsonElement prediction = root.GetProperty("predictions")[0];
        Assert.Equal(estimate, prediction.GetProperty("concentration").GetDouble(), 1e-12);
        Assert.Equal(estimate * Math.Exp(-reach), prediction.GetProperty("lower").GetDouble(), 1e-9);
        Assert.Equal(estimate * Math.Exp(reach), prediction.GetProperty("upper").GetDouble(), 1e-9);
        Assert.Equal((3, "delta"), (root.GetProperty("replicates").GetInt32(), root.GetProperty("intervalMethod").GetString()));

        JsonElement interval = root.GetProperty("confidenceIntervals").GetProperty("linearCoefficient");
        Assert.Equal(slope - (t * s / Math.Sqrt(sxx)), interval.GetProperty("lower").GetDouble(), 1e-9);
        Assert.Equal(slope + (t * s / Math.Sqrt(sxx)), interval.GetProperty("upper").GetDouble(), 1e-9);
    }

    [Fact]
    public async Task Replicates_More_NarrowTheIntervalAndTubesWidenIt()
    {
        double one = WidthOf(await AnswerAsync(LineX, LineY, "--model", "linear", "--predict", "13"));
        double four = WidthOf(await AnswerAsync(LineX, LineY, "--model", "linear", "--predict", "13", "--replicates", "4"));
        JsonElement tubes = await AnswerAsync(LineX, LineY, "--model", "linear", "--predict", "13", "--replicates", "4", "--tube-cv", "5");
        Assert.True(four < one && four < WidthOf(tubes));
        Assert.Equal(5, tubes.GetProperty("tubeCvPercent").GetDouble());
    }

    [Fact]
    public async Task Bootstrap_SameSeed_GivesTheSameIntervalAroundTheInvertedOne()
    {
        string[] options = ["--model", "linear", "--predict", "13", "--interval", "bootstrap", "--resamples", "999"];
        JsonElement first = await AnswerAsync(LineX, LineY, [.. options, "--seed", "7"]);
        JsonElement again = await AnswerAsync(LineX, LineY, [.. options, "--seed", "7"]);
        JsonElement other = await AnswerAsync(LineX, LineY, [.. options, "--seed", "8"]);
        Assert.Equal(EndsOf(first), EndsOf(again));
        Assert.NotEqual(EndsOf(first), EndsOf(other));
        Assert.Equal((7, 999), (first.GetProperty("seed").GetInt32(), first.GetProperty("resamples").GetInt32()));

        // 999 draws tell each end to some percent of the width.
        Assert.Equal(1, WidthOf(first) / WidthOf(await AnswerAsync(LineX, LineY, "--model", "linear", "--predict", "13")), 0.25);
    }

    [Theory]
    [InlineData("huber")]
    [InlineData("bisquare")]
    public async Task Robust_OneWildWell_CountsLessAndIsSaid(string loss)
    {
        double[] wild = [.. LineY.Select((y, i) => i == 6 ? y + 9 : y)];
        JsonElement plain = await AnswerAsync(LineX, wild, "--model", "linear");
        JsonElement robust = await AnswerAsync(LineX, wild, "--model", "linear", "--robust", loss);
        JsonElement clean = await AnswerAsync(LineX, LineY, "--model", "linear");
        double Miss(JsonElement answer) => Math.Abs(InterceptOf(answer) - InterceptOf(clean));
        Assert.True(Miss(robust) < Miss(plain) / 4);
        Assert.Contains("C_ROBUST_FIT", CodesOf(robust));
        Assert.Contains("W_OUTLIER", CodesOf(plain));
        JsonElement point = robust.GetProperty("points")[6];
        Assert.Equal(8, point.GetProperty("line").GetInt32());
        Assert.True(point.GetProperty("robustWeight").GetDouble() < 0.5);
        Assert.False(plain.GetProperty("points")[6].TryGetProperty("robustWeight", out _));

        static double InterceptOf(JsonElement answer) => answer.GetProperty("parameters").GetProperty("intercept").GetDouble();
    }

    [Fact]
    public async Task Auto_PointsOfALine_ChoosesItFlagsItAndShowsEveryModel()
    {
        JsonElement root = await AnswerAsync(LineX, LineY, "--model", "auto");
        Assert.Equal("linear", root.GetProperty("model").GetString());
        Assert.Contains("C_MODEL_AUTO", CodesOf(root));
        JsonElement comparison = root.GetProperty("modelComparison");
        Assert.Equal("linear", comparison.GetProperty("chosen").GetString());
        Assert.Equal(CurveModels.All.Select(model => model.Id), comparison.GetProperty("candidates").EnumerateArray().Select(candidate => candidate.GetProperty("model").GetString()));
        Assert.False((await AnswerAsync(LineX, LineY, "--model", "linear")).TryGetProperty("modelComparison", out _));

        CommandLine.Outcome people = await RunAsync(LineX, LineY, "--model", "auto");
        Assert.Contains("linear *", people.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Auto_NothingToChoose_AnswersWithOne()
    {
        CommandLine.Outcome outcome = await RunAsync([1, 2, 3], [1, 2, 4], "--model", "auto", "--predict", "2", "--json");
        using var document = JsonDocument.Parse(outcome.Output);
        Assert.Equal((1, ""), (outcome.Code, outcome.Error));
        Assert.Equal("not-determined", document.RootElement.GetProperty("predictions")[0].GetProperty("rangeStatus").GetString());
        Assert.False(document.RootElement.GetProperty("modelComparison").TryGetProperty("chosen", out _));
    }

    /// <summary>y = 10 x - x^2 turns at 5: 9 and 1 share a response, and of 21 only 3 is on the ladder up to 6.</summary>
    [Fact]
    public async Task Quadratic_ThatTurns_GivesNoConcentrationWhereTwoShareOne()
    {
        double[] x = [0.5, 1, 2, 3, 4, 6];
        JsonElement root = await AnswerAsync(x, [.. x.Select(at => (10 * at) - (at * at))], "--model", "quadratic", "--predict", "21,24.5");
        Assert.Contains("C_NON_MONOTONE", CodesOf(root));
        Assert.Equal(3, root.GetProperty("predictions")[0].GetProperty("concentration").GetDouble(), 1e-9);
        Assert.Equal("not-determined", root.GetProperty("predictions")[1].GetProperty("rangeStatus").GetString());
    }

    [Fact]
    public async Task PointToPoint_Prediction_HasNoIntervalAndSaysSo()
    {
        CommandLine.Outcome people = await RunAsync(LineX, LineY, "--model", "point-to-point", "--predict", "13", "--weights", "none");
        Assert.Equal((0, ""), (people.Code, people.Error));
        Assert.Contains("not estimated", people.Output, StringComparison.Ordinal);
        Assert.Contains("No standard errors and no intervals", people.Output, StringComparison.Ordinal);
        JsonElement root = await AnswerAsync(LineX, LineY, "--model", "point-to-point", "--predict", "13", "--weights", "variance:0.1,0.05,1");
        JsonElement prediction = root.GetProperty("predictions")[0];
        Assert.Equal(5 * Math.Exp((13 - 10.9) / (15.05 - 10.9) * Math.Log(7.0 / 5)), prediction.GetProperty("concentration").GetDouble(), 1e-12);
        Assert.False(prediction.GetProperty("hasInterval").GetBoolean());
        Assert.Equal(0, root.GetProperty("degreesOfFreedom").GetInt32());
    }

    /// <summary>Mean, CV, recovery and back-calculation of a level, by hand.</summary>
    [Fact]
    public async Task Calibrators_OfALine_AreThoseOfHand()
    {
        JsonElement root = await AnswerAsync(LineX, LineY, "--model", "linear", "--fix", "intercept=1", "--fix", "linearCoefficient=2");
        JsonElement level = root.GetProperty("calibrators")[3];
        Assert.Equal((5, 2), (level.GetProperty("nominal").GetDouble(), level.GetProperty("wellCount").GetInt32()));
        Assert.Equal(10.9, level.GetProperty("meanResponse").GetDouble(), 1e-12);
        Assert.Equal(100 * Math.Sqrt(0.08) / 10.9, level.GetProperty("responseCvPercent").GetDouble(), 1e-9);
        Assert.Equal(11, level.GetProperty("fittedResponse").GetDouble(), 1e-12);
        Assert.Equal(4.95, level.GetProperty("backCalculated").GetDouble(), 1e-12);
        Assert.Equal(99, level.GetProperty("recoveryPercent").GetDouble(), 1e-9);
    }

    [Fact]
    public async Task Replicates_AsWeights_GiveNoErrorsAndSayWhy()
    {
        string[] options = ["--model", "linear", "--weights", "replicates", "--predict", "13"];
        JsonElement root = await AnswerAsync(LineX, LineY, options);
        Assert.All((string[])["standardErrors", "confidenceIntervals", "lackOfFit", "limits"], key => Assert.False(root.TryGetProperty(key, out _), key));
        Assert.All(root.GetProperty("points").EnumerateArray(), point => Assert.False(point.TryGetProperty("studentised", out _)));
        Assert.DoesNotContain(CodesOf(root), code => code is "C_LACK_OF_FIT" or "C_OUTLIER" or "W_OUTLIER");
        Assert.Contains("under weights by replicates", root.GetProperty("notTested").GetString(), StringComparison.Ordinal);

        CommandLine.Outcome table = await RunAsync(LineX, LineY, options);
        Assert.Contains("Not estimated under weights by replicates", table.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("own precision", table.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("expected one of inverted, delta, bootstrap", "--interval", "wald")]
    [InlineData("expected 1 to", "--replicates", "0")]
    [InlineData("expected 99 to 99999", "--resamples", "5")]
    [InlineData("expected 0 to 100 percent", "--tube-cv", "-1")]
    [InlineData("expected one of huber, bisquare", "--robust", "tukey")]
    [InlineData("ends with '.gif'; expected a file that ends with .svg or .png", "--plot", "curve.gif")]
    [InlineData("which does not exist", "--plot", "no-such-folder/curve.svg")]
    [InlineData("with a model of its own", "--fix", "slope=-1", "--model", "auto")]
    [InlineData("least squares", "--interval", "bootstrap", "--robust", "huber")]
    [InlineData("without --robust", "--tube-cv", "3", "--robust", "huber")]
    [InlineData("has no parameter to hold", "--fix", "response1=2", "--model", "point-to-point")]
    public async Task Option_WithABadValue_IsRefusedWithTheExpectation(string expected, string option, string value, params string[] more)
    {
        CommandLine.Outcome outcome = await RunAsync(LineX, LineY, [option, value, .. more]);
        Assert.Equal((2, ""), (outcome.Code, outcome.Output));
        Assert.Contains(option, outcome.Error, StringComparison.Ordinal);
        Assert.Contains(expected, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Seed_ThatIsNoNumber_IsRefusedInWords()
    {
        CommandLine.Outcome outcome = await RunAsync(LineX, LineY, "--seed", "-1");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("'-1' for option '--seed' as a whole number of 0 or more", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_OfACommand_EndsWithExamples()
    {
        CommandLine.Outcome help = await CommandLine.RunAsync("fit", "--help");
        Assert.Equal(0, help.Code);
        Assert.Contains("Examples:", help.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Examples:", (await CommandLine.RunAsync("--help")).Output, StringComparison.Ordinal);
    }

    private static IEnumerable<string?> CodesOf(JsonElement answer) => answer.GetProperty("flags").EnumerateArray().Select(flag => flag.GetProperty("code").GetString());

    private static (double Lower, double Upper) EndsOf(JsonElement answer) =>
        (answer.GetProperty("predictions")[0].GetProperty("lower").GetDouble(), answer.GetProperty("predictions")[0].GetProperty("upper").GetDouble());

    private static double WidthOf(JsonElement answer) => EndsOf(answer).Upper - EndsOf(answer).Lower;

    private async Task<JsonElement> AnswerAsync(double[] x, double[] y, params string[] options)
    {
        CommandLine.Outcome outcome = await RunAsync(x, y, [.. options, "--json"]);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        using var document = JsonDocument.Parse(outcome.Output);
        return document.RootElement.Clone();
    }

    private Task<CommandLine.Outcome> RunAsync(double[] x, double[] y, params string[] options)
    {
        IEnumerable<string> rows = x.Zip(y, (at, response) => string.Create(CultureInfo.InvariantCulture, $"{at},{response}"));
        return CommandLine.RunAsync(["fit", line.Write("points.csv", $"concentration,response\n{string.Join('\n', rows)}\n"), .. options]);
    }
}

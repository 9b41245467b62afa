using Biomarkers.Immunoassay.Curves;
using Xunit;
using Xunit.Abstractions;

namespace Biomarkers.Tests.Immunoassay.Curves;

/// <summary>Against fits that two independent programs (scipy with 30-digit arithmetic, and R) agree on; see ../shared/data/README.md.</summary>
public class CurveFitterReferenceTests(ITestOutputHelper output)
{
    [SharedDataFact]
    public void Fit_EveryCertifiedRow_GivesItsParametersErrorsAndSumOfSquares()
    {
        var worst = new Dictionary<string, (double Deviation, string Row)>();
        var misses = new List<string>();
        List<Dictionary<string, string>> rows = ReferenceFits.Rows("fits/certified_fits.csv");
        foreach (Dictionary<string, string> row in rows)
        {
            CurveFit fit = ReferenceFits.FitOf(row);
            string name = ReferenceFits.Name(row);
            if (!fit.IsUsable || fit.Covariance is null)
            {
                misses.Add($"{name}: {fit.Termination} {fit.Failure}");
                continue;
            }

            // 16 digits are printed, but the programs agree to six or more only: a flat 5PL has fewer.
            double tolerance = row["model"] == "4PL" ? 1e-6 : 1e-5;
            foreach ((string quantity, double deviation) in Deviations(fit, row))
            {
                string key = $"{row["model"]} {quantity}";
                if (!worst.TryGetValue(key, out (double Deviation, string) known) || deviation > known.Deviation)
                {
                    worst[key] = (deviation, name);
                }

                if (!(deviation <= tolerance))
                {
                    misses.Add($"{name}: {quantity} deviates by {deviation:E2} ({fit.Termination}, condition {fit.ConditionNumber:E1})");
                }
            }
        }

        foreach ((string key, (double deviation, string row)) in worst.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"{key}: largest deviation {deviation:E2} at {row}");
        }

        Assert.Equal(499, rows.Count);
        Assert.True(misses.Count == 0, string.Join(Environment.NewLine, misses));
    }

    [SharedDataFact]
    public void Fit_EveryFitOfTheOtherFamily_GivesTheParametersOfTheReference()
    {
        // In the file: low = D (response at infinity), high = A (at zero), b = B > 0. One tool computed them, without its warnings.
        double worst = 0;
        List<Dictionary<string, string>> rows = [.. ReferenceFits.Rows("fits/reference_fits.csv")
            .Where(row => row["model"] == "5PL_AD" && row["verdict"] == "single_tool" && row["flags"].Length == 0)];
        foreach (Dictionary<string, string> row in rows)
        {
            CurveFit fit = ReferenceFits.FitOf(row);
            bool rises = row.Number("low") > row.Number("high");
            double[] expected =
            [
                Math.Min(row.Number("low"), row.Number("high")), Math.Max(row.Number("low"), row.Number("high")), row.Number("ec"),
                rises ? -row.Number("b") : row.Number("b"), row.Number("g"), row.Number("wrss"), row.Number("se_ec"), row.Number("se_g"),
            ];
            double[] actual = [.. fit.Parameters, fit.WeightedSumOfSquares, fit.StandardErrors![2], fit.StandardErrors[4]];
            for (int i = 0; i < expected.Length; i++)
            {
                double deviation = Math.Abs(actual[i] - expected[i]) / (i == 0 ? expected[1] - expected[0] : Math.Abs(expected[i]));
                worst = Math.Max(worst, deviation);
                Assert.True(deviation <= 1e-5, $"{ReferenceFits.Name(row)}: value {i} is {actual[i]}, expected {expected[i]}");
            }
        }

        output.WriteLine($"{rows.Count} fits of 5pl-ad: largest deviation {worst:E2}");
        Assert.Equal(24, rows.Count);
    }

    [SharedDataFact]
    public void Fit_EveryReferenceRow_IsAtTheMinimumOrFlagged()
    {
        var misses = new List<string>();
        int flagged = 0, unusable = 0;
        List<Dictionary<string, string>> rows = ReferenceFits.Rows("fits/reference_fits.csv");
        foreach (Dictionary<string, string> row in rows)
        {
            CurveFit fit = ReferenceFits.FitOf(row);
            bool isFlagged = !fit.IsUsable || fit.ParametersAtBound.Count > 0 || fit.ConditionNumber >= CurveFitter.IllConditionedFrom || fit.Covariance is null;
            flagged += isFlagged ? 1 : 0;
            unusable += fit.IsUsable ? 0 : 1;
            bool mustBeFlagged = row["verdict"].StartsWith("flat_optimum", StringComparison.Ordinal) || row["flags"].Contains("ill_conditioned", StringComparison.Ordinal);
            bool isDetermined = row["verdict"] == "agree";
            bool isWorse = row["wrss"].Length > 0 && fit.WeightedSumOfSquares > row.Number("wrss") * (1 + 1e-9);
            if ((mustBeFlagged && !isFlagged) || (isDetermined && isFlagged) || (isWorse && !isFlagged))
            {
                misses.Add($"{ReferenceFits.Name(row)} ({row["verdict"]}; {row["flags"]}): {fit.Termination}, condition {fit.ConditionNumber:E1}, "
                    + $"sum of squares {fit.WeightedSumOfSquares} for {row["wrss"]}");
            }
        }

        output.WriteLine($"{rows.Count} fits: {flagged} flagged, of them {unusable} not usable");
        Assert.True(misses.Count == 0, string.Join(Environment.NewLine, misses));
    }

    [SharedDataFact]
    public void Fit_TypicalCurves_TakesMicroseconds()
    {
        // Printed for the record; a limit on a shared machine would only fail by chance.
        List<Dictionary<string, string>> rows = [.. ReferenceFits.Rows("fits/certified_fits.csv").Where(row => row.Number("n") is >= 14 and <= 21)];
        foreach (string model in (string[])["4PL", "5PL"])
        {
            List<Dictionary<string, string>> selected = [.. rows.Where(row => row["model"] == model)];
            selected.ForEach(row => ReferenceFits.FitOf(row));
            long start = TimeProvider.System.GetTimestamp();
            double iterations = selected.Sum(row => (double)ReferenceFits.FitOf(row).IterationCount);
            double microseconds = TimeProvider.System.GetElapsedTime(start).TotalMicroseconds / selected.Count;
            output.WriteLine($"{model}: {microseconds:F0} microseconds per fit, {iterations / selected.Count:F1} iterations, {selected.Count} curves of 14 to 21 wells");
            Assert.True(iterations > 0);
        }
    }

    [SharedDataTheory]
    [InlineData("IL6")]
    [InlineData("EOTAXIN")]
    [InlineData("GMCSF")]
    [InlineData("IFNg")]
    [InlineData("IL12")]
    [InlineData("IL17")]
    [InlineData("IL5")]
    [InlineData("IP10")]
    public void Fit_PlateOfXponent_GivesTheVendorsConcentrations(string analyte)
    {
        var expected = ReferenceFits.Rows("datasets/drlumi_expected_concentrations.csv")
            .Where(row => row["analyte"] == analyte && row["sample"].StartsWith("Standard", StringComparison.Ordinal))
            .ToDictionary(row => row["sample"], row => row.Number("ec"));
        var wells = ReferenceFits.Rows("vendor/xponent_plate1_wells.csv")
            .Where(row => row["analyte"] == analyte && expected.ContainsKey(row["sample"])).ToList();
        double[] responses = [.. wells.Select(row => row.Number("net_mfi"))];
        CurveFit fit = ReferenceFits.Fit("5pl", "1/y2", [.. wells.Select(row => expected[row["sample"]])], responses);
        Dictionary<string, string> curve = ReferenceFits.Rows("vendor/xponent_plate1_curves.csv").Single(row => row["analyte"] == analyte);
        double[] vendor = [.. new[] { "coef_a", "coef_b", "coef_c", "coef_d", "coef_e" }.Select(curve.Number)];
        double worstCoefficient = vendor.Zip(fit.Parameters, (v, own) => Math.Abs((own - v) / v)).Max();
        double worst = 0;
        foreach (double response in responses)
        {
            Inversion own = fit.Invert(response);
            Inversion theirs = fit.Model.Invert(vendor, response);
            Assert.Equal(theirs.Status, own.Status);
            if (own.Status == InversionStatus.Found)
            {
                worst = Math.Max(worst, Math.Abs(own.Concentration / theirs.Concentration - 1));
            }
        }

        output.WriteLine($"{analyte}: {wells.Count} wells, {fit.Termination}, coefficients within {worstCoefficient:E1}, concentrations within {worst:E1}");
        Assert.True(worst <= 1e-6, $"Concentrations deviate by {worst:E2}.");
    }

    private static IEnumerable<(string Quantity, double Deviation)> Deviations(CurveFit fit, Dictionary<string, string> row)
    {
        string[] columns = ["low", "high", "ec", "b", "g"];
        double[] errors = fit.StandardErrors!;
        double amplitude = row.Number("high") - row.Number("low");
        for (int i = 0; i < fit.Parameters.Length; i++)
        {
            double expected = row.Number(columns[i]);
            double scale = i == 0 ? amplitude : Math.Abs(expected);
            yield return (columns[i], Math.Abs(fit.Parameters[i] - expected) / scale);
            double expectedError = row.Number("se_" + columns[i]);
            yield return ("se_" + columns[i], Math.Abs(errors[i] - expectedError) / expectedError);
        }

        yield return ("wrss", Math.Abs(fit.WeightedSumOfSquares - row.Number("wrss")) / row.Number("wrss"));
    }
}

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

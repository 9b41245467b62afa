namespace Biomarkers.Immunoassay.Curves.Intervals;

/// <summary>Covariance of ln concentration between samples that are read off one curve, so that ratios, means and areas get honest errors.</summary>
/// <remarks>With h(x) = d ln x / d parameters = -g(x) / (dy / d ln x), Cov(ln x1, ln x2) = h(x1)' S h(x2), and the variance of one sample has V(f(x)) / m / (dy / d ln x)^2
/// besides: its own wells' error. Wells of two samples are independent, the curve is shared. Delta method.</remarks>
public static class ConcentrationCovariance
{
    /// <summary>Covariance of ln concentration of two different samples.</summary>
    /// <param name="fit">The curve.</param>
    /// <param name="first">Concentration of one, more than 0, before dilution.</param>
    /// <param name="second">Concentration of the other.</param>
    /// <returns>The covariance; null without a covariance of the curve, or where it is flat to the last digit.</returns>
    public static double? Between(CurveFit fit, double first, double second) =>
        fit.Covariance is not null && WithinPlateInterval.LnConcentrationGradient(fit, first) is { } h1 && WithinPlateInterval.LnConcentrationGradient(fit, second) is { } h2
            ? Product(fit.Covariance, h1, h2)
            : null;

    /// <summary>Covariance matrix of ln concentration of k samples.</summary>
    /// <param name="fit">The curve.</param>
    /// <param name="concentrations">k concentrations, more than 0, before dilution.</param>
    /// <param name="wellCounts">k numbers of wells, 1 or more.</param>
    /// <returns>k x k numbers, row by row; null when the fit can't tell its error, or is flat to the last digit at a sample.</returns>
    /// <exception cref="ArgumentException">The lists differ in length, or a number of wells is less than 1.</exception>
    public static double[]? Matrix(CurveFit fit, IReadOnlyList<double> concentrations, IReadOnlyList<int> wellCounts)
    {
        int k = concentrations.Count;
        if (wellCounts.Count != k || wellCounts.Any(count => count < 1))
        {
            throw new ArgumentException($"Expected {k} numbers of wells of 1 or more.", nameof(wellCounts));
        }

        var gradients = new double[k][];
        var matrix = new double[k * k];
        for (int i = 0; i < k; i++)
        {
            if (fit.Covariance is null || WithinPlateInterval.LnConcentrationGradient(fit, concentrations[i]) is not { } gradient
                || fit.WellVariance(fit.Response(concentrations[i])) is not { } wellVariance)
            {
                return null;
            }

            gradients[i] = gradient;
            double slope = fit.Model.SlopeByLnConcentration(fit.Parameters, concentrations[i]);
            for (int j = 0; j <= i; j++)
            {
                double entry = Product(fit.Covariance, gradients[i], gradients[j]);
                matrix[(i * k) + j] = entry;
                matrix[(j * k) + i] = entry;
            }

            matrix[(i * k) + i] += wellVariance / wellCounts[i] / (slope * slope);
        }

        return Array.TrueForAll(matrix, double.IsFinite) ? matrix : null;
    }

    private static double Product(double[] covariance, double[] left, double[] right)
    {
        double sum = 0;
        for (int i = 0; i < left.Length; i++)
        {
            for (int j = 0; j < right.Length; j++)
            {
                sum += left[i] * covariance[(i * right.Length) + j] * right[j];
            }
        }

        return sum;
    }
}

namespace Biomarkers.Immunoassay.Curves.Intervals;

/// <summary>Joins the error of the calibrator tubes to the covariance of a curve.</summary>
/// <remarks>
/// A tube holds x exp(d) and not x, d with mean 0 and SD tau; all wells of a level are filled from one tube, so their residuals share f'(ln x) d, which the
/// fit's own covariance takes for independent errors. By the sandwich over levels, S + tau^2 sum over levels of u u', u = B f'(ln x) sum over the level's
/// wells of w g, where B = (J'WJ)^-1 and g is the gradient. Tubes are independent of each other: the steps of a serial dilution, whose errors add up, are not modelled.
/// Where the plate's residuals scale the covariance, they hold part of the tubes' error already, so that it is counted more than once: a wider interval.
/// Source: G. Huber's sandwich as for clustered errors, K.-Y. Liang, S. Zeger (1986), Biometrika 73:13-22, with the middle from the model instead of residuals.
/// </remarks>
public static class CalibratorTubes
{
    /// <summary>The fit with the wider covariance. Parameters, weights and the variance of a well stay.</summary>
    /// <param name="fit">A fit of the problem.</param>
    /// <param name="problem">What was fitted.</param>
    /// <param name="lnStandardDeviation">tau, SD of ln concentration of one tube, such as 0.03; 0 or more.</param>
    /// <returns>The fit; unchanged when it has no covariance or the SD is 0.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The SD is negative or not finite.</exception>
    public static CurveFit Join(CurveFit fit, CurveFitProblem problem, double lnStandardDeviation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lnStandardDeviation);
        ArgumentOutOfRangeException.ThrowIfEqual(double.IsFinite(lnStandardDeviation), false, nameof(lnStandardDeviation));
        if (fit.Covariance is null || fit.CovarianceScale is not { } scale || lnStandardDeviation == 0 || WeightsOf(fit, problem) is not { } weights)
        {
            return fit;
        }

        int p = fit.Parameters.Length;
        double[] covariance = [.. fit.Covariance];
        var gradient = new double[p];
        foreach (IGrouping<double, int> level in Enumerable.Range(0, weights.Length).GroupBy(i => problem.Concentrations[i]).OrderBy(group => group.Key))
        {
            double x = level.Key;
            double slope = x > 0 ? fit.Model.SlopeByLnConcentration(fit.Parameters, x) : 0;
            fit.Model.Gradient(fit.Parameters, x, gradient);
            double total = level.Select(i => weights[i]).Order().Sum();
            double[] shift = [.. Enumerable.Range(0, p).Select(i => total * slope * Row(i))];
            for (int i = 0; i < p * p; i++)
            {
                covariance[i] += lnStandardDeviation * lnStandardDeviation * shift[i / p] * shift[i % p];
            }
        }

        return fit with { Covariance = covariance };

        // One row of B g.
        double Row(int i)
        {
            double sum = 0;
            for (int j = 0; j < p; j++)
            {
                sum += fit.Covariance[(i * p) + j] / scale * gradient[j];
            }

            return sum;
        }
    }

    /// <summary>Weight of every point at the end of the fit, on the scale of the response; null when there is one without.</summary>
    private static double[]? WeightsOf(CurveFit fit, CurveFitProblem problem)
    {
        double[] targets = [.. problem.Responses.Select(response => fit.Model.FitsLnResponse ? PreciseMath.Log(response) : response)];
        var weights = new double[targets.Length];
        if (fit.Weighting.Variance is null && Weights.FixedWeights.Fill(problem, targets, weights) is not null)
        {
            return null;
        }

        for (int i = 0; i < weights.Length; i++)
        {
            double fitted = fit.Response(problem.Concentrations[i]);
            double unit = fit.Model.FitsLnResponse ? 1 / (fitted * fitted) : 1;
            weights[i] = fit.Weighting.Variance is { } variance ? (problem.WellCounts?[i] ?? 1) / variance.VarianceAt(fitted) : weights[i] * unit;
        }

        return weights;
    }
}

using Biomarkers.Immunoassay.Curves.Weights;

namespace Biomarkers.Immunoassay.Curves.Diagnosis;

/// <summary>What a residual is compared with: the weights of a fit's points, and where the scale of the variance comes from.</summary>
/// <param name="Scale">Variance of a residual times its weight: 1 where the variance is known or was learned, s^2 where the plate's own residuals speak; null
/// when those have no degrees of freedom.</param>
/// <param name="IsFromPlate">Whether <paramref name="Scale"/> is the plate's own residual variance.</param>
/// <param name="DegreesOfFreedom">Degrees of freedom of the scale: null for a known variance, so that quantiles are the normal distribution's.</param>
internal readonly record struct ResidualVarianceBasis(double? Scale, bool IsFromPlate, double? DegreesOfFreedom)
{
    /// <summary>The basis of a fit.</summary>
    public static ResidualVarianceBasis Of(CurveFit fit) =>
        new(fit.CovarianceScale, fit.Weighting.Basis == VarianceBasis.PlateResiduals, fit.QuantileDegreesOfFreedom);

    /// <summary>The weight that each point of a problem has at a curve: its fixed weight, or its wells over the variance function at the fitted response.</summary>
    public static double[] WeightsOf(CurveFit fit, CurveFitProblem problem)
    {
        var weights = new double[problem.Responses.Count];
        if (problem.Weighting.Variance is { } variance)
        {
            for (int i = 0; i < weights.Length; i++)
            {
                double fitted = fit.Response(problem.Concentrations[i]);
                double unit = problem.Model.FitsLnResponse ? fitted * fitted : 1;
                weights[i] = (problem.WellCounts?[i] ?? 1) * unit / variance.VarianceAt(fitted);
            }

            return weights;
        }

        double[] targets = [.. problem.Responses];
        for (int i = 0; i < targets.Length && problem.Model.FitsLnResponse; i++)
        {
            targets[i] = PreciseMath.Log(targets[i]);
        }

        return FixedWeights.Fill(problem, targets, weights) is { } failure
            ? throw new ArgumentException($"Expected the problem of the fit: {failure}", nameof(problem))
            : weights;
    }
}

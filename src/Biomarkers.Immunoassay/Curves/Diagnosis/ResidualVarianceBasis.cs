namespace Biomarkers.Immunoassay.Curves.Diagnosis;

/// <summary>What a residual is compared with: the weights of a fit's points, and where the scale of the variance comes from.</summary>
/// <param name="Scale">Variance of a residual times its weight: 1 where the variance is known, s^2 where the plate's own residuals speak; null
/// when there are no degrees of freedom.</param>
/// <param name="IsFromPlate">Whether <paramref name="Scale"/> is the plate's own residual variance.</param>
/// <param name="DegreesOfFreedom">Degrees of freedom of the scale: null for a known variance, so that quantiles are the normal distribution's.</param>
internal readonly record struct ResidualVarianceBasis(double? Scale, bool IsFromPlate, double? DegreesOfFreedom)
{
    /// <summary>The basis of a fit.</summary>
    public static ResidualVarianceBasis Of(CurveFit fit) => new(fit.ResidualVariance, true, fit.DegreesOfFreedom);

    /// <summary>The weight that each point of a problem had in its fit.</summary>
    public static double[] WeightsOf(CurveFit fit, CurveFitProblem problem)
    {
        var weights = new double[problem.Responses.Count];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = fit.Weighting.WeightOf(problem.Responses[i]);
        }

        return weights;
    }
}

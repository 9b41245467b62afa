namespace Biomarkers.Immunoassay.Curves.Limits;

/// <summary>Which way a curve leaves its zero end.</summary>
internal static class CurveStart
{
    /// <summary>Small against any concentration, where a model has no concentration of its own.</summary>
    private const double NearZero = 1e-9;

    /// <summary>Whether responses grow with the concentration from zero on; null where the curve is flat there. A logistic curve runs one way, and is steepest
    /// near its inflection.</summary>
    public static bool? IsRising(CurveFit fit)
    {
        double at = NearZero;
        for (int i = 0; i < fit.Parameters.Length; i++)
        {
            at = fit.ParameterNames[i] == CurveParameters.Inflection ? fit.Parameters[i] : at;
        }

        double slope = fit.Model.SlopeByLnConcentration(fit.Parameters, at);
        return slope > 0 ? true : slope < 0 ? false : null;
    }
}

namespace Biomarkers.Immunoassay.Curves;

/// <summary>Limits of the iteration.</summary>
public sealed record CurveFitOptions
{
    /// <summary>Most iterations of one start; default 500.</summary>
    public int IterationLimit { get; init; } = 500;

    /// <summary>The defaults.</summary>
    public static CurveFitOptions Default { get; } = new();
}

/// <summary>Fits a curve to the calibrators of one analyte by weighted least squares.</summary>
public static class CurveFitter
{
}

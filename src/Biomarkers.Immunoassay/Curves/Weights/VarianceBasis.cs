namespace Biomarkers.Immunoassay.Curves.Weights;

/// <summary>From what the variance of a well is known, and so which quantile an interval takes.</summary>
public enum VarianceBasis
{
    /// <summary>Only this plate's residuals: s^2 scales the variance of a weight, and t takes n - p degrees of freedom.</summary>
    PlateResiduals,

    /// <summary>The variance function is known: nothing is scaled, and the quantile is the normal distribution's.</summary>
    Known,

    /// <summary>The variance function was learned over plates: nothing is scaled, and t takes the pooled degrees of freedom.</summary>
    Learned,
}

namespace Biomarkers.Immunoassay.Curves.Limits;

/// <summary>What became of the search for a limit.</summary>
public enum LimitOutcome
{
    /// <summary>There is a value.</summary>
    Found,

    /// <summary>The limiting response lies beyond the zero end of the curve: no concentration belongs to it, every one above zero is more.</summary>
    BelowCurve,

    /// <summary>The limiting response lies beyond the other end: no concentration of the curve can be told from it.</summary>
    AboveCurve,

    /// <summary>There are fewer results than the limit needs.</summary>
    NotEnoughResults,

    /// <summary>The curve is not usable, has no response at zero, or has no covariance or variance to make the limit from.</summary>
    NotEstimable,
}

/// <summary>A limit of concentration, or why there is none.</summary>
/// <param name="Outcome">Whether there is a value.</param>
/// <param name="Concentration">The limit, in the unit of the curve; there exactly when found.</param>
/// <param name="Response">The limiting response; null when there is none.</param>
public readonly record struct ConcentrationLimit(LimitOutcome Outcome, double? Concentration, double? Response)
{
    internal static ConcentrationLimit Without(LimitOutcome outcome, double? response = null) => new(outcome, null, response);

    /// <summary>The concentration that belongs to a limiting response.</summary>
    internal static ConcentrationLimit AtResponse(CurveFit fit, double response) => fit.Invert(response) switch
    {
        { Status: InversionStatus.Found } inversion when double.IsFinite(inversion.Concentration) => new ConcentrationLimit(LimitOutcome.Found, inversion.Concentration, response),
        { Status: InversionStatus.BelowCurve } => Without(LimitOutcome.BelowCurve, response),
        _ => Without(LimitOutcome.AboveCurve, response),
    };
}

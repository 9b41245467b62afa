namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>Comparison of percentages with limits that are included.</summary>
internal static class Deviation
{
    /// <summary>A percentage of exactly the limit comes out of the curve a few units of the last place to either side.</summary>
    private const double RoundingPercent = 1e-7;

    /// <summary>Whether 100 - tolerance &lt;= recovery &lt;= 100 + tolerance; false when there is no recovery.</summary>
    public static bool IsWithin(double? recoveryPercent, double tolerancePercent) =>
        recoveryPercent is { } recovery && !Exceeds(Math.Abs(recovery - 100), tolerancePercent);

    /// <summary>Whether a percentage is above its limit by more than rounding; false when there is none.</summary>
    public static bool Exceeds(double? percent, double limitPercent) => percent > limitPercent + RoundingPercent;
}

namespace Biomarkers.Immunoassay.QualityControl.Rules;

/// <summary>Comparison of a recovery with a limit that is included.</summary>
internal static class Deviation
{
    /// <summary>A recovery of exactly the limit comes out of the curve a few units of the last place to either side.</summary>
    private const double RoundingPercent = 1e-7;

    /// <summary>Whether 100 - tolerance &lt;= recovery &lt;= 100 + tolerance; false when there is no recovery.</summary>
    public static bool IsWithin(double? recoveryPercent, double tolerancePercent) =>
        recoveryPercent is { } recovery && Math.Abs(recovery - 100) <= tolerancePercent + RoundingPercent;
}

namespace Biomarkers.Immunoassay.Curves;

/// <summary>The three nonlinear coordinates in which a logistic curve is searched, and their box.</summary>
/// <remarks>
/// Coordinates: ln slope at mid-height (as the slope of the 4PL that is as steep there), ln concentration at mid-height, ln asymmetry. Points show
/// middle and steepness directly, so that these three are far less correlated than slope, inflection and asymmetry, and the narrow bent valley of
/// a 5PL becomes nearly straight. Where slope or inflection is fixed, ln |slope| and ln inflection themselves are the coordinates.
/// </remarks>
internal sealed class LogisticCoordinates
{
    public const int Steepness = 0;
    public const int Middle = 1;
    public const int LnAsymmetry = 2;
    public const int Count = 3;

    /// <summary>Asymmetry stays within e^-5..e^5: beyond it a curve is, within any assay's noise, a limiting form of two asymptotic branches.</summary>
    private const double LnAsymmetryBound = 5;

    /// <summary>The middle stays within a factor of 1000 of the positive concentrations.</summary>
    private static readonly double LnMiddleMargin = Math.Log(1000);

    /// <summary>Steepness stays within 0.02..100: flatter is a line in ln x, steeper a step.</summary>
    private static readonly double LnSteepnessMinimum = Math.Log(0.02);
    private static readonly double LnSteepnessMaximum = Math.Log(100);

    private readonly bool isNatural;
    private readonly bool isMirrored;

    /// <summary>Makes the coordinates of curves that run one way.</summary>
    /// <param name="model">Family.</param>
    /// <param name="held">Values of the fixed parameters, null where free.</param>
    /// <param name="lnConcentrations">Ln concentrations of the levels, ascending.</param>
    /// <param name="direction">-1 for rising, +1 for falling: the sign of the slope.</param>
    public LogisticCoordinates(LogisticModel model, IReadOnlyList<double?> held, double[] lnConcentrations, int direction)
    {
        Direction = direction;
        isMirrored = model.IsMirrored(direction);
        double? inflection = held[2];
        double? slope = held[3];
        double? asymmetry = model.HasAsymmetry ? held[4] : 1;
        isNatural = inflection is not null || slope is not null;
        IsFree = [slope is null, inflection is null, asymmetry is null];
        HeldAt = [Math.Log(Math.Abs(slope ?? 1)), Math.Log(inflection ?? 1), Math.Log(asymmetry ?? 1)];
        double lowest = lnConcentrations.FirstOrDefault(double.IsFinite);
        double highest = double.IsFinite(lnConcentrations[^1]) ? lnConcentrations[^1] : lowest;
        LowestMiddle = lowest;
        HighestMiddle = highest;
        Minimum = [LnSteepnessMinimum, lowest - LnMiddleMargin, -LnAsymmetryBound];
        Maximum = [LnSteepnessMaximum, highest + LnMiddleMargin, LnAsymmetryBound];
    }

    /// <summary>-1 for rising curves, +1 for falling ones.</summary>
    public int Direction { get; }

    /// <summary>Which coordinates are searched.</summary>
    public bool[] IsFree { get; }

    /// <summary>Values of those that are not.</summary>
    public double[] HeldAt { get; }

    /// <summary>Lower corner of the box.</summary>
    public double[] Minimum { get; }

    /// <summary>Upper corner of the box.</summary>
    public double[] Maximum { get; }

    /// <summary>Lowest positive ln concentration of the levels.</summary>
    public double LowestMiddle { get; }

    /// <summary>Highest ln concentration of the levels.</summary>
    public double HighestMiddle { get; }

    /// <summary>Slope, ln inflection and asymmetry at a place of the search.</summary>
    public (double Slope, double LnInflection, double Asymmetry) NaturalAt(ReadOnlySpan<double> place)
    {
        double asymmetry = Math.Exp(place[LnAsymmetry]);
        if (isNatural)
        {
            return (Direction * Math.Exp(place[Steepness]), place[Middle], asymmetry);
        }

        double a = Math.Log(2) / asymmetry;
        double slope = Direction * Math.Exp(place[Steepness]) / (2 * asymmetry * -PreciseMath.ExpMinusOne(-a));
        return (slope, place[Middle] - (PreciseMath.LogExpMinusOne(a) / Acting(slope)), asymmetry);
    }

    /// <summary>Turns the derivatives of h by slope, ln inflection and asymmetry into those by the coordinates.</summary>
    /// <param name="place">Place of the search.</param>
    /// <param name="slope">Slope there.</param>
    /// <param name="fraction">Derivatives at one concentration.</param>
    public (double Steepness, double Middle, double LnAsymmetry) Chain(ReadOnlySpan<double> place, double slope, in LogisticFraction fraction)
    {
        double asymmetry = Math.Exp(place[LnAsymmetry]);
        double byLnSlope = fraction.BySlope * slope;
        double byLnAsymmetry = fraction.ByAsymmetry * asymmetry;
        if (isNatural)
        {
            return (byLnSlope, fraction.ByLnInflection, byLnAsymmetry);
        }

        // ln inflection = middle - offset / slope with offset = ln(e^a - 1), a = ln 2 / asymmetry;
        // ln |slope| = steepness - ln(2 asymmetry (1 - e^-a)).
        double a = Math.Log(2) / asymmetry;
        double shift = PreciseMath.LogExpMinusOne(a) / Acting(slope);
        double slopeByAsymmetry = (a / PreciseMath.ExpMinusOne(a)) - 1;
        double inflectionByAsymmetry = (a / -PreciseMath.ExpMinusOne(-a) / Acting(slope)) + (shift * slopeByAsymmetry);
        return (
            byLnSlope + (fraction.ByLnInflection * shift),
            fraction.ByLnInflection,
            byLnAsymmetry + (byLnSlope * slopeByAsymmetry) + (fraction.ByLnInflection * inflectionByAsymmetry));
    }

    private double Acting(double slope) => isMirrored ? -slope : slope;
}

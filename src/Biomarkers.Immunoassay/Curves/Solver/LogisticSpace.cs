using System.Runtime.CompilerServices;

namespace Biomarkers.Immunoassay.Curves.Solver;

/// <summary>Parameters of a logistic curve that are held at a value; null where free.</summary>
/// <param name="LowerAsymptote">Finite.</param>
/// <param name="UpperAsymptote">Finite; more than the lower asymptote where both are held.</param>
/// <param name="Inflection">More than 0.</param>
/// <param name="Slope">Not 0; negative for a rising curve.</param>
/// <param name="Asymmetry">More than 0; meaningless for a 4PL.</param>
public readonly record struct LogisticHolds(double? LowerAsymptote, double? UpperAsymptote, double? Inflection, double? Slope, double? Asymmetry);

/// <summary>Where the search may go: the free coordinates and their box.</summary>
internal readonly struct LogisticSpace
{
    /// <summary>Asymmetry stays within e^-5..e^5: beyond it a curve is, within any assay's noise, a limiting form.</summary>
    public const double LnAsymmetryBound = 5;

    /// <summary>The middle stays within a factor of 1000 of the positive concentrations.</summary>
    private const double LnMiddleMargin = 6.907755278982137;

    /// <summary>Ln 0.02: a flatter curve is a line in ln x.</summary>
    private const double LnSteepnessMinimum = -3.912023005428146;

    /// <summary>Steepness times the smallest step between ln concentrations: beyond it a curve is, for these points, a step.</summary>
    private const double SteepestPerGap = 30;

    /// <summary>|u| from which h and its derivatives are exactly 0 or 1, with room.</summary>
    private const double Saturation = 2000;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public LogisticSpace(LogisticFamily family, in LogisticHolds holds, ReadOnlySpan<double> lnConcentrations, int count)
    {
        bool hasAsymmetry = family != LogisticFamily.FourParameter;
        IsNatural = holds.Slope is not null || holds.Inflection is not null;
        IsSteepnessFree = holds.Slope is null;
        IsMiddleFree = holds.Inflection is null;
        IsAsymmetryFree = hasAsymmetry && holds.Asymmetry is null;
        IsUnit = !hasAsymmetry || holds.Asymmetry == 1;
        double lowest = double.IsFinite(lnConcentrations[0]) || count == 1 ? lnConcentrations[0] : lnConcentrations[1];
        LowestLevel = double.IsFinite(lowest) ? lowest : 0;
        HighestLevel = Math.Max(lnConcentrations[count - 1], LowestLevel);
        double gap = HighestLevel > LowestLevel ? HighestLevel - LowestLevel : 1;
        for (int i = 1; i < count; i++)
        {
            double step = lnConcentrations[i] - lnConcentrations[i - 1];
            gap = Math.Min(gap, step);
        }

        double steepest = Math.Min(Math.Max(PreciseMath.Log(SteepestPerGap / gap), 3), 7);
        double steepness = holds.Slope is { } slope ? PreciseMath.Log(Math.Abs(slope)) : 0;
        double middle = holds.Inflection is { } inflection ? PreciseMath.Log(inflection) : 0;
        double asymmetry = hasAsymmetry && holds.Asymmetry is { } held ? PreciseMath.Log(held) : 0;
        Minimum = new LogisticPlace(
            IsSteepnessFree ? LnSteepnessMinimum : steepness, IsMiddleFree ? LowestLevel - LnMiddleMargin : middle, IsAsymmetryFree ? -LnAsymmetryBound : asymmetry);
        Maximum = new LogisticPlace(
            IsSteepnessFree ? steepest : steepness, IsMiddleFree ? HighestLevel + LnMiddleMargin : middle, IsAsymmetryFree ? LnAsymmetryBound : asymmetry);
    }

    /// <summary>Whether the coordinates are ln |slope| and ln inflection themselves.</summary>
    public bool IsNatural { get; }

    /// <summary>Whether the asymmetry is held at 1.</summary>
    public bool IsUnit { get; }

    /// <summary>Whether the first coordinate is searched.</summary>
    public bool IsSteepnessFree { get; }

    /// <summary>Whether the second coordinate is searched.</summary>
    public bool IsMiddleFree { get; }

    /// <summary>Whether the third coordinate is searched.</summary>
    public bool IsAsymmetryFree { get; }

    /// <summary>Lowest positive ln concentration.</summary>
    public double LowestLevel { get; }

    /// <summary>Highest ln concentration.</summary>
    public double HighestLevel { get; }

    /// <summary>Lower corner of the box; held coordinates have their value here and in <see cref="Maximum"/>.</summary>
    public LogisticPlace Minimum { get; }

    /// <summary>Upper corner of the box.</summary>
    public LogisticPlace Maximum { get; }

    /// <summary>A ln concentration so far down that every curve of the box is at its end there: the place of zero concentration.</summary>
    public double PlaceOfZero
    {
        get
        {
            // The flattest curve of the box; for an asymmetry of more than 1 the slope is up to ln 4 less steep than the steepness says.
            double slope = PreciseMath.Exp(Minimum.Steepness) / 1.5;
            double asymmetry = Math.Min(1, PreciseMath.Exp(Minimum.LnAsymmetry));
            return Minimum.Middle - (Saturation / asymmetry / slope);
        }
    }

    /// <summary>The curve's shape at a place of the box.</summary>
    public LogisticShape ShapeAt(in LogisticPlace place) => new(place, IsNatural, IsUnit);
}

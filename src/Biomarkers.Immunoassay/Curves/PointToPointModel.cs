using System.Globalization;

namespace Biomarkers.Immunoassay.Curves;

/// <summary>Point-to-point: straight lines between the levels' mean responses, response against ln concentration.</summary>
/// <remarks>
/// There is nothing to fit and nothing to hold: the curve's numbers are the levels themselves, <c>concentration1</c>, <c>response1</c>,
/// <c>concentration2</c>, <c>response2</c> and so on, by rising concentration. A weighting by observed response only weighs the replicates of one
/// level against each other; <c>none</c> gives their plain mean. Domain: concentrations of more than 0: ln x has no place for a zero calibrator, so an
/// analysis leaves it out of the curve (and shows it as such), and a fit of given points refuses it. Between two levels of a curve that is no line
/// the interpolated concentration is biased by an amount that the points do not tell; so there are no degrees of freedom, no covariance and no
/// intervals, and each level's recovery is 100 % by construction: it says nothing of the curve.
/// Beyond the ladder there is no curve: a response there is below or above it. Where the means turn, see <see cref="TurningPoint"/>, a
/// response that is met more than once is <see cref="InversionStatus.Ambiguous"/>.
/// </remarks>
internal sealed class PointToPointModel : CurveModel
{
    /// <summary>Numbers per level: its concentration and its mean response.</summary>
    private const int Stride = 2;

    /// <summary>Part of the range of responses by which the mean of an end level may lie beyond it: rounding of one mean formed in two ways.</summary>
    private const double EndTolerance = 1e-12;

    /// <inheritdoc/>
    public override string Id => "point-to-point";

    /// <inheritdoc/>
    public override IReadOnlyList<string> ParameterNames => [];

    /// <inheritdoc/>
    public override bool AllowsZeroConcentration => false;

    /// <inheritdoc/>
    public override bool IsInterpolation => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ParameterNamesOf(int count) =>
    [
        .. Enumerable.Range(0, count).Select(i =>
            (i % Stride == 0 ? CurveParameters.LevelConcentration : CurveParameters.LevelResponse) + ((i / Stride) + 1).ToString(CultureInfo.InvariantCulture)),
    ];

    /// <inheritdoc/>
    public override int LeastLevelCount(int freeCount) => 2;

    /// <summary>Concentration of the first level at which the means turn back; equal means do not count.</summary>
    public override double? TurningPoint(ReadOnlySpan<double> parameters)
    {
        int direction = 0;
        for (int level = 1; level < CountOf(parameters); level++)
        {
            int step = Math.Sign(ResponseOf(parameters, level) - ResponseOf(parameters, level - 1));
            if (step != 0 && step == -direction)
            {
                return ConcentrationOf(parameters, level - 1);
            }

            direction = step != 0 ? step : direction;
        }

        return null;
    }

    /// <summary>Response at a concentration; beyond the ladder that of its end.</summary>
    public override double Response(ReadOnlySpan<double> parameters, double concentration)
    {
        (int level, double part) = PlaceOf(parameters, concentration);
        double lower = ResponseOf(parameters, level);
        return part == 0 ? lower : (lower * (1 - part)) + (ResponseOf(parameters, level + 1) * part);
    }

    /// <summary>Derivatives by the levels' means; by their assigned concentrations they are 0, because these have no error here.</summary>
    public override void Gradient(ReadOnlySpan<double> parameters, double concentration, Span<double> gradient)
    {
        gradient.Clear();
        (int level, double part) = PlaceOf(parameters, concentration);
        gradient[(Stride * level) + 1] = 1 - part;
        if (part > 0)
        {
            gradient[(Stride * (level + 1)) + 1] = part;
        }
    }

    /// <summary>Slope of the line at a concentration, at a level that of the line above it; 0 beyond the ladder.</summary>
    public override double SlopeByLnConcentration(ReadOnlySpan<double> parameters, double concentration)
    {
        (int level, _) = PlaceOf(parameters, concentration);
        bool isInside = concentration >= ConcentrationOf(parameters, 0) && level + 1 < CountOf(parameters);
        return isInside
            ? (ResponseOf(parameters, level + 1) - ResponseOf(parameters, level)) / LnStep(parameters, level)
            : 0;
    }

    /// <inheritdoc/>
    public override Inversion Invert(ReadOnlySpan<double> parameters, double response)
    {
        int last = CountOf(parameters) - 1;
        double first = ResponseOf(parameters, 0);
        double tolerance = EndTolerance * Math.Abs(ResponseOf(parameters, last) - first);
        double sought = Math.Abs(response - first) <= tolerance ? first
            : Math.Abs(response - ResponseOf(parameters, last)) <= tolerance ? ResponseOf(parameters, last)
            : response;
        int found = 0;
        double concentration = 0;
        bool isBeyondHighest = true;
        for (int level = 0; level <= last; level++)
        {
            double here = ResponseOf(parameters, level);
            isBeyondHighest &= sought > here;
            if (here == sought)
            {
                found++;
                concentration = ConcentrationOf(parameters, level);
            }
            else if (level < last && here > sought != ResponseOf(parameters, level + 1) > sought && ResponseOf(parameters, level + 1) != sought)
            {
                found++;
                // Halves, so that the difference of two large responses does not overflow.
                double part = ((sought / 2) - (here / 2)) / ((ResponseOf(parameters, level + 1) / 2) - (here / 2));
                double lnLower = PreciseMath.Log(ConcentrationOf(parameters, level));
                concentration = PreciseMath.Exp(lnLower + (part * LnStep(parameters, level)));
            }
        }

        int direction = Math.Sign(ResponseOf(parameters, last) - first);
        return found switch
        {
            1 => new Inversion(InversionStatus.Found, concentration),
            0 when direction != 0 => new Inversion(isBeyondHighest == direction > 0 ? InversionStatus.AboveCurve : InversionStatus.BelowCurve, 0),
            _ => new Inversion(InversionStatus.Ambiguous, 0),
        };
    }

    /// <inheritdoc/>
    internal override string? FaultOfFixedValue(string name, double value) => null;

    /// <inheritdoc/>
    internal override CurveSolution Solve(CalibratorLevels levels, IReadOnlyList<double?> held, CurveFitOptions options)
    {
        var parameters = new double[Stride * levels.Count];
        for (int level = 0; level < levels.Count; level++)
        {
            parameters[Stride * level] = levels.Concentrations[level];
            parameters[(Stride * level) + 1] = levels.Targets[level] * levels.ResponseScale;
        }

        return new CurveSolution(parameters, FitTermination.Converged, 1, []);
    }

    private static int CountOf(ReadOnlySpan<double> parameters) => parameters.Length / Stride;

    private static double ConcentrationOf(ReadOnlySpan<double> parameters, int level) => parameters[Stride * level];

    private static double ResponseOf(ReadOnlySpan<double> parameters, int level) => parameters[(Stride * level) + 1];

    /// <summary>The level at or below a concentration, and the part of the way to the next one on ln concentration, 0 up to below 1.</summary>
    private static (int Level, double Part) PlaceOf(ReadOnlySpan<double> parameters, double concentration)
    {
        int last = CountOf(parameters) - 1;
        int level = 0;
        while (level < last && ConcentrationOf(parameters, level + 1) <= concentration)
        {
            level++;
        }

        double lower = ConcentrationOf(parameters, level);
        return level == last || concentration <= lower
            ? (level, 0)
            : (level, (PreciseMath.Log(concentration) - PreciseMath.Log(lower)) / LnStep(parameters, level));
    }

    /// <summary>From a level to the next one on ln concentration. A ratio of concentrations may be beyond the range of numbers.</summary>
    private static double LnStep(ReadOnlySpan<double> parameters, int level) =>
        PreciseMath.Log(ConcentrationOf(parameters, level + 1)) - PreciseMath.Log(ConcentrationOf(parameters, level));
}

using Biomarkers.Immunoassay.Curves.Solver;

namespace Biomarkers.Immunoassay.Curves;

/// <summary>What the logistic families share: response = lower + (upper - lower) h, where the fraction h runs between 0 and 1.</summary>
/// <remarks>
/// With z = slope ln(x / inflection) and L = ln(1 + exp(z)): h = exp(-asymmetry L). For a mirrored curve, z = -slope ln(x / inflection) and
/// h = 1 - exp(-asymmetry L). Everything is computed from ln(x / inflection), so no concentration overflows.
/// Source of the forms and of the derivatives: Gottschalk and Dunn (2005), Anal Biochem 343:54-65; drc's LL.4 and LL.5.
/// </remarks>
internal abstract class LogisticModel : CurveModel
{
    protected const int Lower = 0;
    protected const int Upper = 1;
    protected const int Inflection = 2;
    protected const int Slope = 3;
    protected const int Asymmetry = 4;

    /// <inheritdoc/>
    public override bool AllowsZeroConcentration => true;

    /// <summary>Whether the asymmetry is a parameter; otherwise it is 1.</summary>
    public bool HasAsymmetry => ParameterCount > Asymmetry;

    /// <summary>Which curve the solver finds.</summary>
    public abstract LogisticFamily Family { get; }

    /// <summary>Whether the exponent of a curve of this slope acts on the distance from the upper asymptote.</summary>
    public abstract bool IsMirrored(double slope);

    /// <inheritdoc/>
    public sealed override double Response(ReadOnlySpan<double> parameters, double concentration)
    {
        double h = FractionAt(parameters, concentration).Value;
        return (parameters[Lower] * (1 - h)) + (parameters[Upper] * h);
    }

    /// <inheritdoc/>
    public sealed override void Gradient(ReadOnlySpan<double> parameters, double concentration, Span<double> gradient) =>
        ResponseAndGradient(parameters, concentration, gradient);

    /// <inheritdoc/>
    public sealed override double ResponseAndGradient(ReadOnlySpan<double> parameters, double concentration, Span<double> gradient)
    {
        LogisticFraction fraction = FractionAt(parameters, concentration);
        double amplitude = parameters[Upper] - parameters[Lower];
        gradient[Lower] = 1 - fraction.Value;
        gradient[Upper] = fraction.Value;
        gradient[Inflection] = amplitude * fraction.ByLnInflection / parameters[Inflection];
        gradient[Slope] = amplitude * fraction.BySlope;
        if (HasAsymmetry)
        {
            gradient[Asymmetry] = amplitude * fraction.ByAsymmetry;
        }

        return (parameters[Lower] * (1 - fraction.Value)) + (parameters[Upper] * fraction.Value);
    }

    /// <inheritdoc/>
    public sealed override double SlopeByLnConcentration(ReadOnlySpan<double> parameters, double concentration) =>
        -(parameters[Upper] - parameters[Lower]) * FractionAt(parameters, concentration).ByLnInflection;

    /// <inheritdoc/>
    public sealed override Inversion Invert(ReadOnlySpan<double> parameters, double response)
    {
        double slope = parameters[Slope];
        double amplitude = parameters[Upper] - parameters[Lower];
        double fraction = (response - parameters[Lower]) / amplitude;
        double complement = (parameters[Upper] - response) / amplitude;
        if (!(fraction > 0 && complement > 0))
        {
            // At zero concentration a rising curve has the fraction 0, a falling one 1.
            return new Inversion(slope < 0 == fraction <= 0 ? InversionStatus.BelowCurve : InversionStatus.AboveCurve, 0);
        }

        // ln of the fraction that the exponent acts on; the smaller of the two is the one with accurate digits.
        bool mirrored = IsMirrored(slope);
        (double part, double rest) = mirrored ? (complement, fraction) : (fraction, complement);
        double lnPart = part < 0.5 ? PreciseMath.Log(part) : PreciseMath.LogOnePlus(-rest);
        double z = PreciseMath.LogExpMinusOne(-lnPart / AsymmetryOf(parameters));
        double concentration = parameters[Inflection] * PreciseMath.Exp(z / (mirrored ? -slope : slope));
        return concentration switch
        {
            0 => new Inversion(InversionStatus.BelowCurve, 0),
            double.PositiveInfinity => new Inversion(InversionStatus.AboveCurve, 0),
            _ => new Inversion(InversionStatus.Found, concentration),
        };
    }

    /// <inheritdoc/>
    internal sealed override string? FaultOfFixedValue(string name, double value) => name switch
    {
        CurveParameters.Inflection or CurveParameters.Asymmetry when value <= 0 => "more than 0",
        CurveParameters.Slope when value == 0 => "less than 0 for a rising curve or more than 0 for a falling one",
        _ => null,
    };

    /// <inheritdoc/>
    internal sealed override CurveSolution Solve(CalibratorLevels levels, IReadOnlyList<double?> held, CurveFitOptions options)
    {
        var table = LevelTable.FromLevels(levels.LnConcentrations, levels.Targets, levels.Weights, new double[LevelTable.MemoryFor(levels.Count)]);
        double scale = levels.ResponseScale;
        var holds = new LogisticHolds(held[Lower] / scale, held[Upper] / scale, held[Inflection], held[Slope], HasAsymmetry ? held[Asymmetry] : null);
        LogisticSummary found = LogisticSolver.Solve(ref table, Family, holds, options.IterationLimit);
        if (double.IsNaN(found.WeightedSumOfSquares))
        {
            return new CurveSolution([], found.Termination, 0, []);
        }

        double[] parameters = [found.LowerAsymptote * scale, found.UpperAsymptote * scale, found.Inflection, found.Slope, found.Asymmetry];
        List<string> atBound = [];
        if (found.AtBound.Slope)
        {
            atBound.Add(CurveParameters.Slope);
        }

        if (found.AtBound.Inflection)
        {
            atBound.Add(CurveParameters.Inflection);
        }

        if (found.AtBound.Asymmetry)
        {
            atBound.Add(CurveParameters.Asymmetry);
        }

        return new CurveSolution([.. parameters.Take(ParameterCount).Select((value, i) => held[i] ?? value)], found.Termination, found.EvaluationCount, atBound);
    }

    private double AsymmetryOf(ReadOnlySpan<double> parameters) => HasAsymmetry ? parameters[Asymmetry] : 1;

    private LogisticFraction FractionAt(ReadOnlySpan<double> parameters, double concentration)
    {
        double slope = parameters[Slope];
        double lnRatio = PreciseMath.Log(concentration) - PreciseMath.Log(parameters[Inflection]);
        return LogisticFraction.At(lnRatio, slope, AsymmetryOf(parameters), IsMirrored(slope));
    }
}

/// <summary>The fraction h of a logistic curve at one concentration, with its derivatives.</summary>
/// <param name="Value">h, 0 to 1: how far the response lies from the lower to the upper asymptote.</param>
/// <param name="BySlope">dh / d slope.</param>
/// <param name="ByLnInflection">dh / d ln inflection; the negative of dh / d ln concentration.</param>
/// <param name="ByAsymmetry">dh / d asymmetry.</param>
internal readonly record struct LogisticFraction(double Value, double BySlope, double ByLnInflection, double ByAsymmetry)
{
    /// <summary>The fraction at ln(concentration / inflection), which is negative infinity at zero concentration.</summary>
    public static LogisticFraction At(double lnRatio, double slope, double asymmetry, bool mirrored)
    {
        if (double.IsInfinity(lnRatio))
        {
            return new LogisticFraction(slope < 0 == lnRatio < 0 ? 0 : 1, 0, 0, 0);
        }

        double z = mirrored ? -slope * lnRatio : slope * lnRatio;
        double exp = PreciseMath.Exp(-Math.Abs(z));
        double tail = PreciseMath.LogOnePlus(exp);
        double logBracket = z > 0 ? z + tail : tail;
        double sigmoid = (z > 0 ? 1 : exp) / (1 + exp);
        double power = PreciseMath.Exp(-asymmetry * logBracket);
        double steepness = asymmetry * power * sigmoid;
        return new LogisticFraction(
            mirrored ? -PreciseMath.ExpMinusOne(-asymmetry * logBracket) : power,
            -steepness * lnRatio,
            steepness * slope,
            mirrored ? logBracket * power : -logBracket * power);
    }
}

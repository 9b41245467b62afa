namespace Biomarkers.Immunoassay.Curves;

/// <summary>How a response was turned into a concentration.</summary>
public enum InversionStatus
{
    /// <summary>The response lies on the curve.</summary>
    Found,

    /// <summary>The response lies beyond the end of the curve where concentrations are low: no concentration belongs to it.</summary>
    BelowCurve,

    /// <summary>The response lies beyond the end of the curve where concentrations are high: no concentration belongs to it.</summary>
    AboveCurve,

    /// <summary>The curve turns or is flat, so that several concentrations belong to the response, and none of them is given.</summary>
    Ambiguous,
}

/// <summary>A concentration read off a curve.</summary>
/// <param name="Status">Whether there is one.</param>
/// <param name="Concentration">The concentration, more than 0; meaningful only when <see cref="InversionStatus.Found"/>.</param>
public readonly record struct Inversion(InversionStatus Status, double Concentration);

/// <summary>A family of standard curves: response as a function of concentration and parameters. Stateless; one object per family.</summary>
/// <remarks>A model is one file of this shape and one line in <see cref="CurveModels"/>. All concentrations are in one unit, zero or more.</remarks>
public abstract class CurveModel
{
    /// <summary>Identifier on the wire, in assays and in results, such as <c>4pl</c>.</summary>
    public abstract string Id { get; }

    /// <summary>Names of the parameters that are fitted or held, in their order, such as <c>lowerAsymptote</c>.</summary>
    public abstract IReadOnlyList<string> ParameterNames { get; }

    /// <summary>Number of parameters, p.</summary>
    public int ParameterCount => ParameterNames.Count;

    /// <summary>Whether a calibrator of concentration 0 has a place on the curve.</summary>
    public abstract bool AllowsZeroConcentration { get; }

    /// <summary>Whether the residuals of a fit, and so its weighted sum of squares and residual variance, are those of ln response;
    /// false, the usual case, for residuals of the response itself.</summary>
    public virtual bool FitsLnResponse => false;

    /// <summary>Whether the curve goes through every level's mean, whatever it is: it then leaves no degrees of freedom, and has neither
    /// covariance nor intervals.</summary>
    public virtual bool IsInterpolation => false;

    /// <summary>Names of all numbers that describe one curve: <see cref="ParameterNames"/>, and after them what some models take from the
    /// calibrators, such as the ends of the ladder.</summary>
    /// <param name="count">How many numbers the curve has, such as the length of <see cref="CurveFit.Parameters"/>.</param>
    public virtual IReadOnlyList<string> ParameterNamesOf(int count) => ParameterNames;

    /// <summary>Fewest distinct concentrations that determine a curve.</summary>
    /// <param name="freeCount">Number of parameters that are not held.</param>
    public virtual int LeastLevelCount(int freeCount) => freeCount + 1;

    /// <summary>Concentration between the lowest and the highest calibrator at which the response turns back; null for a curve that is monotone
    /// there, as every curve of most models is.</summary>
    /// <param name="parameters">All numbers that describe the curve.</param>
    public virtual double? TurningPoint(ReadOnlySpan<double> parameters) => null;

    /// <summary>Response at a concentration.</summary>
    /// <param name="parameters">p parameters in the order of <see cref="ParameterNames"/>.</param>
    /// <param name="concentration">Zero or more; more than zero unless <see cref="AllowsZeroConcentration"/>.</param>
    public abstract double Response(ReadOnlySpan<double> parameters, double concentration);

    /// <summary>Derivatives of the response by each parameter, in their order.</summary>
    /// <param name="parameters">p parameters.</param>
    /// <param name="concentration">As for <see cref="Response"/>.</param>
    /// <param name="gradient">Receives p derivatives.</param>
    public abstract void Gradient(ReadOnlySpan<double> parameters, double concentration, Span<double> gradient);

    /// <summary>Response and its derivatives by each parameter, for searches that need both at many places.</summary>
    /// <param name="parameters">p parameters.</param>
    /// <param name="concentration">As for <see cref="Response"/>.</param>
    /// <param name="gradient">Receives p derivatives.</param>
    /// <returns>The response.</returns>
    public virtual double ResponseAndGradient(ReadOnlySpan<double> parameters, double concentration, Span<double> gradient)
    {
        Gradient(parameters, concentration, gradient);
        return Response(parameters, concentration);
    }

    /// <summary>Derivative of the response by ln concentration; concentration more than 0.</summary>
    public abstract double SlopeByLnConcentration(ReadOnlySpan<double> parameters, double concentration);

    /// <summary>The concentration that belongs to a response.</summary>
    public abstract Inversion Invert(ReadOnlySpan<double> parameters, double response);

    /// <summary>Checks a value at which a parameter shall be held.</summary>
    /// <param name="name">One of <see cref="ParameterNames"/>.</param>
    /// <param name="value">A finite number.</param>
    /// <returns>What was expected; null when the value is in the parameter's domain.</returns>
    internal abstract string? FaultOfFixedValue(string name, double value);

    /// <summary>Finds the parameters that minimise the weighted sum of squares.</summary>
    /// <param name="levels">The points, checked, one per distinct concentration.</param>
    /// <param name="held">p values; null where the parameter is free.</param>
    /// <param name="options">Limits of the iteration.</param>
    internal abstract CurveSolution Solve(CalibratorLevels levels, IReadOnlyList<double?> held, CurveFitOptions options);
}

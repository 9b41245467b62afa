namespace Biomarkers.Immunoassay.Curves;

/// <summary>Parabola: response = intercept + linearCoefficient x + quadraticCoefficient x^2.</summary>
/// <remarks>
/// Parameters: intercept (response at concentration 0), linearCoefficient, quadraticCoefficient, any of them held; after them the concentrations of
/// the lowest and the highest calibrator, taken as they are. Domain: concentrations of zero or more.
/// A parabola turns at t = -linearCoefficient / (2 quadraticCoefficient). Where t lies outside the ladder, the curve is monotone within it, and the
/// inverse is sought on that side of t. Where t lies inside, a response that belongs to two concentrations of the ladder is
/// <see cref="InversionStatus.Ambiguous"/>, one that belongs to one of them has that one, and beyond the ladder the longer side counts; see
/// <see cref="TurningPoint"/>. Solved exactly by QR, see <see cref="PolynomialLeastSquares"/>. Reference values: NIST StRD, Pontius.
/// </remarks>
internal sealed class QuadraticModel : CurveModel
{
    private const int Intercept = 0;
    private const int Linear = 1;
    private const int Quadratic = 2;
    private const int Lowest = 3;
    private const int Highest = 4;

    /// <summary>Relative distance beyond an end of the ladder that still counts as the end: rounding of the fit and of the roots.</summary>
    private const double EndTolerance = 1e-9;

    private static readonly string[] AllNames =
    [
        CurveParameters.Intercept, CurveParameters.LinearCoefficient, CurveParameters.QuadraticCoefficient,
        CurveParameters.LowestConcentration, CurveParameters.HighestConcentration,
    ];

    /// <inheritdoc/>
    public override string Id => "quadratic";

    /// <inheritdoc/>
    public override IReadOnlyList<string> ParameterNames { get; } = AllNames[..Lowest];

    /// <inheritdoc/>
    public override bool AllowsZeroConcentration => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ParameterNamesOf(int count) => AllNames;

    /// <inheritdoc/>
    public override double? TurningPoint(ReadOnlySpan<double> parameters)
    {
        double turn = TurnOf(parameters);
        return turn > parameters[Lowest] && turn < parameters[Highest] ? turn : null;
    }

    /// <inheritdoc/>
    public override double Response(ReadOnlySpan<double> parameters, double concentration) =>
        PolynomialLeastSquares.Value(parameters[..Lowest], concentration);

    /// <inheritdoc/>
    public override void Gradient(ReadOnlySpan<double> parameters, double concentration, Span<double> gradient)
    {
        gradient.Clear();
        gradient[Intercept] = 1;
        gradient[Linear] = concentration;
        gradient[Quadratic] = concentration * concentration;
    }

    /// <inheritdoc/>
    public override double SlopeByLnConcentration(ReadOnlySpan<double> parameters, double concentration) =>
        concentration * (parameters[Linear] + (2 * parameters[Quadratic] * concentration));

    /// <inheritdoc/>
    public override Inversion Invert(ReadOnlySpan<double> parameters, double response)
    {
        if (parameters[Quadratic] == 0)
        {
            return LinearModel.Invert(parameters[Intercept], parameters[Linear], response);
        }

        double turn = TurnOf(parameters);
        double lowest = parameters[Lowest] * (1 - EndTolerance);
        double highest = parameters[Highest] * (1 + EndTolerance);
        // The side of the turn on which more of the ladder lies.
        bool isBeforeTurn = turn - lowest >= highest - turn;
        if (Roots(parameters, response) is not { } roots)
        {
            return new Inversion(isBeforeTurn ? InversionStatus.AboveCurve : InversionStatus.BelowCurve, 0);
        }

        bool holdsSmaller = roots.Smaller >= lowest && roots.Smaller <= highest;
        bool holdsLarger = roots.Larger >= lowest && roots.Larger <= highest;
        if (holdsSmaller && holdsLarger && roots.Smaller < roots.Larger)
        {
            return new Inversion(InversionStatus.Ambiguous, 0);
        }

        double concentration = holdsSmaller == holdsLarger ? (isBeforeTurn ? roots.Smaller : roots.Larger) : holdsSmaller ? roots.Smaller : roots.Larger;
        return concentration switch
        {
            > 0 and < double.PositiveInfinity => new Inversion(InversionStatus.Found, concentration),
            double.PositiveInfinity => new Inversion(InversionStatus.AboveCurve, 0),
            _ => new Inversion(InversionStatus.BelowCurve, 0),
        };
    }

    /// <inheritdoc/>
    internal override string? FaultOfFixedValue(string name, double value) => null;

    /// <inheritdoc/>
    internal override CurveSolution Solve(CalibratorLevels levels, IReadOnlyList<double?> held, CurveFitOptions options) =>
        PolynomialLeastSquares.Fit(levels, held) is { } coefficients
            ? new CurveSolution([.. coefficients, levels.Concentrations[0], levels.Concentrations[^1]], FitTermination.Converged, 1, [])
            : new CurveSolution([], FitTermination.Stalled, 1, []);

    private static double TurnOf(ReadOnlySpan<double> parameters) => -parameters[Linear] / parameters[Quadratic] / 2;

    /// <summary>Both concentrations of a response; null beyond the turn. In the unit of the highest calibrator, so that squares stay in range; the
    /// discriminant with one rounding (W. Kahan), and no difference of near numbers in the roots (Higham, Accuracy and Stability, section 1.8).</summary>
    private static (double Smaller, double Larger)? Roots(ReadOnlySpan<double> parameters, double response)
    {
        double unit = parameters[Highest];
        double a = parameters[Quadratic] * unit * unit;
        double halfB = parameters[Linear] * unit / 2;
        double c = parameters[Intercept] - response;
        double product = a * c;
        double discriminant = Math.FusedMultiplyAdd(halfB, halfB, -product) - Math.FusedMultiplyAdd(a, c, -product);
        if (discriminant < 0)
        {
            return null;
        }

        double q = -(halfB + Math.CopySign(Math.Sqrt(discriminant), halfB));
        double first = q / a;
        double second = q == 0 ? first : c / q;
        return (Math.Min(first, second) * unit, Math.Max(first, second) * unit);
    }
}

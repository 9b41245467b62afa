namespace Biomarkers.Immunoassay.Curves;

/// <summary>Straight line: response = intercept + linearCoefficient x.</summary>
/// <remarks>
/// Parameters: intercept (response at concentration 0), linearCoefficient (positive for a rising line). Domain: concentrations of zero or more.
/// A response on the other side of the intercept lies below the curve: no concentration is negative. Solved exactly by QR, see
/// <see cref="PolynomialLeastSquares"/>. Reference values: NIST StRD, Norris.
/// </remarks>
internal sealed class LinearModel : CurveModel
{
    private const int Intercept = 0;
    private const int Linear = 1;

    /// <inheritdoc/>
    public override string Id => "linear";

    /// <inheritdoc/>
    public override IReadOnlyList<string> ParameterNames { get; } = [CurveParameters.Intercept, CurveParameters.LinearCoefficient];

    /// <inheritdoc/>
    public override bool AllowsZeroConcentration => true;

    /// <inheritdoc/>
    public override double Response(ReadOnlySpan<double> parameters, double concentration) => PolynomialLeastSquares.Value(parameters, concentration);

    /// <inheritdoc/>
    public override void Gradient(ReadOnlySpan<double> parameters, double concentration, Span<double> gradient)
    {
        gradient[Intercept] = 1;
        gradient[Linear] = concentration;
    }

    /// <inheritdoc/>
    public override double SlopeByLnConcentration(ReadOnlySpan<double> parameters, double concentration) => parameters[Linear] * concentration;

    /// <inheritdoc/>
    public override Inversion Invert(ReadOnlySpan<double> parameters, double response) => Invert(parameters[Intercept], parameters[Linear], response);

    /// <summary>Inverse of a line.</summary>
    internal static Inversion Invert(double intercept, double slope, double response)
    {
        if (slope == 0)
        {
            return new Inversion(InversionStatus.Ambiguous, 0);
        }

        double concentration = (response - intercept) / slope;
        return concentration switch
        {
            > 0 and < double.PositiveInfinity => new Inversion(InversionStatus.Found, concentration),
            double.PositiveInfinity => new Inversion(InversionStatus.AboveCurve, 0),
            _ => new Inversion(InversionStatus.BelowCurve, 0),
        };
    }

    /// <inheritdoc/>
    internal override string? FaultOfFixedValue(string name, double value) =>
        name == CurveParameters.LinearCoefficient && value == 0 ? "a number other than 0" : null;

    /// <inheritdoc/>
    internal override CurveSolution Solve(CalibratorLevels levels, IReadOnlyList<double?> held, CurveFitOptions options) =>
        PolynomialLeastSquares.Fit(levels, held) is { } coefficients
            ? new CurveSolution(coefficients, FitTermination.Converged, 1, [])
            : new CurveSolution([], FitTermination.Stalled, 1, []);
}

namespace Biomarkers.Immunoassay.Curves;

/// <summary>Log-log line: ln response = intercept + logLogSlope ln x.</summary>
/// <remarks>
/// Parameters: intercept (ln response at concentration 1), logLogSlope (positive for a rising curve). Domain: concentrations and responses of
/// more than 0; there is no place for a zero calibrator. It is fitted as is usual, by linear regression of ln response on ln x: the sum
/// of squares is sum w (ln y - ln f)^2 with w the weight of the observed response, taken on the ln scale as it stands. A constant CV therefore
/// needs no weights, and <c>none</c> is the plain log-log regression. It isn't the minimum of sum w (y - f)^2.
/// </remarks>
internal sealed class LogLogModel : CurveModel
{
    private const int Intercept = 0;
    private const int LogLogSlope = 1;

    /// <inheritdoc/>
    public override string Id => "loglog";

    /// <inheritdoc/>
    public override IReadOnlyList<string> ParameterNames { get; } = [CurveParameters.Intercept, CurveParameters.LogLogSlope];

    /// <inheritdoc/>
    public override bool AllowsZeroConcentration => false;

    /// <inheritdoc/>
    public override bool FitsLnResponse => true;

    /// <inheritdoc/>
    public override double Response(ReadOnlySpan<double> parameters, double concentration) =>
        PreciseMath.Exp(parameters[Intercept] + (parameters[LogLogSlope] * PreciseMath.Log(concentration)));

    /// <inheritdoc/>
    public override void Gradient(ReadOnlySpan<double> parameters, double concentration, Span<double> gradient)
    {
        double response = Response(parameters, concentration);
        gradient[Intercept] = response;
        gradient[LogLogSlope] = response * PreciseMath.Log(concentration);
    }

    /// <inheritdoc/>
    public override double SlopeByLnConcentration(ReadOnlySpan<double> parameters, double concentration) =>
        parameters[LogLogSlope] * Response(parameters, concentration);

    /// <inheritdoc/>
    public override Inversion Invert(ReadOnlySpan<double> parameters, double response)
    {
        double slope = parameters[LogLogSlope];
        double concentration = response > 0 ? PreciseMath.Exp((PreciseMath.Log(response) - parameters[Intercept]) / slope) : slope > 0 ? 0 : double.PositiveInfinity;
        return concentration switch
        {
            > 0 and < double.PositiveInfinity => new Inversion(InversionStatus.Found, concentration),
            0 => new Inversion(InversionStatus.BelowCurve, 0),
            _ => new Inversion(InversionStatus.AboveCurve, 0),
        };
    }

    /// <inheritdoc/>
    internal override string? FaultOfFixedValue(string name, double value) =>
        name == CurveParameters.LogLogSlope && value == 0 ? "a number other than 0" : null;

    /// <inheritdoc/>
    internal override CurveSolution Solve(CalibratorLevels levels, IReadOnlyList<double?> held, CurveFitOptions options)
    {
        double weight = 0, meanX = 0, meanY = 0;
        for (int i = 0; i < levels.Count; i++)
        {
            weight += levels.Weights[i];
            meanX += levels.Weights[i] * levels.LnConcentrations[i];
            meanY += levels.Weights[i] * levels.Targets[i];
        }

        meanX /= weight;
        meanY /= weight;
        (double originX, double originY) = held[Intercept] is { } fixedIntercept ? (0, fixedIntercept) : (meanX, meanY);
        double xx = 0, xy = 0;
        for (int i = 0; i < levels.Count; i++)
        {
            double x = levels.LnConcentrations[i] - originX;
            xx += levels.Weights[i] * x * x;
            xy += levels.Weights[i] * x * (levels.Targets[i] - originY);
        }

        double slope = held[LogLogSlope] ?? (xy / xx);
        double intercept = held[Intercept] ?? (meanY - (slope * meanX));
        return new CurveSolution([intercept, slope], FitTermination.Converged, 1, []);
    }
}

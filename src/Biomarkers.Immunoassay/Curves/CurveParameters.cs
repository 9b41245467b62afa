namespace Biomarkers.Immunoassay.Curves;

/// <summary>Names of curve parameters, as on the wire, in results and in files.</summary>
public static class CurveParameters
{
    /// <summary>Response that the curve tends to at its low end: the smaller of the two asymptotes, for rising and falling curves.</summary>
    public const string LowerAsymptote = "lowerAsymptote";

    /// <summary>Response that the curve tends to at its high end: the larger of the two asymptotes.</summary>
    public const string UpperAsymptote = "upperAsymptote";

    /// <summary>Concentration that scales the curve, more than 0. In the 4PL it is the EC50; in a 5PL it is neither the EC50 nor the point of
    /// inflection.</summary>
    public const string Inflection = "inflection";

    /// <summary>Exponent of the concentration: negative for a rising curve, positive for a falling one.</summary>
    public const string Slope = "slope";

    /// <summary>Exponent of the bracket of a 5PL, more than 0; 1 makes it a 4PL.</summary>
    public const string Asymmetry = "asymmetry";

    /// <summary>Response at concentration 0 of a line or a parabola; ln response at concentration 1 of a log-log line.</summary>
    public const string Intercept = "intercept";

    /// <summary>d ln response / d ln concentration of a log-log line: positive for a rising curve.</summary>
    public const string LogLogSlope = "logLogSlope";

    /// <summary>Coefficient of the concentration in a line or a parabola, response per concentration: positive for a line that rises.</summary>
    public const string LinearCoefficient = "linearCoefficient";

    /// <summary>Coefficient of the squared concentration in a parabola.</summary>
    public const string QuadraticCoefficient = "quadraticCoefficient";

    /// <summary>Concentration of the lowest calibrator in the fit, where a model needs it to tell which part of a curve counts.</summary>
    public const string LowestConcentration = "lowestConcentration";

    /// <summary>Concentration of the highest calibrator in the fit, likewise.</summary>
    public const string HighestConcentration = "highestConcentration";

    /// <summary>Concentration of a level of a point-to-point curve, followed by the level's number from 1: <c>concentration1</c>.</summary>
    public const string LevelConcentration = "concentration";

    /// <summary>Mean response of a level of a point-to-point curve, followed by the level's number from 1: <c>response1</c>.</summary>
    public const string LevelResponse = "response";
}

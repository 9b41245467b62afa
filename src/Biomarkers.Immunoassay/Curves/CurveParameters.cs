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

    /// <summary>Ln response at concentration 1 of a log-log line.</summary>
    public const string Intercept = "intercept";

    /// <summary>d ln response / d ln concentration of a log-log line: positive for a rising curve.</summary>
    public const string LogLogSlope = "logLogSlope";
}

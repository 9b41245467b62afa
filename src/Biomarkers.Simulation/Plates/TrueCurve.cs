namespace Biomarkers.Simulation.Plates;

/// <summary>The hidden curve of an analyte on a simulated plate: response = lower + (upper - lower) / (1 + (x / inflection)^slope)^asymmetry, rising
/// (slope below 0); asymmetry 1 is the 4PL.</summary>
/// <param name="LowerAsymptote">Response at concentration 0.</param>
/// <param name="UpperAsymptote">Response at infinite concentration.</param>
/// <param name="Inflection">In the unit of the analyte; the half-way concentration only where asymmetry is 1.</param>
/// <param name="Slope">Below 0.</param>
/// <param name="Asymmetry">More than 0.</param>
public sealed record TrueCurve(double LowerAsymptote, double UpperAsymptote, double Inflection, double Slope, double Asymmetry)
{
    /// <summary>Steepest curve that is drawn: antibody binding is hardly cooperative.</summary>
    private const double SteepestSlope = -1.4;

    /// <summary>Share of the way from lower to upper response at the ULOQ.</summary>
    private const double ShareAtUloq = 0.5;

    /// <summary>Response without noise.</summary>
    /// <param name="concentration">0 or more.</param>
    public double Response(double concentration)
    {
        if (concentration <= 0)
        {
            return LowerAsymptote;
        }

        double power = PortableMath.Exp(Slope * PortableMath.Log(concentration / Inflection));
        return LowerAsymptote + ((UpperAsymptote - LowerAsymptote) * PortableMath.Exp(-Asymmetry * PortableMath.Log(1 + power)));
    }

    /// <summary>The curve that has the detector's shares of its height at the limits of quantification.</summary>
    internal static TrueCurve Through(DetectorScale scale, double lloq, double uloq, double asymmetry, double plateFactor)
    {
        double low = LogOfPower(scale.ShareAtLloq, asymmetry);
        double high = LogOfPower(ShareAtUloq, asymmetry);
        double slope = Math.Max((low - high) / (PortableMath.Log(lloq) - PortableMath.Log(uloq)), SteepestSlope);
        double inflection = PortableMath.Exp(PortableMath.Log(uloq) - (high / slope));
        return new TrueCurve(scale.Lower * plateFactor, scale.Upper * plateFactor, inflection, slope, asymmetry);
    }

    // From share = (1 + power)^-asymmetry: ln power.
    private static double LogOfPower(double share, double asymmetry) =>
        PortableMath.Log(PortableMath.Exp(-PortableMath.Log(share) / asymmetry) - 1);
}

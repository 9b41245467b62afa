namespace Biomarkers.Immunoassay.Curves.Weights;

/// <summary>Variance of one well's response as a function of its expected response f: V(f) = a^2 + (b |f|^theta)^2.</summary>
/// <remarks>a is what the reader and the blank scatter by at no signal at all, b |f|^theta what grows with the signal: theta 1 a constant CV of b,
/// 0.5 counting noise, 0 a constant. For a sandwich or bead assay a is small beside the signal, and a pure power (a = 0) then serves.
/// Source: the power-of-the-mean model with a constant added, R. Carroll and D. Ruppert (1988), Transformation and Weighting in Regression,
/// chapter 2; D. Rocke and S. Lorenzato (1995), Technometrics 37:176-184, for the two components of an analytical error.</remarks>
public sealed record VarianceFunction
{
    /// <summary>Highest theta that is accepted: responses whose SD grows with more than their square are not measured by anything.</summary>
    public const double HighestTheta = 2;

    /// <summary>Makes a variance function.</summary>
    /// <param name="a">SD of a well at response 0, unit of the response, 0 or more.</param>
    /// <param name="b">SD of a well at |f| = 1 less the constant part; the relative SD when theta is 1. 0 or more.</param>
    /// <param name="theta">Power of the response, 0 to 2, both included.</param>
    /// <exception cref="ArgumentOutOfRangeException">Outside the domain: see <see cref="IsInDomain"/>.</exception>
    public VarianceFunction(double a, double b, double theta)
    {
        if (!IsInDomain(a, b, theta))
        {
            throw new ArgumentOutOfRangeException(nameof(a), $"Expected a and b of 0 or more, not both 0, and theta from 0 to 2; got {a}, {b}, {theta}.");
        }

        // Plus zero, so that equal functions have equal texts.
        A = a + 0.0;
        B = b + 0.0;
        Theta = theta + 0.0;
    }

    /// <summary>SD of a well at response 0, unit of the response.</summary>
    public double A { get; }

    /// <summary>Factor of |f|^theta; the relative SD when theta is 1.</summary>
    public double B { get; }

    /// <summary>Power of the response, 0 to 2.</summary>
    public double Theta { get; }

    /// <summary>Whether three numbers make a variance function: finite, a and b of 0 or more and not both 0, theta from 0 to 2, squares that do not
    /// overflow or vanish.</summary>
    public static bool IsInDomain(double a, double b, double theta) =>
        a >= 0 && b >= 0 && double.IsFinite(a * a) && double.IsFinite(b * b) && theta is >= 0 and <= HighestTheta && ((a * a) > 0 || (b * b) > 0);

    /// <summary>V(f), squared unit of the response. 0 only at f = 0 with a = 0; infinite where it overflows.</summary>
    /// <param name="response">f, finite; its sign does not matter.</param>
    public double VarianceAt(double response)
    {
        double scaled = B * Theta switch
        {
            0 => 1,
            0.5 => Math.Sqrt(Math.Abs(response)),
            1 => Math.Abs(response),
            _ => response == 0 ? 0 : PreciseMath.Exp(Theta * PreciseMath.Log(Math.Abs(response))),
        };
        return (A * A) + (scaled * scaled);
    }

    /// <summary>The same shape with a variance <paramref name="factor"/> times as large.</summary>
    /// <param name="factor">More than 0.</param>
    public VarianceFunction Scaled(double factor) => new(A * Math.Sqrt(factor), B * Math.Sqrt(factor), Theta);
}

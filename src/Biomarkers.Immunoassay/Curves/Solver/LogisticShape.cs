using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Biomarkers.Immunoassay.Curves.Solver;

/// <summary>A place of the search: the three nonlinear coordinates of a logistic curve.</summary>
/// <param name="Steepness">Ln slope at mid-height, as the slope of the 4PL that is as steep there; ln |slope| where slope or inflection is held.</param>
/// <param name="Middle">Ln concentration at mid-height; ln inflection where slope or inflection is held.</param>
/// <param name="LnAsymmetry">Ln asymmetry.</param>
internal readonly record struct LogisticPlace(double Steepness, double Middle, double LnAsymmetry)
{
    public LogisticPlace Add(in LogisticPlace step, double factor) => new(
        Steepness + (factor * step.Steepness), Middle + (factor * step.Middle), LnAsymmetry + (factor * step.LnAsymmetry));

    public LogisticPlace Clamp(in LogisticPlace minimum, in LogisticPlace maximum) => new(
        Math.Min(Math.Max(Steepness, minimum.Steepness), maximum.Steepness),
        Math.Min(Math.Max(Middle, minimum.Middle), maximum.Middle),
        Math.Min(Math.Max(LnAsymmetry, minimum.LnAsymmetry), maximum.LnAsymmetry));

    /// <summary>Largest difference of a coordinate.</summary>
    public double DistanceTo(in LogisticPlace other) => Math.Max(
        Math.Abs(Steepness - other.Steepness), Math.Max(Math.Abs(Middle - other.Middle), Math.Abs(LnAsymmetry - other.LnAsymmetry)));
}

/// <summary>What a place says of the curve: h(x) = exp(-g ln(1 + exp(u))) with u = o b (ln x - middle) + k, o the orientation.</summary>
/// <remarks>
/// With a = ln 2 / g: k = ln(e^a - 1) makes h one half at the middle, and b = e^steepness / (2 g (1 - e^-a)) makes the slope there that of a 4PL. Both
/// stay finite as g goes to 0 and to infinity, which is why the search runs in these coordinates: points show middle and steepness directly, so the
/// narrow bent valley of a 5PL in its usual parameters becomes nearly straight. Where slope or inflection is held, b = e^steepness and k = 0.
/// </remarks>
internal readonly struct LogisticShape
{
    private const double Ln2 = 0.6931471805599453;

    /// <summary>Makes the shape of a place.</summary>
    /// <param name="place">The place.</param>
    /// <param name="isNatural">Whether slope or inflection is held.</param>
    /// <param name="isUnit">Whether the asymmetry is held at 1.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public LogisticShape(in LogisticPlace place, bool isNatural, bool isUnit)
    {
        if (isUnit)
        {
            B = VectorMath.Exp(Vector512.Create(place.Steepness)).ToScalar();
            Asymmetry = 1;
            return;
        }

        // The box keeps all of these within e^-700..e^700.
        Vector512<double> exponentials = VectorMath.Exp(Vector512.Create(place.Steepness, place.LnAsymmetry, -place.LnAsymmetry, 0, 0, 0, 0, 0));
        B = exponentials.ToScalar();
        double g = exponentials.GetElement(1);
        Asymmetry = g;
        if (isNatural)
        {
            return;
        }

        double a = Ln2 * exponentials.GetElement(2);
        double decay = VectorMath.Exp(Vector512.Create(-a)).ToScalar();
        double rest = a < 1e-2 ? a * (1 - (a / 2 * (1 - (a / 3 * (1 - (a / 4 * (1 - (a / 5 * (1 - (a / 6)))))))))) : 1 - decay;
        double ratio = a * decay / rest;
        K = VectorMath.Log(Vector512.Create(rest)).ToScalar() + a;
        B /= 2 * g * rest;
        LnBByAsymmetry = ratio - 1;
        KByAsymmetry = -a / rest;
        LnBByAsymmetry2 = -ratio * (1 - (a / rest));
        KByAsymmetry2 = a * (1 - ratio) / rest;
    }

    /// <summary>|slope|.</summary>
    public double B { get; }

    /// <summary>Offset of u at the middle.</summary>
    public double K { get; }

    /// <summary>g.</summary>
    public double Asymmetry { get; }

    /// <summary>d ln b / d ln g.</summary>
    public double LnBByAsymmetry { get; }

    /// <summary>dk / d ln g.</summary>
    public double KByAsymmetry { get; }

    /// <summary>Second derivative of ln b by ln g.</summary>
    public double LnBByAsymmetry2 { get; }

    /// <summary>Second derivative of k by ln g.</summary>
    public double KByAsymmetry2 { get; }
}

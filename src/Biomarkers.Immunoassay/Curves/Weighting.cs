using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Biomarkers.Immunoassay.Curves.Weights;

namespace Biomarkers.Immunoassay.Curves;

/// <summary>How much each calibrator point counts: the fit minimises sum w (y - f(x))^2.</summary>
/// <remarks>
/// Three kinds. (1) Fixed, by the observed response y: w = 1 / y^k, k = 0 none, 1 "1/y", 2 "1/y2" (constant CV); they reproduce vendors. 1/y^2 on the
/// observed response fits low by about 2 CV^2. Trap: drc's <c>weights = v</c> minimises sum (v (y - f))^2, so its 1/y is the 1/y2 of everybody else.
/// (2) By the fitted response f: w = 1 / V(f) with a <see cref="VarianceFunction"/>, iterated until the weights stand still. V may be known, learned
/// with pooled degrees of freedom, or known in its shape only. (3) By each level's replicates: w = 1 / s_level^2. With duplicates that is one degree
/// of freedom per level, so the weights scatter by orders of magnitude: it is there to reproduce others, gives no variance between the
/// levels and so no interval; learn a variance function instead.
/// </remarks>
public sealed record Weighting
{
    /// <summary>What people are told to choose from.</summary>
    public const string KnownIds = "none, 1/y, 1/y2, power:K with K from 0 to 4, variance:A,B,THETA, variance:A,B,THETA,DF, shape:A,B,THETA "
        + "(A and B of 0 or more, not both 0, THETA from 0 to 2, DF of 1 or more) or replicates";

    /// <summary>Highest power that is accepted.</summary>
    private const double MaximumPower = 4;

    private const string ReplicatesId = "replicates";
    private const string PowerPrefix = "power:";
    private const string VariancePrefix = "variance:";
    private const string ShapePrefix = "shape:";

    /// <summary>Fixed weights 1 / y^k.</summary>
    /// <param name="power">k, 0 to 4.</param>
    public Weighting(double power) => Power = power;

    /// <summary>w = 1.</summary>
    public static Weighting None { get; } = new(0);

    /// <summary>w = 1/y.</summary>
    public static Weighting OneOverY { get; } = new(1);

    /// <summary>w = 1/y^2.</summary>
    public static Weighting OneOverY2 { get; } = new(2);

    /// <summary>w = 1 / variance of the level's replicates.</summary>
    public static Weighting Replicates { get; } = new(0) { IsByReplicates = true };

    /// <summary>k of fixed weights; 0 for the other kinds.</summary>
    public double Power { get; }

    /// <summary>The variance function of iterated weights; null for the other kinds.</summary>
    public VarianceFunction? Variance { get; private init; }

    /// <summary>Whether each level is weighted by the variance of its own replicates.</summary>
    public bool IsByReplicates { get; private init; }

    /// <summary>From what the variance of a well is known.</summary>
    public VarianceBasis Basis { get; private init; }

    /// <summary>Degrees of freedom of a learned variance function, 1 or more; null on another basis.</summary>
    public double? PooledDegreesOfFreedom { get; private init; }

    /// <summary>Identifier, from which <see cref="TryParse"/> makes the same weighting: <c>none</c>, <c>1/y</c>, <c>1/y2</c>, <c>power:K</c>,
    /// <c>variance:A,B,THETA</c> (known), <c>variance:A,B,THETA,DF</c> (learned), <c>shape:A,B,THETA</c> (the plate's own s^2 scales it) or
    /// <c>replicates</c>. Numbers in the shortest form that reads back to the same bits.</summary>
    public string Id
    {
        get
        {
            if (Variance is { } v)
            {
                string prefix = Basis == VarianceBasis.PlateResiduals ? ShapePrefix : VariancePrefix;
                string numbers = string.Create(CultureInfo.InvariantCulture, $"{v.A},{v.B},{v.Theta}");
                return PooledDegreesOfFreedom is { } df ? string.Create(CultureInfo.InvariantCulture, $"{prefix}{numbers},{df}") : prefix + numbers;
            }

            return IsByReplicates ? ReplicatesId : Power switch
            {
                0 => "none",
                1 => "1/y",
                2 => "1/y2",
                _ => string.Create(CultureInfo.InvariantCulture, $"{PowerPrefix}{Power}"),
            };
        }
    }

    /// <summary>w = 1/V(f), V known in full: its intervals take the normal quantile.</summary>
    public static Weighting Known(VarianceFunction variance) => new(0) { Variance = variance, Basis = VarianceBasis.Known };

    /// <summary>w = 1/V(f), V learned: its intervals take Student's t.</summary>
    /// <param name="variance">V.</param>
    /// <param name="pooledDegreesOfFreedom">Degrees of freedom that V was learned with, finite, 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 1 degree of freedom, or not finite.</exception>
    public static Weighting Learned(VarianceFunction variance, double pooledDegreesOfFreedom)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(IsDegreesOfFreedom(pooledDegreesOfFreedom), false, nameof(pooledDegreesOfFreedom));
        return new(0) { Variance = variance, Basis = VarianceBasis.Learned, PooledDegreesOfFreedom = pooledDegreesOfFreedom };
    }

    /// <summary>w = 1/V(f), V known up to a factor that the plate's residuals give: its intervals take Student's t on n - p.</summary>
    public static Weighting Shape(VarianceFunction variance) => new(0) { Variance = variance, Basis = VarianceBasis.PlateResiduals };

    /// <summary>Reads an identifier, the words of <see cref="KnownIds"/>. Numbers are plain or with an exponent, without a sign.</summary>
    public static bool TryParse(string id, [NotNullWhen(true)] out Weighting? weighting)
    {
        weighting = id switch
        {
            "none" => None,
            "1/y" => OneOverY,
            "1/y2" or "1/y^2" => OneOverY2,
            ReplicatesId => Replicates,
            _ => null,
        };
        if (weighting is null && id.StartsWith(PowerPrefix, StringComparison.Ordinal)
            && double.TryParse(id.AsSpan(PowerPrefix.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double power)
            && power is >= 0 and <= MaximumPower)
        {
            weighting = new Weighting(power);
        }

        weighting ??= OfNumbers(id, VariancePrefix) ?? OfNumbers(id, ShapePrefix);
        return weighting is not null;
    }

    /// <summary>Whether a response has a weight: for fixed weights always when k = 0, otherwise when it is more than 0; for a variance function
    /// always, since it is the fitted response that counts; by replicates always, since a level that has no variance fails the fit as a whole.</summary>
    public bool IsDefinedFor(double response) => Power == 0 || response > 0;

    /// <summary>Fixed weight of a response for which <see cref="IsDefinedFor"/> holds, or 1/V(f) at a fitted response.</summary>
    /// <param name="response">Observed response for fixed weights, fitted response for a variance function.</param>
    /// <exception cref="InvalidOperationException">The weights are those of the levels' replicates, which no response tells.</exception>
    public double WeightOf(double response) =>
        IsByReplicates ? throw new InvalidOperationException("The weights of replicates belong to levels; a response alone has none.")
        : Variance is { } variance ? 1 / variance.VarianceAt(response)
        : Power switch
        {
            0 => 1,
            1 => 1 / response,
            2 => 1 / (response * response),
            _ => PreciseMath.Pow(response, -Power),
        };

    /// <inheritdoc/>
    public override string ToString() => Id;

    private static Weighting? OfNumbers(string id, string prefix)
    {
        if (!id.StartsWith(prefix, StringComparison.Ordinal))
        {
            return null;
        }

        string[] words = id[prefix.Length..].Split(',', 5);
        var numbers = new double[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            const NumberStyles style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
            if (!double.TryParse(words[i], style, CultureInfo.InvariantCulture, out numbers[i]))
            {
                return null;
            }
        }

        if (numbers.Length is < 3 or > 4 || !VarianceFunction.IsInDomain(numbers[0], numbers[1], numbers[2]))
        {
            return null;
        }

        var variance = new VarianceFunction(numbers[0], numbers[1], numbers[2]);
        return (prefix, numbers.Length) switch
        {
            (VariancePrefix, 3) => Known(variance),
            (VariancePrefix, 4) when IsDegreesOfFreedom(numbers[3]) => Learned(variance, numbers[3]),
            (ShapePrefix, 3) => Shape(variance),
            _ => null,
        };
    }

    private static bool IsDegreesOfFreedom(double value) => value >= 1 && double.IsFinite(value);
}

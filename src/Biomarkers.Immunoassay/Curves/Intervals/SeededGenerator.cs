namespace Biomarkers.Immunoassay.Curves.Intervals;

/// <summary>Random numbers that a seed determines, the same on every machine and in every version.</summary>
/// <remarks>xoshiro256**, its state filled by splitmix64. Source: D. Blackman, S. Vigna (2021), ACM Trans. Math. Softw. 47(4):36. Normal numbers by the polar
/// method of G. Marsaglia, T. Bray (1964), SIAM Review 6:260-264; gamma numbers by G. Marsaglia, W. Tsang (2000), ACM Trans. Math. Softw. 26:363-372.</remarks>
public sealed class SeededGenerator
{
    private ulong s0;
    private ulong s1;
    private ulong s2;
    private ulong s3;
    private double spare;
    private bool hasSpare;

    /// <summary>A generator of a seed.</summary>
    public SeededGenerator(ulong seed)
    {
        s0 = SplitMix(ref seed);
        s1 = SplitMix(ref seed);
        s2 = SplitMix(ref seed);
        s3 = SplitMix(ref seed);
    }

    /// <summary>A seed for one of many independent streams, such as one plate of a simulation.</summary>
    /// <param name="seed">Seed of the whole.</param>
    /// <param name="stream">Number of the part.</param>
    public static ulong SeedOf(ulong seed, ulong stream)
    {
        ulong mixed = seed;
        mixed = SplitMix(ref mixed) ^ stream;
        return SplitMix(ref mixed);
    }

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        ulong result = ulong.RotateLeft(s1 * 5, 7) * 9;
        ulong t = s1 << 17;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= t;
        s3 = ulong.RotateLeft(s3, 45);
        return result;
    }

    /// <summary>A uniform number between 0 and 1, both excluded.</summary>
    public double NextUniform() => ((NextBits() >> 12) + 0.5) * (1.0 / (1UL << 52));

    /// <summary>A normal number of mean 0 and variance 1.</summary>
    public double NextNormal()
    {
        if (hasSpare)
        {
            hasSpare = false;
            return spare;
        }

        while (true)
        {
            double u = (2 * NextUniform()) - 1;
            double v = (2 * NextUniform()) - 1;
            double square = (u * u) + (v * v);
            if (square is > 0 and < 1)
            {
                double factor = Math.Sqrt(-2 * PreciseMath.Log(square) / square);
                spare = v * factor;
                hasSpare = true;
                return u * factor;
            }
        }
    }

    /// <summary>A chi-squared number.</summary>
    /// <param name="degreesOfFreedom">1 or more, not necessarily whole.</param>
    public double NextChiSquared(double degreesOfFreedom)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(degreesOfFreedom, 1);

        // Gamma of shape df/2 by shape df/2 + 1 and the power of a uniform number where the shape is below 1.
        double shape = degreesOfFreedom / 2;
        double boost = shape < 1 ? PreciseMath.Exp(PreciseMath.Log(NextUniform()) / shape) : 1;
        double d = (shape < 1 ? shape + 1 : shape) - (1.0 / 3);
        double c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double normal = NextNormal();
            double root = 1 + (c * normal);
            double cube = root * root * root;
            if (root > 0 && PreciseMath.Log(NextUniform()) < (normal * normal / 2) + (d * (1 - cube + PreciseMath.Log(cube))))
            {
                return 2 * d * cube * boost;
            }
        }
    }

    private static ulong SplitMix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}

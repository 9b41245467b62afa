namespace Biomarkers.Simulation.Plates;

/// <summary>Random numbers that depend on the seed alone, not on runtime or platform: xoshiro256** (Blackman and Vigna 2018), its state
/// filled by SplitMix64.</summary>
internal sealed class SeededGenerator
{
    private readonly ulong[] state = new ulong[4];
    private double? spareNormal;

    public SeededGenerator(ulong seed)
    {
        for (int i = 0; i < state.Length; i++)
        {
            seed += 0x9E3779B97F4A7C15;
            ulong z = seed;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            state[i] = z ^ (z >> 31);
        }
    }

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        ulong result = ulong.RotateLeft(state[1] * 5, 7) * 9;
        ulong shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = ulong.RotateLeft(state[3], 45);
        return result;
    }

    /// <summary>Uniform in 0 to 1, 1 left out.</summary>
    public double NextUniform() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform between two bounds.</summary>
    public double NextBetween(double low, double high) => low + ((high - low) * NextUniform());

    /// <summary>A whole number from 0 to <paramref name="count"/> - 1.</summary>
    public int NextIndex(int count) => (int)(NextUniform() * count);

    /// <summary>Standard normal: Box and Muller's transform in Marsaglia's polar form, which needs no sine.</summary>
    public double NextNormal()
    {
        if (spareNormal is { } spare)
        {
            spareNormal = null;
            return spare;
        }

        while (true)
        {
            double u = (2 * NextUniform()) - 1;
            double v = (2 * NextUniform()) - 1;
            double square = (u * u) + (v * v);
            if (square is > 0 and < 1)
            {
                double factor = Math.Sqrt(-2 * PortableMath.Log(square) / square);
                spareNormal = v * factor;
                return u * factor;
            }
        }
    }

    /// <summary>Log-normal about a median.</summary>
    public double NextLogNormal(double median, double logSd) => median * PortableMath.Exp(logSd * NextNormal());

    /// <summary>A list in random order (Fisher and Yates).</summary>
    public T[] Shuffled<T>(IEnumerable<T> items)
    {
        T[] shuffled = [.. items];
        for (int i = shuffled.Length - 1; i > 0; i--)
        {
            int other = NextIndex(i + 1);
            (shuffled[i], shuffled[other]) = (shuffled[other], shuffled[i]);
        }

        return shuffled;
    }
}

namespace Biomarkers.Benchmarks.Fits;

/// <summary>Calibrators of one curve: eight levels in duplicate.</summary>
/// <param name="Concentrations">Sixteen concentrations, rising, each twice.</param>
/// <param name="Responses">Their responses.</param>
internal sealed record SimulatedCurve(double[] Concentrations, double[] Responses);

/// <summary>Standard curves as laboratories see them: optical densities and bead fluorescences, threefold and fourfold steps, noise of CV 3 to
/// 10 % that follows a power of the mean, 12 % with one gross outlier, 15 % falling.</summary>
internal static class SimulatedCurves
{
    private const int Levels = 8;

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    public static SimulatedCurve[] Create(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => CreateOne(random))];
    }

    private static SimulatedCurve CreateOne(Random random)
    {
        bool isFluorescence = random.NextDouble() < 0.5;
        double low = isFluorescence ? Math.Pow(10, Between(random, 1.3, 2.3)) : Between(random, 0.02, 0.1);
        double high = isFluorescence ? Math.Pow(10, Between(random, 3.48, 4.48)) : Between(random, 1.5, 4);
        bool isFalling = random.NextDouble() < 0.15;
        double slope = Math.Exp(Between(random, Math.Log(0.6), Math.Log(2.5)));
        double asymmetry = Math.Exp(Between(random, Math.Log(0.3), Math.Log(3)));
        double step = random.NextDouble() < 0.5 ? 3 : 4;
        double ec50 = Math.Pow(10, Between(random, 0, 3));
        double top = ec50 * Math.Pow(step, Between(random, 1, 5.5));
        double inflection = ec50 / Math.Pow(Math.Pow(2, 1 / asymmetry) - 1, 1 / slope);
        double cv = Between(random, 0.03, 0.10);
        double power = Between(random, 0.8, 1);
        double reference = Math.Sqrt(low * high);
        (double atZero, double atInfinity) = isFalling ? (high, low) : (low, high);
        var concentrations = new double[2 * Levels];
        var responses = new double[2 * Levels];
        for (int i = 0; i < responses.Length; i++)
        {
            double x = top / Math.Pow(step, Levels - 1 - (i / 2));
            double mean = atInfinity + ((atZero - atInfinity) * Math.Pow(1 + Math.Pow(x / inflection, slope), -asymmetry));
            double sd = cv * Math.Pow(reference, 1 - power) * Math.Pow(mean, power);
            concentrations[i] = x;
            responses[i] = mean + (sd * Normal(random));
        }

        if (random.NextDouble() < 0.12)
        {
            responses[random.Next(responses.Length)] *= random.NextDouble() < 0.5 ? Between(random, 1.4, 2.5) : Between(random, 0.3, 0.7);
        }

        return new SimulatedCurve(concentrations, [.. responses.Select(response => Math.Max(response, 0.2 * low))]);
    }

    private static double Between(Random random, double low, double high) => low + ((high - low) * random.NextDouble());

    // Box and Muller.
    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
#pragma warning restore CA5394
}

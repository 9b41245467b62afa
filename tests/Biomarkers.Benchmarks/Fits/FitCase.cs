namespace Biomarkers.Benchmarks.Fits;

/// <summary>One of the four problems that are timed.</summary>
/// <param name="ParameterCount">4 or 5; the exponent of a 5PL acts on the distance from the response at infinite concentration, as in the peers.</param>
/// <param name="IsWeighted">Whether by 1/y^2 of the observed response; otherwise by 1.</param>
internal sealed record FitCase(int ParameterCount, bool IsWeighted)
{
    public static IReadOnlyList<FitCase> All { get; } = [new(4, false), new(4, true), new(5, false), new(5, true)];

    public string Name => $"{ParameterCount}PL {(IsWeighted ? "1/y2" : "none")}";
}

/// <summary>What a tool says of one curve: y = d + (a - d) (1 + (x/c)^b)^-g with b more than 0.</summary>
/// <param name="Claim">What it says of itself.</param>
/// <param name="A">Response at zero.</param>
/// <param name="D">Response at infinity.</param>
/// <param name="B">Slope.</param>
/// <param name="LnC">Ln of the concentration scale.</param>
/// <param name="LnG">Ln asymmetry.</param>
internal readonly record struct ToolFit(FitClaim Claim, double A, double D, double B, double LnC, double LnG);

/// <summary>What a tool says of its own fit.</summary>
internal enum FitClaim
{
    /// <summary>No curve, or none that it stands for.</summary>
    None,

    /// <summary>A minimum.</summary>
    Converged,

    /// <summary>A minimum on the edge of its box, flagged.</summary>
    AtBound,
}

/// <summary>The curves of a run, and the arithmetic that is the same for every tool.</summary>
internal sealed class FitWorkload
{
    /// <summary>Relative distance from the least known sum of squares that counts as reached.</summary>
    private const double Tolerance = 1e-6;

    /// <summary>A curve is well-posed when the best known asymmetry lies within 1/20..20 and the middle within a factor of 10 of the concentrations.</summary>
    private static readonly double LnAsymmetryLimit = Math.Log(20);
    private static readonly double LnMiddleLimit = Math.Log(10);

    private FitWorkload(double[] concentrations, double[] responses, int pointCount)
    {
        Concentrations = concentrations;
        Responses = responses;
        PointCount = pointCount;
        Count = responses.Length / pointCount;
        InverseSquares = [.. responses.Select(response => 1 / (response * response))];
    }

    /// <summary>Number of curves.</summary>
    public int Count { get; }

    /// <summary>Points per curve.</summary>
    public int PointCount { get; }

    /// <summary>Concentrations, curve behind curve.</summary>
    public double[] Concentrations { get; }

    /// <summary>Responses likewise.</summary>
    public double[] Responses { get; }

    /// <summary>1/y^2 likewise.</summary>
    public double[] InverseSquares { get; }

    public static FitWorkload Simulated(int count, int seed)
    {
        SimulatedCurve[] curves = SimulatedCurves.Create(count, seed);
        return new FitWorkload(
            [.. curves.SelectMany(curve => curve.Concentrations)], [.. curves.SelectMany(curve => curve.Responses)], curves[0].Responses.Length);
    }

    /// <summary>Reads curves: two 32-bit integers, the number of curves and of points; then per curve concentrations and responses as doubles.</summary>
    public static FitWorkload Read(string path, int most)
    {
        using var reader = new BinaryReader(File.OpenRead(path));
        int count = Math.Min(reader.ReadInt32(), most), points = reader.ReadInt32();
        var concentrations = new double[count * points];
        var responses = new double[count * points];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < 2 * points; j++)
            {
                (j < points ? concentrations : responses)[(i * points) + (j % points)] = reader.ReadDouble();
            }
        }

        return new FitWorkload(concentrations, responses, points);
    }

    /// <summary>Writes the curves as <see cref="Read"/> takes them.</summary>
    public void Write(string path)
    {
        using var writer = new BinaryWriter(File.Create(path));
        writer.Write(Count);
        writer.Write(PointCount);
        for (int i = 0; i < Count; i++)
        {
            for (int j = 0; j < 2 * PointCount; j++)
            {
                writer.Write((j < PointCount ? Concentrations : Responses)[(i * PointCount) + (j % PointCount)]);
            }
        }
    }

    /// <summary>Weighted sum of squares of a fit, the same arithmetic for all tools; infinity for what is no curve.</summary>
    public double SumOfSquares(int curve, in ToolFit fit, bool isWeighted)
    {
        double sum = 0, g = Math.Exp(fit.LnG);
        for (int i = curve * PointCount; i < (curve + 1) * PointCount; i++)
        {
            double u = fit.B * (Math.Log(Concentrations[i]) - fit.LnC);
            double soft = u > 0 ? u + Math.Log(1 + Math.Exp(-u)) : Math.Log(1 + Math.Exp(u));
            double residual = Responses[i] - fit.D - ((fit.A - fit.D) * Math.Exp(-g * soft));
            sum += (isWeighted ? InverseSquares[i] : 1) * residual * residual;
        }

        return double.IsFinite(sum) ? sum : double.PositiveInfinity;
    }

    /// <summary>For each tool the share of well-posed curves at the least known sum of squares.</summary>
    /// <param name="fits">Per tool, a fit per curve, or of the first curves only.</param>
    /// <param name="isWeighted">Weighting.</param>
    public FitShares Compare(IReadOnlyList<ToolFit[]> fits, bool isWeighted)
    {
        double[][] sums = [.. fits.Select(tool => tool.Select((fit, i) => SumOfSquares(i, fit, isWeighted)).ToArray())];
        var reached = new int[fits.Count];
        var compared = new int[fits.Count];
        int wellPosed = 0;
        for (int i = 0; i < Count; i++)
        {
            // Slopes of the wrong sign are another branch, with the asymptotes exchanged.
            int best = Enumerable.Range(0, fits.Count).Where(tool => i < fits[tool].Length && fits[tool][i].B > 0).MinBy(tool => sums[tool][i]);
            if (!IsWellPosed(i, fits[best][i]))
            {
                continue;
            }

            wellPosed++;
            for (int tool = 0; tool < fits.Count; tool++)
            {
                bool isThere = i < fits[tool].Length;
                compared[tool] += isThere ? 1 : 0;
                reached[tool] += isThere && sums[tool][i] <= sums[best][i] * (1 + Tolerance) ? 1 : 0;
            }
        }

        return new FitShares((double)wellPosed / Count, [.. reached.Zip(compared, (count, all) => (double)count / Math.Max(1, all))]);
    }

    private bool IsWellPosed(int curve, in ToolFit fit)
    {
        double a = Math.Log(2) / Math.Exp(fit.LnG);
        double lnMiddle = fit.LnC + ((Math.Log(1 - Math.Exp(-a)) + a) / fit.B);
        double lowest = Math.Log(Concentrations[curve * PointCount]), highest = Math.Log(Concentrations[((curve + 1) * PointCount) - 1]);
        return Math.Abs(fit.LnG) < LnAsymmetryLimit && lnMiddle > lowest - LnMiddleLimit && lnMiddle < highest + LnMiddleLimit;
    }
}

/// <summary>Shares of well-posed curves.</summary>
/// <param name="WellPosed">Share of all curves that are.</param>
/// <param name="AtBest">Per tool, share of those at the least known sum of squares.</param>
internal sealed record FitShares(double WellPosed, IReadOnlyList<double> AtBest);

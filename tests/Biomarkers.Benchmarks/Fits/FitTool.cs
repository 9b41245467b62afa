using System.Diagnostics;
using System.Globalization;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Solver;

namespace Biomarkers.Benchmarks.Fits;

/// <summary>A program that fits the curves of a workload.</summary>
internal abstract class FitTool
{
    public abstract string Name { get; }

    /// <summary>Bytes allocated per fit in the round that allocated least, because the runtime counts in pieces of 8 KiB; null for another process.</summary>
    public double? AllocatedBytes { get; protected set; }

    /// <summary>Fits the first curves.</summary>
    /// <param name="workload">Curves.</param>
    /// <param name="fitCase">Model and weights.</param>
    /// <param name="fits">Receives the fits; its length is the number of curves.</param>
    /// <returns>Microseconds of processor time in user mode per fit.</returns>
    public abstract double Run(FitWorkload workload, FitCase fitCase, ToolFit[] fits);

    /// <summary>Passes over the curves of one round: the clock of processor time ticks in milliseconds, and a pass of a fast tool takes ten of them.</summary>
    protected const int Passes = 12;

    /// <summary>Curves that one round takes.</summary>
    public virtual int RoundOf(int count) => count;

    protected static double Timed(int count, Action work, out double allocatedBytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        TimeSpan began = Environment.CpuUsage.UserTime;
        work();
        TimeSpan ended = Environment.CpuUsage.UserTime;
        allocatedBytes = (double)(GC.GetAllocatedBytesForCurrentThread() - before) / count;
        return (ended - began).TotalMicroseconds / count;
    }
}

/// <summary>The product's solver, one curve after the other.</summary>
internal sealed class SingleFits : FitTool
{
    public override string Name => "ours, single";

    public override double Run(FitWorkload workload, FitCase fitCase, ToolFit[] fits)
    {
        var summaries = new LogisticSummary[fits.Length];
        int n = workload.PointCount;
        var family = fitCase.ParameterCount == 4 ? LogisticFamily.FourParameter : LogisticFamily.FiveParameterAd;
        double microseconds = Timed(fits.Length * Passes, () =>
        {
            for (int i = 0; i < Passes * summaries.Length; i++)
            {
                int curve = i % summaries.Length;
                summaries[curve] = LogisticSolver.Solve(new LogisticProblem
                {
                    Family = family,
                    Concentrations = workload.Concentrations.AsSpan(curve * n, n),
                    Responses = workload.Responses.AsSpan(curve * n, n),
                    Weights = fitCase.IsWeighted ? workload.InverseSquares.AsSpan(curve * n, n) : [],
                });
            }
        }, out double allocated);
        AllocatedBytes = Math.Min(AllocatedBytes ?? double.MaxValue, allocated);
        Take(summaries, fits);
        return microseconds;
    }

    public static void Take(LogisticSummary[] summaries, ToolFit[] fits)
    {
        for (int i = 0; i < fits.Length; i++)
        {
            LogisticSummary found = summaries[i];
            (double a, double d) = found.Slope < 0 ? (found.LowerAsymptote, found.UpperAsymptote) : (found.UpperAsymptote, found.LowerAsymptote);
            FitClaim claim = found.Termination switch
            {
                FitTermination.Converged => FitClaim.Converged,
                FitTermination.ConvergedAtBound => FitClaim.AtBound,
                _ => FitClaim.None,
            };
            fits[i] = new ToolFit(claim, a, d, Math.Abs(found.Slope), Math.Log(found.Inflection), Math.Log(found.Asymmetry));
        }
    }
}

/// <summary>The product's solver, eight curves side by side.</summary>
internal sealed class BatchedFits : FitTool
{
    public override string Name => "ours, batched";

    public override double Run(FitWorkload workload, FitCase fitCase, ToolFit[] fits)
    {
        var summaries = new LogisticSummary[fits.Length];
        int points = fits.Length * workload.PointCount;
        double microseconds = Timed(fits.Length * Passes, () =>
        {
            for (int pass = 0; pass < Passes; pass++)
            {
                LogisticBatch.Solve(
                    new LogisticBatchProblem
                    {
                        Family = fitCase.ParameterCount == 4 ? LogisticFamily.FourParameter : LogisticFamily.FiveParameterAd,
                        PointCount = workload.PointCount,
                        Concentrations = workload.Concentrations.AsSpan(0, points),
                        Responses = workload.Responses.AsSpan(0, points),
                        Weights = fitCase.IsWeighted ? workload.InverseSquares.AsSpan(0, points) : [],
                    },
                    summaries);
            }
        }, out double allocated);
        AllocatedBytes = Math.Min(AllocatedBytes ?? double.MaxValue, allocated);
        SingleFits.Take(summaries, fits);
        return microseconds;
    }
}

/// <summary>MathNet's Levenberg-Marquardt minimizer in process.</summary>
internal sealed class MathNetFits : FitTool
{
    public override string Name => "MathNet";

    public override int RoundOf(int count) => Math.Min(count, 500);

    public override double Run(FitWorkload workload, FitCase fitCase, ToolFit[] fits)
    {
        int n = workload.PointCount;
        SimulatedCurve[] curves =
        [
            .. Enumerable.Range(0, fits.Length).Select(i => new SimulatedCurve(workload.Concentrations[(i * n)..((i + 1) * n)], workload.Responses[(i * n)..((i + 1) * n)])),
        ];
        var found = new double[]?[fits.Length];
        double microseconds = Timed(fits.Length, () =>
        {
            for (int i = 0; i < curves.Length; i++)
            {
                found[i] = MathNetFit.Fit(curves[i], fitCase.ParameterCount == 5, fitCase.IsWeighted);
            }
        }, out double allocated);
        AllocatedBytes = Math.Min(AllocatedBytes ?? double.MaxValue, allocated);
        for (int i = 0; i < fits.Length; i++)
        {
            fits[i] = found[i] is { } p ? new ToolFit(FitClaim.Converged, p[0], p[1], p[2], p[3], p[4]) : new ToolFit(FitClaim.None, 0, 0, 1, 0, 0);
        }

        return microseconds;
    }
}

/// <summary>GSL or Ceres, by the C++ program of the peers: arguments tool, parameters, weighted, curves, file of results.</summary>
/// <param name="program">The program.</param>
/// <param name="tool">Its word for the tool.</param>
/// <param name="displayName">Name in the figures.</param>
/// <param name="folder">Folder with <c>curves.bin</c>.</param>
internal sealed class PeerFits(string program, string tool, string displayName, string folder) : FitTool
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public override string Name => displayName;

    public override int RoundOf(int count) => Math.Min(count, 2000);

    public override double Run(FitWorkload workload, FitCase fitCase, ToolFit[] fits)
    {
        string results = Path.Combine(folder, "fits.bin");
        string[] arguments =
            [tool, $"{fitCase.ParameterCount}", fitCase.IsWeighted ? "1" : "0", fits.Length.ToString(CultureInfo.InvariantCulture), results];
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["OMP_NUM_THREADS"] = "1";
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        string line = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(Patience) || process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed: {line}");
        }

        using var reader = new BinaryReader(File.OpenRead(results));
        for (int i = 0; i < fits.Length; i++)
        {
            bool isConverged = reader.ReadDouble() > 0;
            (double a, double d, double b, double lnC, double lnG) = (reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble());
            fits[i] = new ToolFit(isConverged ? FitClaim.Converged : FitClaim.None, a, d, b, lnC, lnG);
        }

        const string key = "user_us=";
        string word = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).First(part => part.StartsWith(key, StringComparison.Ordinal));
        return double.Parse(word[key.Length..], CultureInfo.InvariantCulture);
    }
}

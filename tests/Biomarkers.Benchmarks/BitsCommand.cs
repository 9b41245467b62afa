using System.CommandLine;
using System.Diagnostics;
using System.Security.Cryptography;
using Biomarkers.Benchmarks.Fits;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Solver;

namespace Biomarkers.Benchmarks;

/// <summary><c>biomarkers-benchmarks bits</c>: whether fits have the same bits whatever vectors the processor offers.</summary>
internal static class BitsCommand
{
    /// <summary>Of this many fits one goes through the whole of <see cref="CurveFitter"/> with its covariance and an interval.</summary>
    private const int WholeFitEvery = 50;

    private static readonly Option<int?> CountOption = new("--count") { Description = "Fits; 100000, with --short 2000." };

    private static readonly Option<bool> HashOption = new("--hash") { Description = "Print the hash of the fits in this process, and what its vectors are, and no more." };

    /// <summary>What the runtime is told to leave unused, by its environment variables.</summary>
    private static readonly (string Name, string? Variable)[] Settings =
        [("all that the processor has", null), ("no AVX-512", "DOTNET_EnableAVX512"), ("no AVX2", "DOTNET_EnableAVX2"), ("no intrinsics", "DOTNET_EnableHWIntrinsic")];

    public static Command Create()
    {
        var command = new Command("bits", "Fits simulated curves by 4PL and both 5PL families, weighted and not, alone and batched, in processes that may use all vectors of the processor, no "
            + "AVX-512, no AVX2 and no intrinsics, and compares SHA-256 of all bits of the results. Exit code 1 when they differ.")
        {
            CountOption, HashOption, Report.Seed, Report.Short, Report.Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        int count = parsed.GetValue(CountOption) ?? (parsed.GetValue(Report.Short) ? 2000 : 100_000), seed = parsed.GetValue(Report.Seed);
        if (parsed.GetValue(HashOption))
        {
            Console.WriteLine(
                $"{HashOf(count, seed)} {System.Runtime.Intrinsics.X86.Avx512F.IsSupported} {System.Runtime.Intrinsics.X86.Avx2.IsSupported} {System.Runtime.Intrinsics.Vector128.IsHardwareAccelerated}");
            return 0;
        }

        var figures = new List<Figure>();
        var hashes = new HashSet<string>();
        foreach ((string name, string? variable) in Settings)
        {
            string[] words = HashElsewhere(count, seed, variable).Split(' ', StringSplitOptions.TrimEntries);
            hashes.Add(words[0]);
            string vectors = words[1] == "True" ? "AVX-512" : words[2] == "True" ? "AVX2" : words[3] == "True" ? "SSE" : "none";
            figures.Add(new Figure($"{name} (has {vectors}): first bits of the hash", Convert.ToInt64(words[0][..12], 16), words[0][..12]));
        }

        figures.Add(new Figure("fits in each", count, "fits"));
        figures.Add(new Figure("different hashes", hashes.Count, ""));
        Report.Print(parsed, "The same bits with every set of vectors", figures);
        return hashes.Count == 1 ? 0 : 1;
    }

    private static string HashElsewhere(int count, int seed, string? variable)
    {
        string[] arguments = ["bits", "--hash", "--count", $"{count}", "--seed", $"{seed}"];
        string program = Environment.ProcessPath ?? throw new InvalidOperationException("The program has no path.");
        bool isHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        var start = new ProcessStartInfo(program, isHost ? [Path.Combine(AppContext.BaseDirectory, "biomarkers-benchmarks.dll"), .. arguments] : arguments)
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        if (variable is not null)
        {
            start.Environment[variable] = "0";
        }

        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        string line = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? line : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {line}");
    }

    private static string HashOf(int count, int seed)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        FitWorkload workload = FitWorkload.Simulated(Math.Max(8, count / 12), seed);
        int n = workload.PointCount;
        var batch = new LogisticSummary[workload.Count];
        foreach (LogisticFamily family in Enum.GetValues<LogisticFamily>())
        {
            foreach (bool isWeighted in new[] { false, true })
            {
                for (int i = 0; i < workload.Count; i++)
                {
                    Append(hash, LogisticSolver.Solve(new LogisticProblem
                    {
                        Family = family,
                        Concentrations = workload.Concentrations.AsSpan(i * n, n),
                        Responses = workload.Responses.AsSpan(i * n, n),
                        Weights = isWeighted ? workload.InverseSquares.AsSpan(i * n, n) : [],
                    }));
                }

                LogisticBatch.Solve(
                    new LogisticBatchProblem
                    {
                        Family = family,
                        PointCount = n,
                        Concentrations = workload.Concentrations,
                        Responses = workload.Responses,
                        Weights = isWeighted ? workload.InverseSquares : [],
                    },
                    batch);
                Array.ForEach(batch, summary => Append(hash, summary));
            }
        }

        AppendWholeFits(hash, workload);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The whole way of a result: iterated weights, covariance, concentration and its interval.</summary>
    private static void AppendWholeFits(IncrementalHash hash, FitWorkload workload)
    {
        int n = workload.PointCount;
        Weighting weighting = Weighting.TryParse("variance:0.001,0.05,1", out Weighting? parsed) ? parsed : throw new InvalidOperationException("The weighting is not known.");
        foreach (CurveModel model in CurveModels.All.Where(model => model.ParameterNames.Count >= 4))
        {
            for (int i = 0; i < workload.Count; i += WholeFitEvery)
            {
                var problem = new CurveFitProblem(
                    model, weighting, workload.Concentrations[(i * n)..((i + 1) * n)], workload.Responses[(i * n)..((i + 1) * n)], new Dictionary<string, double>());
                CurveFit fit = CurveFitter.Fit(problem, CurveFitOptions.Default);
                double response = (problem.Responses[6] + problem.Responses[8]) / 2;
                var interval = WithinPlateInterval.Of(fit, response, 2);
                Append(hash, [.. fit.Parameters, .. fit.Covariance ?? [], fit.WeightedSumOfSquares, interval?.Lower ?? -1, interval?.Upper ?? -1]);
            }
        }
    }

    private static void Append(IncrementalHash hash, in LogisticSummary summary) => Append(
        hash,
        [
            summary.LowerAsymptote, summary.UpperAsymptote, summary.Inflection, summary.Slope, summary.Asymmetry, summary.WeightedSumOfSquares,
            summary.EvaluationCount, (int)summary.Termination,
        ]);

    private static void Append(IncrementalHash hash, double[] values) => hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
}

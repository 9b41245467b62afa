using System.CommandLine;
using Biomarkers.Benchmarks.Fits;

namespace Biomarkers.Benchmarks;

/// <summary><c>biomarkers-benchmarks fit</c>: microseconds per fit beside the share of curves at the least known sum of squares.</summary>
internal static class FitCommand
{
    /// <summary>Largest cosine between residual and the column of a parameter at which a fit may call itself converged.</summary>
    private const double CosineTolerance = 1e-6;

    /// <summary>How much of GSL's share may be missing.</summary>
    private const double ShareMargin = 0.001;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    private static readonly Option<string?> CurvesOption = new("--curves")
    {
        Description = "File with curves: int32 count and points, then per curve concentrations and responses as doubles. Without it they are simulated.",
    };

    private static readonly Option<string?> PeersOption = new("--peers")
    {
        Description = "Program that runs GSL and Ceres on curves.bin, with the arguments tool (gsl, ceres), parameters, weighted, count, result file. Without it they are left out.",
    };

    private static readonly Option<int?> CountOption = new("--count") { Description = "Curves; 10000, with --short 1000." };

    private static readonly Option<int?> RoundsOption = new("--rounds") { Description = "Interleaved rounds, of which the median counts; 5, with --short 2." };

    public static Command Create()
    {
        var command = new Command("fit", "Processor time of one curve fit in user mode, one thread, of the product, MathNet's minimizer and, with --peers, GSL and Ceres on the same curves; share of "
            + "well-posed curves (best asymmetry within 1/20..20, middle within 10 times the concentrations) at the least sum of squares that any of them found. Exit code 1 when a share, an allocation or a "
            + "claim of convergence is not as it must be; and, with --peers and without --short, when a time is not.")
        {
            CurvesOption, PeersOption, CountOption, RoundsOption, Report.Seed, Report.Short, Report.Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        bool isShort = parsed.GetValue(Report.Short);
        int count = parsed.GetValue(CountOption) ?? (isShort ? 1000 : 10_000), rounds = parsed.GetValue(RoundsOption) ?? (isShort ? 2 : 5);
        FitWorkload workload = parsed.GetValue(CurvesOption) is { } path ? FitWorkload.Read(path, count) : FitWorkload.Simulated(count, parsed.GetValue(Report.Seed));
        string folder = Directory.CreateTempSubdirectory("biomarkers-fits-").FullName;
        var figures = new List<Figure>();
        var misses = new List<string>();
        try
        {
            List<FitTool> tools = [new SingleFits(), new BatchedFits(), new MathNetFits()];
            if (parsed.GetValue(PeersOption) is { } peers)
            {
                workload.Write(Path.Combine(folder, "curves.bin"));
                tools.Add(new PeerFits(Path.GetFullPath(peers), "gsl", "GSL", folder));
                tools.Add(new PeerFits(Path.GetFullPath(peers), "ceres", "Ceres", folder));
            }

            foreach (FitCase fitCase in FitCase.All)
            {
                Measure(workload, fitCase, tools, rounds, isShort, figures, misses);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        Report.Print(parsed, $"Fits of {workload.Count} curves of {workload.PointCount} points, {rounds} rounds", figures);
        misses.ForEach(miss => Console.Error.WriteLine($"missed: {miss}"));
        return misses.Count > 0 ? 1 : 0;
    }

    private static void Measure(
        FitWorkload workload, FitCase fitCase, List<FitTool> tools, int rounds, bool isShort, List<Figure> figures, List<string> misses)
    {
        // The first round takes all curves, for the shares; MathNet is too slow for more than some.
        ToolFit[][] fits = [.. tools.Select(tool => new ToolFit[isShort || tool is MathNetFits ? Math.Min(workload.Count, 2000) : workload.Count])];
        for (int i = 0; i < tools.Count; i++)
        {
            // Again until the runtime has compiled the methods for good.
            long began = TimeProvider.System.GetTimestamp();
            do
            {
                tools[i].Run(workload, fitCase, fits[i]);
            }
            while (i < 2 && TimeProvider.System.GetElapsedTime(began) < WarmUp);
        }

        var times = tools.Select(_ => new List<double>()).ToArray();
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < tools.Count; i++)
            {
                double microseconds = tools[i].Run(workload, fitCase, new ToolFit[tools[i].RoundOf(workload.Count)]);
                times[i].Add(microseconds);
            }
        }

        double[] medians = [.. times.Select(list => list.Order().ElementAt(list.Count / 2))];
        FitShares shares = workload.Compare(fits, fitCase.IsWeighted);
        figures.Add(new Figure($"{fitCase.Name}, well-posed curves", shares.WellPosed, "share"));
        for (int i = 0; i < tools.Count; i++)
        {
            figures.Add(new Figure($"{fitCase.Name}, {tools[i].Name}", medians[i], "us/fit"));
            figures.Add(new Figure($"{fitCase.Name}, {tools[i].Name}, at the best minimum", shares.AtBest[i], "share"));
        }

        int gsl = tools.FindIndex(tool => tool.Name == "GSL");
        for (int i = 0; i < 2; i++)
        {
            AddOwn(workload, fitCase, tools[i], fits[i], figures, misses);
            for (int other = 2; other < tools.Count; other++)
            {
                figures.Add(new Figure($"{fitCase.Name}, {tools[other].Name} over {tools[i].Name}", medians[other] / medians[i], "x"));
            }

            double least = gsl < 0 ? 0.999 : shares.AtBest[gsl] - ShareMargin;
            Require(shares.AtBest[i] >= least, $"{fitCase.Name}, {tools[i].Name}: at the best minimum {shares.AtBest[i]:F5}, expected at least {least:F5}", misses);
        }

        double factor = fitCase.ParameterCount == 4 ? 20 : 6;
        Require(gsl < 0 || isShort || medians[gsl] >= factor * medians[0], $"{fitCase.Name}: GSL over ours {(gsl < 0 ? 0 : medians[gsl] / medians[0]):F1}, expected at least {factor}", misses);
    }

    /// <summary>What is asked of the product alone: no allocation, and no convergence claimed where the gradient is not zero.</summary>
    private static void AddOwn(FitWorkload workload, FitCase fitCase, FitTool tool, ToolFit[] fits, List<Figure> figures, List<string> misses)
    {
        int wrong = 0, checkedCount = 0;
        double largest = 0;
        for (int i = 0; i < fits.Length; i++)
        {
            if (fits[i].Claim == FitClaim.Converged && PreciseGradient.LargestCosine(workload, i, fits[i], fitCase) is { } cosine)
            {
                checkedCount++;
                wrong += cosine <= CosineTolerance ? 0 : 1;
                largest = Math.Max(largest, cosine);
            }
        }

        string name = $"{fitCase.Name}, {tool.Name}";
        figures.Add(new Figure($"{name}, allocated", tool.AllocatedBytes ?? 0, "bytes/fit"));
        figures.Add(new Figure($"{name}, converged and checked in 28 digits", checkedCount, "fits"));
        figures.Add(new Figure($"{name}, of these with a gradient that is not zero", wrong, "fits"));
        figures.Add(new Figure($"{name}, largest cosine x 10^9", largest * 1e9, ""));
        figures.Add(new Figure($"{name}, on the edge of the box", fits.Count(fit => fit.Claim == FitClaim.AtBound), "fits"));
        figures.Add(new Figure($"{name}, without a usable fit", fits.Count(fit => fit.Claim == FitClaim.None), "fits"));
        Require(tool.AllocatedBytes < 0.5, $"{name}: {tool.AllocatedBytes:F1} bytes allocated per fit, expected 0", misses);
        Require(wrong == 0, $"{name}: {wrong} fits claim convergence with a cosine above {CosineTolerance}", misses);
    }

    private static void Require(bool isMet, string text, List<string> misses)
    {
        if (!isMet)
        {
            misses.Add(text);
        }
    }
}

using System.CommandLine;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Intervals;

namespace Biomarkers.Benchmarks;

/// <summary><c>biomarkers-benchmarks fuzz</c>: fits point sets that no assay gives, and looks for anything but an answer.</summary>
internal static class FuzzCommand
{
    private static readonly Option<int?> CountOption = new("--count") { Description = "Point sets; 1000000, with --short 5000." };

    private static readonly string[] Weightings = ["none", "1/y", "1/y2", "power:1.3", "variance:0.01,0.05,1", "variance:0,0.1,0.7,30", "shape:0.02,0.1,1", "replicates"];

    public static Command Create()
    {
        var command = new Command("fuzz", "Fits random point sets (ties, infinities, subnormals, one level, all zero, huge ranges) by every model and weighting. Each has to give a summary: points "
            + "that can't be fitted are named as faults, everything else ends with a reason and with finite numbers. Exit code 1 otherwise. Prints the longest fit.")
        {
            CountOption, Report.Seed, Report.Short, Report.Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        int count = parsed.GetValue(CountOption) ?? (parsed.GetValue(Report.Short) ? 5000 : 1_000_000);
        ulong seed = (ulong)parsed.GetValue(Report.Seed);
        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var wrong = new List<string>();
        TimeSpan longest = TimeSpan.Zero, all = TimeSpan.Zero;
        int slowest = 0;
        for (int i = 0; i < count; i++)
        {
            CurveFitProblem problem = ProblemOf(new SeededGenerator(SeededGenerator.SeedOf(seed, (ulong)i)));
            long began = TimeProvider.System.GetTimestamp();
            string outcome;
            try
            {
                outcome = OutcomeOf(problem);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                outcome = $"wrong: {exception.GetType().Name}";
            }

            TimeSpan took = TimeProvider.System.GetElapsedTime(began);
            all += took;
            if (took > longest)
            {
                (longest, slowest) = (took, i);
            }

            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
            if (outcome.StartsWith("wrong", StringComparison.Ordinal) && wrong.Count < 10)
            {
                wrong.Add($"set {i}: {outcome}; {problem.Model.Id} {problem.Weighting.Id} x [{string.Join(", ", problem.Concentrations.Select(x => $"{x:R}"))}] "
                    + $"y [{string.Join(", ", problem.Responses.Select(y => $"{y:R}"))}] held {string.Join(", ", problem.FixedParameters)}");
            }
        }

        var figures = outcomes.Select(pair => new Figure(pair.Key, pair.Value, "sets")).ToList();
        figures.Add(new Figure("longest fit with one interval", longest.TotalMilliseconds, $"ms (set {slowest})"));
        figures.Add(new Figure("mean", all.TotalMicroseconds / count, "us"));
        Report.Print(parsed, $"{count} random point sets", figures);
        wrong.ForEach(Console.Error.WriteLine);
        return wrong.Count > 0 ? 1 : 0;
    }

    private static string OutcomeOf(CurveFitProblem problem)
    {
        IReadOnlyList<Fault> faults = CurveFitter.Check(problem);
        if (faults.Count > 0)
        {
            return $"named as faults ({faults[0].Reason})";
        }

        CurveFit fit = CurveFitter.Fit(problem, CurveFitOptions.Default);
        bool isFinite = Array.TrueForAll(fit.Parameters, double.IsFinite) && double.IsFinite(fit.WeightedSumOfSquares)
            && Array.TrueForAll(fit.Covariance ?? [], double.IsFinite) && double.IsFinite(fit.ConditionNumber ?? 0);
        if (!isFinite || (fit.IsUsable && fit.Parameters.Length == 0))
        {
            return $"wrong: {fit.Termination} with numbers that are not finite";
        }

        double response = problem.Responses[problem.Responses.Count / 2];
        if (fit.IsUsable && fit.Invert(response) is { Status: InversionStatus.Found } inversion && !(inversion.Concentration is > 0 and < double.PositiveInfinity))
        {
            return "wrong: a concentration that is none";
        }

        var interval = WithinPlateInterval.Of(fit, response, 1);
        bool isInterval = interval is null || (!double.IsNaN(interval.Lower ?? 0) && !double.IsNaN(interval.Upper ?? 0) && !(interval.Lower > interval.Upper));
        return isInterval ? fit.Termination.ToString() : "wrong: an interval that is none";
    }

    private static CurveFitProblem ProblemOf(SeededGenerator generator)
    {
        CurveModel model = CurveModels.All[Below(generator, CurveModels.All.Count)];
        string id = Weightings[Below(generator, Weightings.Length)];
        Weighting weighting = Weighting.TryParse(id, out Weighting? parsed) ? parsed : throw new InvalidOperationException($"'{id}' is not known.");
        int n = 1 + Below(generator, Below(generator, 10) == 0 ? 60 : 20);
        int shape = Below(generator, 8);
        double spread = Below(generator, 4) == 0 ? 300 : 3, level = 1;
        var concentrations = new double[n];
        var responses = new double[n];
        for (int i = 0; i < n; i++)
        {
            bool isTie = i > 0 && Below(generator, 3) == 0;
            concentrations[i] = isTie ? concentrations[i - 1] : shape == 1 ? level : Number(generator, spread);
            double mean = 0.05 + (2 / (1 + (10 / Math.Max(concentrations[i], 1e-300))));
            responses[i] = shape switch
            {
                0 => 0,
                2 => Number(generator, spread),
                3 => -Number(generator, spread),
                4 => i > 0 ? responses[i - 1] : Number(generator, spread),
                5 => mean,
                _ => mean * (1 + (0.2 * generator.NextNormal())),
            };
        }

        var held = new Dictionary<string, double>();
        if (model.ParameterNames.Count > 0 && Below(generator, 4) == 0)
        {
            string name = model.ParameterNames[Below(generator, model.ParameterNames.Count)];
            held[name] = Below(generator, 2) == 0 ? Number(generator, spread) : -Number(generator, spread);
        }

        return new CurveFitProblem(model, weighting, concentrations, responses, held);
    }

    /// <summary>A number of any kind that is zero or more.</summary>
    private static double Number(SeededGenerator generator, double spread) => Below(generator, 200) switch
    {
        0 => 0,
        1 => double.PositiveInfinity,
        2 => double.NaN,
        3 => double.Epsilon * (1 + Below(generator, 5)),
        4 => double.MaxValue,
        5 => 1e-310,
        6 => 1,
        _ => Math.Exp(spread * generator.NextNormal()),
    };

    private static int Below(SeededGenerator generator, int limit) => (int)(generator.NextBits() % (ulong)limit);
}

using System.CommandLine;
using Biomarkers.Immunoassay.Curves;

namespace Biomarkers.Benchmarks;

/// <summary><c>biomarkers-benchmarks fit</c>: microseconds per fit, and how often the best minimum is reached.</summary>
internal static class FitCommand
{
    /// <summary>Relative distance from the best known sum of squares that counts as reached.</summary>
    private const double Tolerance = 1e-6;

    private const int WarmUp = 300;

    public static Command Create()
    {
        var command = new Command("fit", "Processor time of one curve fit with covariance, one thread, and of MathNet's minimizer on the same curves; share of each at the best minimum that either reached.")
        {
            Report.Seed, Report.Short, Report.Json,
        };
        command.SetAction(parsed => Run(parsed));
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        int count = parsed.GetValue(Report.Short) ? 500 : 5000;
        SimulatedCurve[] curves = SimulatedCurves.Create(count, parsed.GetValue(Report.Seed));
        var figures = new List<Figure>();
        // The family of five parameters whose exponent acts as the reference's does.
        foreach (string model in new[] { "4pl", "5pl-ad" })
        {
            foreach (Weighting weighting in new[] { Weighting.None, Weighting.OneOverY2 })
            {
                Compare(model, weighting, curves, figures);
            }
        }

        Report.Print(parsed, $"Fits of {count} curves of 16 points", figures);
        return 0;
    }

    private static void Compare(string modelId, Weighting weighting, SimulatedCurve[] curves, List<Figure> figures)
    {
        if (!CurveModels.TryFind(modelId, out CurveModel? model))
        {
            throw new InvalidOperationException($"There is no model '{modelId}'.");
        }

        var noneHeld = new Dictionary<string, double>();
        bool isFive = model.ParameterCount == 5;
        bool isWeighted = weighting.Power > 0;
        (double ownMicroseconds, double?[] own) = Time(curves, curve => Fit(curve) is { IsUsable: true } fit ? fit.Response : null, weighting);
        (double referenceMicroseconds, double?[] reference) = Time(curves, curve =>
        {
            double[]? parameters = ReferenceFit.Fit(curve, isFive, isWeighted);
            return parameters is null ? null : x => ReferenceFit.Response(parameters, x);
        }, weighting);
        // Ours keeps the shape inside a box, which the reference does not: a fit on the box's edge is flagged, and has its minimum beyond.
        bool[] isInside = [.. curves.Select(curve => Fit(curve) is { IsUsable: true, ParametersAtBound.Count: 0 })];
        string name = $"{modelId} {weighting.Id}";
        figures.Add(new Figure($"{name}, ours", ownMicroseconds, "us/fit"));
        figures.Add(new Figure($"{name}, MathNet", referenceMicroseconds, "us/fit"));
        figures.Add(new Figure($"{name}, MathNet over ours", referenceMicroseconds / ownMicroseconds, "x"));
        figures.Add(new Figure($"{name}, ours at the best minimum", ShareAtBest(own, reference), "share"));
        figures.Add(new Figure($"{name}, ours inside its box", (double)isInside.Count(inside => inside) / curves.Length, "share"));
        figures.Add(new Figure($"{name}, of these at the best minimum", ShareAtBest(Chosen(own), Chosen(reference)), "share"));
        figures.Add(new Figure($"{name}, MathNet at the best minimum", ShareAtBest(reference, own), "share"));
        figures.Add(new Figure($"{name}, ours without a usable fit", (double)own.Count(sum => sum is null) / own.Length, "share"));
        figures.Add(new Figure($"{name}, MathNet without a fit", (double)reference.Count(sum => sum is null) / reference.Length, "share"));

        CurveFit Fit(SimulatedCurve curve) =>
            CurveFitter.Fit(new CurveFitProblem(model, weighting, curve.Concentrations, curve.Responses, noneHeld), CurveFitOptions.Default);

        double?[] Chosen(double?[] sums) => [.. sums.Where((_, i) => isInside[i])];
    }

    private static (double Microseconds, double?[] SumsOfSquares) Time(SimulatedCurve[] curves, Func<SimulatedCurve, Func<double, double>?> fit, Weighting weighting)
    {
        foreach (SimulatedCurve curve in curves.Take(WarmUp))
        {
            fit(curve);
        }

        var fits = new Func<double, double>?[curves.Length];
        TimeSpan before = Environment.CpuUsage.TotalTime;
        for (int i = 0; i < curves.Length; i++)
        {
            fits[i] = fit(curves[i]);
        }

        double microseconds = (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / curves.Length;
        return (microseconds, [.. fits.Select((response, i) => response is null ? null : SumOfSquares(curves[i], response, weighting))]);
    }

    // The same arithmetic for both, so that they are compared by their curves and not by what they say of themselves.
    private static double? SumOfSquares(SimulatedCurve curve, Func<double, double> response, Weighting weighting)
    {
        double sum = 0;
        for (int i = 0; i < curve.Responses.Length; i++)
        {
            double residual = curve.Responses[i] - response(curve.Concentrations[i]);
            sum += weighting.WeightOf(curve.Responses[i]) * residual * residual;
        }

        return double.IsFinite(sum) ? sum : null;
    }

    private static double ShareAtBest(double?[] sums, double?[] others)
    {
        int reached = sums.Zip(others).Count(pair => pair.First is { } sum && sum <= (1 + Tolerance) * Math.Min(sum, pair.Second ?? sum));
        return (double)reached / sums.Length;
    }
}

using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;

namespace Biomarkers.Benchmarks.Fits;

/// <summary>The same least-squares problem by MathNet's Levenberg-Marquardt minimizer, as a reference: y = d + (a - d) (1 + (x/c)^b)^-g in the
/// parameters a, d, b, ln c and, for five, ln g; analytic Jacobian, one start from the data.</summary>
internal static class MathNetFit
{
    /// <summary>Fits; null where the minimizer gave up with an exception.</summary>
    /// <returns>a, d, b, ln c, ln g.</returns>
    public static double[]? Fit(SimulatedCurve curve, bool isFiveParameter, bool isWeighted)
    {
        // The minimizer compares its step with the square of the parameters: on a scale of thousands it would stop at once.
        double scale = curve.Responses.Max();
        double[]? found = FitScaled(new SimulatedCurve(curve.Concentrations, [.. curve.Responses.Select(response => response / scale)]), isFiveParameter, isWeighted);
        return found is null ? null : [scale * found[0], scale * found[1], .. found[2..]];
    }

    /// <summary>Fitted response at a concentration, for parameters as <see cref="Fit"/> gives them.</summary>
    public static double Response(double[] parameters, double concentration) => Evaluate(Vector<double>.Build.DenseOfArray(parameters), Math.Log(concentration));

    private static double[]? FitScaled(SimulatedCurve curve, bool isFiveParameter, bool isWeighted)
    {
        int parameterCount = isFiveParameter ? 5 : 4;
        Vector<double> x = Vector<double>.Build.DenseOfEnumerable(curve.Concentrations.Select(concentration => Math.Log(concentration)));
        Vector<double> y = Vector<double>.Build.DenseOfArray(curve.Responses);
        Vector<double>? weights = isWeighted ? y.Map(value => 1 / (value * value)) : null;
        IObjectiveModel objective = ObjectiveFunction.NonlinearModel(
            (p, at) => at.Map(u => Evaluate(p, u)),
            (p, at) => Jacobian(p, at, parameterCount),
            x,
            y,
            weights);
        try
        {
            var minimizer = new LevenbergMarquardtMinimizer(1e-3, 1e-12, 1e-9, 1e-12, 500);
            double[] found = minimizer.FindMinimum(objective, Vector<double>.Build.DenseOfArray(Start(curve, parameterCount))).MinimizingPoint.ToArray();
            return isFiveParameter ? found : [.. found, 0];
        }
        catch (Exception exception) when (exception is MathNet.Numerics.NonConvergenceException or EvaluationException or ArgumentException)
        {
            return null;
        }
    }

    private static double Evaluate(Vector<double> p, double lnX)
    {
        double asymmetry = p.Count == 5 ? Math.Exp(p[4]) : 1;
        return p[1] + ((p[0] - p[1]) * Math.Exp(-asymmetry * SoftPlus(p[2] * (lnX - p[3]))));
    }

    private static Matrix<double> Jacobian(Vector<double> p, Vector<double> lnX, int parameterCount)
    {
        double asymmetry = parameterCount == 5 ? Math.Exp(p[4]) : 1;
        double range = p[0] - p[1];
        Matrix<double> jacobian = Matrix<double>.Build.Dense(lnX.Count, parameterCount);
        for (int i = 0; i < lnX.Count; i++)
        {
            double distance = lnX[i] - p[3];
            double u = p[2] * distance;
            double soft = SoftPlus(u);
            double share = Math.Exp(-asymmetry * soft);
            double common = -range * asymmetry * share * Math.Exp(u - soft);
            jacobian[i, 0] = share;
            jacobian[i, 1] = 1 - share;
            jacobian[i, 2] = common * distance;
            jacobian[i, 3] = -common * p[2];
            if (parameterCount == 5)
            {
                jacobian[i, 4] = -range * share * asymmetry * soft;
            }
        }

        return jacobian;
    }

    // Asymptotes a little beyond the outermost level means; slope and middle from a straight line through the logits of all levels.
    private static double[] Start(SimulatedCurve curve, int parameterCount)
    {
        double[] means = [.. curve.Responses.Chunk(2).Select(pair => pair.Average())];
        double[] lnX = [.. curve.Concentrations.Chunk(2).Select(pair => Math.Log(pair[0]))];
        double margin = 0.05 * (means.Max() - means.Min());
        double low = Math.Max(means.Min() - margin, means.Min() / 2);
        double high = means.Max() + margin;
        (double atZero, double atInfinity) = means[0] > means[^1] ? (high, low) : (low, high);
        double[] logits = [.. means.Select(mean => Math.Log((mean - atZero) / (atInfinity - mean)))];
        (double meanX, double meanLogit) = (lnX.Average(), logits.Average());
        double covariance = lnX.Zip(logits).Sum(point => (point.First - meanX) * (point.Second - meanLogit));
        double slope = Math.Clamp(covariance / lnX.Sum(x => (x - meanX) * (x - meanX)), 0.1, 5);
        double[] start = [atZero, atInfinity, slope, Math.Clamp(meanX - (meanLogit / slope), lnX[0] - 3, lnX[^1] + 3), 0];
        return start[..parameterCount];
    }

    private static double SoftPlus(double u) => u > 0 ? u + Math.Log(1 + Math.Exp(-u)) : Math.Log(1 + Math.Exp(u));
}

using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;

namespace Biomarkers.Benchmarks;

/// <summary>The same least-squares problem by MathNet's Levenberg-Marquardt minimizer, as a reference: y = d + (a - d) (1 + (x/c)^b)^-g in the
/// parameters a, d, b, ln c and, for five, ln g; analytic Jacobian, one start from the data.</summary>
internal static class ReferenceFit
{
    /// <summary>Fits; null where the minimizer gave up with an exception.</summary>
    /// <returns>a, d, b, ln c, ln g.</returns>
    public static double[]? Fit(SimulatedCurve curve, bool isFiveParameter, bool isWeighted)
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

    /// <summary>Fitted response at a concentration, for parameters as <see cref="Fit"/> gives them.</summary>
    public static double Response(double[] parameters, double concentration) => Evaluate(Vector<double>.Build.DenseOfArray(parameters), Math.Log(concentration));

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

    // Asymptotes a little beyond the outermost levels; slope and middle from a straight line through the logits between them.
    private static double[] Start(SimulatedCurve curve, int parameterCount)
    {
        double first = (curve.Responses[0] + curve.Responses[1]) / 2;
        double last = (curve.Responses[^1] + curve.Responses[^2]) / 2;
        double atZero = first - (0.05 * (last - first));
        double atInfinity = last + (0.05 * (last - first));
        var points = curve.Concentrations.Zip(curve.Responses)
            .Select(point => (LnX: Math.Log(point.First), Share: (point.Second - atInfinity) / (atZero - atInfinity)))
            .Where(point => point.Share is > 0.02 and < 0.98)
            .Select(point => (point.LnX, Logit: Math.Log((1 - point.Share) / point.Share)))
            .ToArray();
        double meanX = points.Length > 0 ? points.Average(point => point.LnX) : curve.Concentrations.Average(concentration => Math.Log(concentration));
        double meanLogit = points.Length > 0 ? points.Average(point => point.Logit) : 0;
        double spread = points.Sum(point => (point.LnX - meanX) * (point.LnX - meanX));
        double slope = spread > 0 ? points.Sum(point => (point.LnX - meanX) * (point.Logit - meanLogit)) / spread : 1;
        slope = Math.Clamp(slope, 0.2, 5);
        double[] start = [atZero, atInfinity, slope, meanX - (meanLogit / slope), 0];
        return start[..parameterCount];
    }

    private static double SoftPlus(double u) => u > 0 ? u + Math.Log(1 + Math.Exp(-u)) : Math.Log(1 + Math.Exp(u));
}

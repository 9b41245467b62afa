namespace Biomarkers.Immunoassay.Curves.Diagnosis;

/// <summary>The points of a fit at its minimum: weighted residuals, leverages, and the singular values and vectors of the weighted Jacobian.</summary>
/// <remarks>With J the n x p Jacobian of the free parameters, rows times sqrt(weight), J = U S V': leverages are the squared row lengths of U.
/// A direction whose singular value is below 1e-12 of the largest takes no part: the points say nothing of it.
/// A parameter on a bound of the solver's box stands still, so that leverages and degrees of freedom count it as fixed; the singular values count it as free.
/// For a model with <see cref="CurveModel.FitsLnResponse"/> all of it is on the scale of ln response.</remarks>
internal sealed class FittedPoints
{
    private const double SingularBelow = 1e-12;

    private FittedPoints(CurveFit fit, CurveFitProblem problem, int[] free)
    {
        Fit = fit;
        Problem = problem;
        Free = free;
        Weights = ResidualVarianceBasis.WeightsOf(fit, problem);
        int n = Weights.Length;
        Residuals = new double[n];
        Leverages = new double[n];
        var columns = new double[free.Length][];
        for (int k = 0; k < columns.Length; k++)
        {
            columns[k] = new double[n];
        }

        var gradient = new double[fit.Parameters.Length];
        for (int i = 0; i < n; i++)
        {
            double x = problem.Concentrations[i];
            double fitted = fit.Response(x);
            Residuals[i] = fit.Model.FitsLnResponse ? PreciseMath.Log(problem.Responses[i] / fitted) : problem.Responses[i] - fitted;
            SumOfSquares += Weights[i] * Residuals[i] * Residuals[i];
            SumOfTargets += Weights[i] * (fit.Model.FitsLnResponse ? 1 : problem.Responses[i] * problem.Responses[i]);
            fit.Model.Gradient(fit.Parameters, x, gradient);
            double factor = Math.Sqrt(Weights[i]) / (fit.Model.FitsLnResponse ? fitted : 1);
            for (int k = 0; k < columns.Length; k++)
            {
                columns[k][i] = gradient[free[k]] * factor;
            }
        }

        // A factor overwrites its columns.
        double[][] moving = [.. columns.Where((_, k) => !fit.ParametersAtBound.Contains(fit.Model.ParameterNames[free[k]])).Select(column => (double[])column.Clone())];
        MovingCount = moving.Length;
        Factor = JacobianFactor.Of(columns);
        AddLeverages(moving, JacobianFactor.Of(moving).SingularValues);
    }

    /// <summary>The fit.</summary>
    public CurveFit Fit { get; }

    /// <summary>Its points.</summary>
    public CurveFitProblem Problem { get; }

    /// <summary>Places of the free parameters.</summary>
    public int[] Free { get; }

    /// <summary>Number of free parameters that are not on a bound.</summary>
    public int MovingCount { get; }

    /// <summary>Singular values and right vectors of the column-scaled, weighted Jacobian.</summary>
    public JacobianFactor Factor { get; }

    /// <summary>n weights.</summary>
    public double[] Weights { get; }

    /// <summary>n residuals, not weighted.</summary>
    public double[] Residuals { get; }

    /// <summary>n leverages, 0 to 1; their sum is <see cref="MovingCount"/>.</summary>
    public double[] Leverages { get; }

    /// <summary>Sum of w e^2.</summary>
    public double SumOfSquares { get; private set; }

    /// <summary>Sum of w y^2, with 1 for y on the scale of ln response: what <see cref="SumOfSquares"/> is small or large against.</summary>
    public double SumOfTargets { get; private set; }

    /// <summary>Part of <see cref="SumOfSquares"/> that lies along the tangent plane: 0 at a minimum but for rounding. Leverages describe residuals only there.</summary>
    public double TangentShare { get; private set; }

    /// <summary>Number of points less number of free parameters that are not on a bound.</summary>
    public int DegreesOfFreedom => Weights.Length - MovingCount;

    /// <summary>The points of a usable fit.</summary>
    public static FittedPoints Of(CurveFit fit, CurveFitProblem problem)
    {
        IReadOnlyList<string> names = problem.Model.ParameterNames;
        return new FittedPoints(fit, problem, [.. Enumerable.Range(0, names.Count).Where(i => !problem.FixedParameters.ContainsKey(names[i]))]);
    }

    // The factor leaves U S in the columns.
    private void AddLeverages(double[][] columns, IReadOnlyList<double> values)
    {
        double along = 0;
        double largest = values.Count > 0 ? values.Max() : 0;
        for (int k = 0; k < columns.Length; k++)
        {
            if (!(values[k] > SingularBelow * largest))
            {
                continue;
            }

            double component = 0;
            for (int i = 0; i < Leverages.Length; i++)
            {
                double u = columns[k][i] / values[k];
                Leverages[i] += u * u;
                component += u * Math.Sqrt(Weights[i]) * Residuals[i];
            }

            along += component * component;
        }

        TangentShare = SumOfSquares > 0 ? along / SumOfSquares : 0;
    }
}

namespace Biomarkers.Immunoassay.Curves;

/// <summary>Weighted least squares of a polynomial in the concentration, some of its coefficients held.</summary>
/// <remarks>
/// Minimises sum w (y - c0 - c1 x - c2 x^2 ...)^2 by a QR factorisation of the weighted columns (modified Gram-Schmidt, each column
/// orthogonalised twice) with x scaled to 1 at most by a power of two, and one step of iterative refinement. The normal equations would square the
/// condition number. Source: A. Bjorck, Numerical Methods for Least Squares Problems (1996), sections 2.4.5 and 2.9.
/// </remarks>
internal static class PolynomialLeastSquares
{
    /// <summary>A column of which less than this is left beside the others says nothing of its own.</summary>
    private const double RankTolerance = 1e-13;

    private const int RefinementCount = 1;

    /// <summary>Finds the coefficients.</summary>
    /// <param name="levels">The points.</param>
    /// <param name="held">One value per coefficient, from c0 up; null where it is free.</param>
    /// <returns>All coefficients; null where the points don't determine them or one is beyond the range of numbers.</returns>
    public static double[]? Fit(CalibratorLevels levels, IReadOnlyList<double?> held)
    {
        int exponent = levels.Concentrations[^1] > 0 ? Math.ILogB(levels.Concentrations[^1]) : 0;
        double[] x = [.. levels.Concentrations.Select(concentration => Math.ScaleB(concentration, -exponent))];
        double[] rootWeights = [.. levels.Weights.Select(Math.Sqrt)];
        int[] free = [.. Enumerable.Range(0, held.Count).Where(power => held[power] is null)];
        var scaled = new double[held.Count];
        for (int power = 0; power < scaled.Length; power++)
        {
            scaled[power] = Math.ScaleB(held[power] ?? 0, exponent * power) / levels.ResponseScale;
        }

        double[][] columns = [.. free.Select(power => Column(x, rootWeights, power))];
        if (Factor(columns) is not { } triangle)
        {
            return null;
        }

        for (int pass = 0; pass <= RefinementCount; pass++)
        {
            double[] residuals = [.. x.Select((at, i) => rootWeights[i] * (levels.Targets[i] - Value(scaled, at)))];
            double[] change = Solve(columns, triangle, residuals);
            for (int k = 0; k < free.Length; k++)
            {
                scaled[free[k]] += change[k];
            }
        }

        double[] coefficients = [.. scaled.Select((value, power) => held[power] ?? Math.ScaleB(value * levels.ResponseScale, -exponent * power))];
        return Array.TrueForAll(coefficients, double.IsFinite) ? coefficients : null;
    }

    /// <summary>Value of a polynomial by Horner's scheme.</summary>
    /// <param name="coefficients">From c0 up.</param>
    /// <param name="x">Where.</param>
    public static double Value(ReadOnlySpan<double> coefficients, double x)
    {
        double value = 0;
        for (int power = coefficients.Length - 1; power >= 0; power--)
        {
            value = Math.FusedMultiplyAdd(value, x, coefficients[power]);
        }

        return value;
    }

    private static double[] Column(double[] x, double[] rootWeights, int power)
    {
        double[] column = [.. rootWeights];
        for (int factor = 0; factor < power; factor++)
        {
            for (int i = 0; i < column.Length; i++)
            {
                column[i] *= x[i];
            }
        }

        return column;
    }

    /// <summary>Orthonormalises the columns in place and gives the upper triangle; null when one depends on the others.</summary>
    private static double[,]? Factor(double[][] columns)
    {
        var triangle = new double[columns.Length, columns.Length];
        for (int k = 0; k < columns.Length; k++)
        {
            double length = Math.Sqrt(Dot(columns[k], columns[k]));
            for (int pass = 0; pass < 2; pass++)
            {
                for (int earlier = 0; earlier < k; earlier++)
                {
                    double part = Dot(columns[earlier], columns[k]);
                    triangle[earlier, k] += part;
                    Subtract(columns[k], part, columns[earlier]);
                }
            }

            double rest = Math.Sqrt(Dot(columns[k], columns[k]));
            if (!(rest > RankTolerance * length))
            {
                return null;
            }

            triangle[k, k] = rest;
            for (int i = 0; i < columns[k].Length; i++)
            {
                columns[k][i] /= rest;
            }
        }

        return triangle;
    }

    /// <summary>Solves R c = Q'y; the residuals are overwritten by what is left of them.</summary>
    private static double[] Solve(double[][] columns, double[,] triangle, double[] residuals)
    {
        var solution = new double[columns.Length];
        for (int k = 0; k < columns.Length; k++)
        {
            solution[k] = Dot(columns[k], residuals);
            Subtract(residuals, solution[k], columns[k]);
        }

        for (int k = columns.Length - 1; k >= 0; k--)
        {
            for (int later = k + 1; later < columns.Length; later++)
            {
                solution[k] -= triangle[k, later] * solution[later];
            }

            solution[k] /= triangle[k, k];
        }

        return solution;
    }

    private static void Subtract(double[] from, double factor, double[] column)
    {
        for (int i = 0; i < from.Length; i++)
        {
            from[i] -= factor * column[i];
        }
    }

    private static double Dot(double[] left, double[] right)
    {
        double sum = 0;
        for (int i = 0; i < left.Length; i++)
        {
            sum += left[i] * right[i];
        }

        return sum;
    }
}

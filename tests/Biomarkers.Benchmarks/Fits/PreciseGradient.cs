namespace Biomarkers.Benchmarks.Fits;

/// <summary>The gradient of a fit in 28 decimal digits, to judge what was computed in 16.</summary>
internal static class PreciseGradient
{
    private const decimal Ln2 = 0.6931471805599453094172321215m;

    /// <summary>Squared length of a column, over the sum of squares, below which a parameter counts as flat.</summary>
    private const decimal FlatColumn = 1e-6m;

    /// <summary>Largest cosine between the weighted residual and the column of a parameter: a, d, ln b, ln c and, for five, ln g.</summary>
    /// <returns>The cosine; null where decimals have no room for the numbers.</returns>
    public static double? LargestCosine(FitWorkload workload, int curve, in ToolFit fit, FitCase fitCase)
    {
        int n = workload.PointCount, p = fitCase.ParameterCount;
        double scale = 0;
        for (int i = curve * n; i < (curve + 1) * n; i++)
        {
            scale = Math.Max(scale, Math.Abs(workload.Responses[i]));
        }

        if (Math.Abs(fit.LnC) > 60 || Math.Abs(fit.LnG) > 20 || Math.Abs(fit.A) + Math.Abs(fit.D) > 1e6 * scale)
        {
            return null;
        }

        decimal a = Exact(fit.A / scale), d = Exact(fit.D / scale), b = (decimal)fit.B, lnC = Exact(fit.LnC), g = Exp(Exact(fit.LnG));
        var products = new decimal[p];
        var squares = new decimal[p];
        decimal sum = 0;
        for (int i = curve * n; i < (curve + 1) * n; i++)
        {
            decimal y = Exact(workload.Responses[i] / scale), w = fitCase.IsWeighted ? 1 / (y * y) : 1;
            decimal u = b * (Log(Exact(workload.Concentrations[i])) - lnC);
            decimal e = Exp(-Math.Abs(u)), soft = Log(1 + e) + Math.Max(u, 0), sigmoid = (u > 0 ? 1 : e) / (1 + e);
            decimal h = Exp(-g * soft), residual = y - d - ((a - d) * h), common = -(a - d) * g * h * sigmoid;
            decimal[] columns = [h, 1 - h, common * u, -common * b, -(a - d) * g * h * soft];
            sum += w * residual * residual;
            for (int k = 0; k < p; k++)
            {
                products[k] += w * residual * columns[k];
                squares[k] += w * columns[k] * columns[k];
            }
        }

        double largest = 0;
        for (int k = 0; k < p; k++)
        {
            decimal square = Math.Max(squares[k], FlatColumn * sum);
            largest = sum > 1e-24m ? Math.Max(largest, Math.Abs((double)products[k]) / Math.Sqrt((double)square * (double)sum)) : largest;
        }

        return largest;
    }

    /// <summary>All digits of a double, of which the conversion would keep fifteen.</summary>
    private static decimal Exact(double value)
    {
        decimal first = (decimal)value;
        return first + (decimal)(value - (double)first);
    }

    private static decimal Exp(decimal x)
    {
        if (x < -64)
        {
            return 0;
        }

        int k = (int)Math.Round(x / Ln2);
        decimal r = (x - (k * Ln2)) / 16, term = 1, series = 1;
        for (int i = 1; i < 18; i++)
        {
            term *= r / i;
            series += term;
        }

        for (int i = 0; i < 4; i++)
        {
            series *= series;
        }

        for (; k > 0; k--)
        {
            series *= 2;
        }

        for (; k < 0; k++)
        {
            series /= 2;
        }

        return series;
    }

    /// <summary>Newton's iteration on <see cref="Exp"/>, from the double.</summary>
    private static decimal Log(decimal x)
    {
        decimal guess = (decimal)Math.Log((double)x);
        for (int i = 0; i < 2; i++)
        {
            decimal e = Exp(guess);
            guess += 2 * (x - e) / (x + e);
        }

        return guess;
    }
}

using Biomarkers.Immunoassay.Curves.Diagnosis;

namespace Biomarkers.Immunoassay.Curves.Intervals;

/// <summary>One dilution of a sample, as it was read off the curve.</summary>
/// <param name="Concentration">Concentration in the well, before it is multiplied by the dilution; more than 0, within the reportable range.</param>
/// <param name="WellCount">Wells of the mean response, 1 or more.</param>
/// <param name="DilutionFactor">Final over sample volume, 1 or more.</param>
/// <param name="StepCount">Pipetting steps from the sample to this dilution, 0 for the neat sample.</param>
public sealed record DilutionReading(double Concentration, int WellCount, double DilutionFactor, int StepCount);

/// <summary>How dilutions are averaged.</summary>
public sealed record DilutionOptions
{
    /// <summary>The defaults.</summary>
    public static DilutionOptions Default { get; } = new();

    /// <summary>SD of ln concentration of one dilution step, 0 or more. Default 0.03.</summary>
    public double StepLnStandardDeviation { get; init; } = 0.03;

    /// <summary>Whether the dilutions were made from each other, so that two share the steps of the lesser one; false when each was made from the sample. Default true.</summary>
    public bool IsSerial { get; init; } = true;

    /// <summary>Probability of Q below which dilutions disagree, between 0 and 1. Default 0.01.</summary>
    public double DisagreementBelow { get; init; } = 0.01;
}

/// <summary>The mean over dilutions of one sample on one curve, or the finding that they disagree.</summary>
/// <remarks>
/// With r_i = ln(concentration x dilution) and their covariance C (<see cref="ConcentrationCovariance.Matrix"/> plus the dilution steps): mean = 1'C^-1 r / 1'C^-1 1, its
/// variance 1 / 1'C^-1 1, and Q = (r - mean)' C^-1 (r - mean), which is chi-squared on k - 1 degrees of freedom when the dilutions are parallel and the
/// variance is known, and (k - 1) times F(k - 1, df) where it was learned or is the plate's.
/// Below the probability of <see cref="DilutionOptions.DisagreementBelow"/> nothing is averaged. A steep covariance may give a dilution a weight below 0, which is right
/// and not a fault. Source: generalised least squares; Cochran's Q with a full covariance.
/// </remarks>
/// <param name="Agrees">Whether the dilutions agree; true for one.</param>
/// <param name="Concentration">Mean concentration of the sample; null when they disagree.</param>
/// <param name="LnStandardError">Standard error of its logarithm; null when they disagree.</param>
/// <param name="Lower">Lower end of the 95 % interval, x exp(-q SE); null when they disagree.</param>
/// <param name="Upper">Upper end; null when they disagree, or where it overflows.</param>
/// <param name="Q">Q, 0 for one dilution.</param>
/// <param name="Probability">Probability of a larger Q when they are parallel; 1 for one dilution.</param>
/// <param name="Weights">k weights that add up to 1.</param>
/// <param name="CvPercent">CV of the k dilution-adjusted concentrations, plainly; null for one.</param>
public sealed record DilutionAverage(
    bool Agrees, double? Concentration, double? LnStandardError, double? Lower, double? Upper, double Q, double Probability, IReadOnlyList<double> Weights, double? CvPercent)
{
    /// <summary>Averages the dilutions of one sample.</summary>
    /// <param name="fit">The curve that all were read off.</param>
    /// <param name="readings">k dilutions, 1 or more.</param>
    /// <param name="options">Dilution error and limit.</param>
    /// <returns>The mean; null when the fit can't tell its error, or the covariance is singular.</returns>
    /// <exception cref="ArgumentException">There is no reading, or a number is outside its range.</exception>
    public static DilutionAverage? Of(CurveFit fit, IReadOnlyList<DilutionReading> readings, DilutionOptions options)
    {
        bool IsReading(DilutionReading reading) => reading.Concentration > 0 && double.IsFinite(reading.Concentration * reading.DilutionFactor)
            && reading.WellCount >= 1 && reading.DilutionFactor >= 1 && reading.StepCount >= 0;
        if (readings.Count == 0 || !readings.All(IsReading) || !(options.StepLnStandardDeviation >= 0) || !(options.DisagreementBelow is > 0 and < 1))
        {
            throw new ArgumentException("Expected one or more readings with concentrations above 0, wells of 1 or more, dilutions of 1 or more and steps of 0 or more.", nameof(readings));
        }

        int k = readings.Count;
        if (ConcentrationCovariance.Matrix(fit, [.. readings.Select(reading => reading.Concentration)], [.. readings.Select(reading => reading.WellCount)]) is not { } matrix)
        {
            return null;
        }

        for (int i = 0; i < k * k; i++)
        {
            (int row, int column) = (i / k, i % k);
            int shared = row == column || options.IsSerial ? Math.Min(readings[row].StepCount, readings[column].StepCount) : 0;
            matrix[i] += shared * options.StepLnStandardDeviation * options.StepLnStandardDeviation;
        }

        double[] lns = [.. readings.Select(reading => PreciseMath.Log(reading.Concentration) + PreciseMath.Log(reading.DilutionFactor))];
        return SolveOnes(matrix, k) is { } solved ? Combine(fit, readings, lns, matrix, solved, options) : null;
    }

    private static DilutionAverage? Combine(
        CurveFit fit, IReadOnlyList<DilutionReading> readings, double[] lns, double[] matrix, double[] solved, DilutionOptions options)
    {
        int k = lns.Length;
        double information = solved.Sum();
        double[] weights = [.. solved.Select(value => value / information)];
        double mean = weights.Zip(lns, (weight, ln) => weight * ln).Sum();
        double[] residuals = [.. lns.Select(ln => ln - mean)];
        double q = k == 1 ? 0 : Solve(matrix, residuals) is { } half ? half.Zip(residuals, (a, b) => a * b).Sum() : double.NaN;
        if (!(information > 0) || !double.IsFinite(q))
        {
            return null;
        }

        double probability = k == 1 ? 1 : fit.QuantileDegreesOfFreedom is { } df
            ? TailProbability.UpperF(Math.Max(q, 0) / (k - 1), k - 1, df)
            : TailProbability.UpperChiSquare(Math.Max(q, 0), k - 1);
        double[] adjusted = [.. readings.Select(reading => reading.Concentration * reading.DilutionFactor)];
        double average = adjusted.Sum() / k;
        double? cv = k == 1 ? null : 100 * Math.Sqrt(adjusted.Sum(x => (x - average) * (x - average)) / (k - 1)) / average;
        if (probability < options.DisagreementBelow)
        {
            return new DilutionAverage(false, null, null, null, null, q, probability, weights, cv);
        }

        double error = Math.Sqrt(1 / information);
        double halfWidth = TwoSidedQuantile.Of(fit.QuantileDegreesOfFreedom) * error;
        double upper = PreciseMath.Exp(mean + halfWidth);
        return new DilutionAverage(true, PreciseMath.Exp(mean), error, PreciseMath.Exp(mean - halfWidth), double.IsFinite(upper) ? upper : null, q, probability, weights, cv);
    }

    private static double[]? SolveOnes(double[] matrix, int k) => Solve(matrix, [.. Enumerable.Repeat(1.0, k)]);

    // Cholesky's factors; null for a matrix that is not positive definite.
    private static double[]? Solve(double[] matrix, double[] right)
    {
        int k = right.Length;
        double[] l = [.. matrix];
        double[] x = [.. right];
        for (int j = 0; j < k; j++)
        {
            for (int i = j; i < k; i++)
            {
                double entry = l[(i * k) + j];
                for (int m = 0; m < j; m++)
                {
                    entry -= l[(i * k) + m] * l[(j * k) + m];
                }

                if (i == j && !(entry > 1e-14 * matrix[(j * k) + j]))
                {
                    return null;
                }

                l[(i * k) + j] = i == j ? Math.Sqrt(entry) : entry / l[(j * k) + j];
            }

            for (int m = 0; m < j; m++)
            {
                x[j] -= l[(j * k) + m] * x[m];
            }

            x[j] /= l[(j * k) + j];
        }

        for (int j = k - 1; j >= 0; j--)
        {
            for (int i = j + 1; i < k; i++)
            {
                x[j] -= l[(i * k) + j] * x[i];
            }

            x[j] /= l[(j * k) + j];
        }

        return x;
    }
}

namespace Biomarkers.Immunoassay.Curves;

/// <summary>Singular values and right vectors of a weighted Jacobian whose columns were scaled to length 1.</summary>
/// <remarks>One-sided Jacobi rotations: they find small singular values to high relative accuracy, where J'WJ would lose half of the digits.
/// Source: J. Demmel, K. Veselic (1992), Jacobi's method is more accurate than QR, SIAM J. Matrix Anal. Appl. 13:1204-1245.</remarks>
internal sealed class JacobianFactor
{
    private const int SweepLimit = 40;

    /// <summary>Share of the largest singular value below which a direction is flat; its square leaves a covariance half of the digits.</summary>
    private const double FlatBelow = 1e-7;

    private readonly double[] lengths;
    private readonly double[] singularValues;
    private readonly double[][] vectors;

    private JacobianFactor(double[] lengths, double[] singularValues, double[][] vectors)
    {
        this.lengths = lengths;
        this.singularValues = singularValues;
        this.vectors = vectors;
        double smallest = singularValues.Length == 0 ? 1 : singularValues.Min();
        double largest = singularValues.Length == 0 ? 1 : singularValues.Max();
        ConditionNumber = smallest > 0 && double.IsFinite(largest) ? largest / smallest : double.MaxValue;
    }

    /// <summary>Largest over smallest singular value, 1 or more; the largest number for a singular matrix, so that it can be written anywhere.</summary>
    public double ConditionNumber { get; }

    /// <summary>The singular values of the scaled Jacobian, in no order; the columns given to <see cref="Of"/> are left as its left vectors times these.</summary>
    public IReadOnlyList<double> SingularValues => singularValues;

    /// <summary>The right vector that belongs to a singular value: one component per free parameter, of length 1.</summary>
    public ReadOnlySpan<double> RightVector(int index) => vectors[index];

    /// <summary>Factors a Jacobian, which is overwritten.</summary>
    /// <param name="columns">One column per free parameter, of equal lengths.</param>
    public static JacobianFactor Of(double[][] columns)
    {
        int p = columns.Length;
        var columnLengths = new double[p];
        var rightVectors = new double[p][];
        for (int k = 0; k < p; k++)
        {
            rightVectors[k] = new double[p];
            rightVectors[k][k] = 1;
            columnLengths[k] = Math.Sqrt(Dot(columns[k], columns[k]));
            for (int i = 0; i < columns[k].Length && columnLengths[k] > 0; i++)
            {
                columns[k][i] /= columnLengths[k];
            }
        }

        for (int sweep = 0; sweep < SweepLimit; sweep++)
        {
            bool rotated = false;
            for (int a = 0; a < p; a++)
            {
                for (int b = a + 1; b < p; b++)
                {
                    rotated |= Orthogonalise(columns[a], columns[b], rightVectors[a], rightVectors[b]);
                }
            }

            if (!rotated)
            {
                break;
            }
        }

        return new JacobianFactor(columnLengths, [.. columns.Select(column => Math.Sqrt(Dot(column, column)))], rightVectors);
    }

    /// <summary>variance (J'WJ)^-1, p x p, row major; rows and columns of held parameters are zero.</summary>
    /// <remarks>A direction whose singular value lies below 1e-7 of the largest counts as if it had that value. Its error is vast all the same, but g' S g keeps its
    /// digits: with entries of cond^2, the product for a concentration that the flat direction does not touch would be nothing but rounding.</remarks>
    /// <returns>The matrix; null where a parameter has no influence on any point.</returns>
    public double[]? Covariance(double variance, IReadOnlyList<double?> held)
    {
        double least = singularValues.Length == 0 ? 0 : FlatBelow * singularValues.Max();
        int p = held.Count;
        var covariance = new double[p * p];
        int[] free = Enumerable.Range(0, p).Where(parameter => held[parameter] is null).ToArray();
        for (int i = 0; i < free.Length; i++)
        {
            for (int j = i; j < free.Length; j++)
            {
                double sum = 0;
                for (int k = 0; k < singularValues.Length; k++)
                {
                    double value = Math.Max(singularValues[k], least);
                    sum += vectors[k][i] / value * (vectors[k][j] / value);
                }

                double entry = variance * sum / lengths[i] / lengths[j];
                covariance[(free[i] * p) + free[j]] = entry;
                covariance[(free[j] * p) + free[i]] = entry;
            }
        }

        return Array.TrueForAll(covariance, double.IsFinite) ? covariance : null;
    }

    private static bool Orthogonalise(double[] left, double[] right, double[] leftVector, double[] rightVector)
    {
        double aa = Dot(left, left);
        double bb = Dot(right, right);
        double ab = Dot(left, right);
        if (!(Math.Abs(ab) > 1e-15 * Math.Sqrt(aa * bb)))
        {
            return false;
        }

        double zeta = (bb - aa) / (2 * ab);
        double tangent = Math.CopySign(1, zeta) / (Math.Abs(zeta) + Math.Sqrt(1 + (zeta * zeta)));
        double cosine = 1 / Math.Sqrt(1 + (tangent * tangent));
        Rotate(left, right, cosine, cosine * tangent);
        Rotate(leftVector, rightVector, cosine, cosine * tangent);
        return true;
    }

    private static void Rotate(double[] left, double[] right, double cosine, double sine)
    {
        for (int i = 0; i < left.Length; i++)
        {
            double l = left[i];
            left[i] = (cosine * l) - (sine * right[i]);
            right[i] = (sine * l) + (cosine * right[i]);
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

namespace Biomarkers.Immunoassay.Curves;

/// <summary>The weighted sum of squares as a function of the three nonlinear coordinates alone: at each place the asymptotes, in which the
/// curve is linear, are the best ones in closed form.</summary>
/// <remarks>Variable projection with Kaufman's Jacobian, the one of a Gauss-Newton step in all parameters from which the linear ones were
/// eliminated. Sources: G. Golub, V. Pereyra (1973), SIAM J. Numer. Anal. 10:413-432; L. Kaufman (1975), BIT 15:49-57.</remarks>
internal sealed class LogisticProjection
{
    private readonly LogisticModel model;
    private readonly CalibratorLevels levels;
    private readonly double? heldLower;
    private readonly double? heldUpper;
    private readonly double[] fractions;
    private readonly double[] basis;

    /// <summary>Makes the function of one fit and one direction.</summary>
    public LogisticProjection(LogisticModel model, CalibratorLevels levels, IReadOnlyList<double?> held, int direction)
    {
        this.model = model;
        this.levels = levels;
        heldLower = held[0] / levels.ResponseScale;
        heldUpper = held[1] / levels.ResponseScale;
        Coordinates = new LogisticCoordinates(model, held, levels.LnConcentrations, direction);
        fractions = new double[levels.Count];
        basis = new double[levels.Count];
        Residuals = new double[levels.Count];
        Columns = [new double[levels.Count], new double[levels.Count], new double[levels.Count]];
        for (int i = 0; i < levels.Count; i++)
        {
            TargetSquares += levels.Weights[i] * levels.Targets[i] * levels.Targets[i];
        }
    }

    /// <summary>The coordinates.</summary>
    public LogisticCoordinates Coordinates { get; }

    /// <summary>sum w y^2, against which a sum of squares is zero or not.</summary>
    public double TargetSquares { get; }

    /// <summary>Residuals y - f of the last place.</summary>
    public double[] Residuals { get; }

    /// <summary>Derivatives of f by each coordinate at the last place, less what the free asymptotes take up.</summary>
    public double[][] Columns { get; }

    /// <summary>Lower asymptote of the last place, over the scale of the responses.</summary>
    public double Lower { get; private set; }

    /// <summary>Upper less lower asymptote of the last place.</summary>
    public double Amplitude { get; private set; }

    /// <summary>Sum of squares at a place; positive infinity where the best curve runs the other way.</summary>
    public double SumOfSquaresAt(ReadOnlySpan<double> place)
    {
        (double slope, double lnInflection, double asymmetry) = Coordinates.NaturalAt(place);
        bool mirrored = model.IsMirrored(slope);
        for (int i = 0; i < levels.Count; i++)
        {
            fractions[i] = LogisticFraction.ValueAt(levels.LnConcentrations[i] - lnInflection, slope, asymmetry, mirrored);
        }

        SolveAsymptotes();
        double sum = 0;
        for (int i = 0; i < levels.Count; i++)
        {
            double residual = levels.Targets[i] - Lower - (Amplitude * fractions[i]);
            Residuals[i] = residual;
            sum += levels.Weights[i] * residual * residual;
        }

        return Amplitude > 0 && double.IsFinite(sum) ? sum : double.PositiveInfinity;
    }

    /// <summary>Computes <see cref="Columns"/> at the place of the last <see cref="SumOfSquaresAt"/>.</summary>
    public void Differentiate(ReadOnlySpan<double> place)
    {
        (double slope, double lnInflection, double asymmetry) = Coordinates.NaturalAt(place);
        bool mirrored = model.IsMirrored(slope);
        for (int i = 0; i < levels.Count; i++)
        {
            var fraction = LogisticFraction.At(levels.LnConcentrations[i] - lnInflection, slope, asymmetry, mirrored);
            (double steepness, double middle, double lnAsymmetry) = Coordinates.Chain(place, slope, fraction);
            Columns[0][i] = Amplitude * steepness;
            Columns[1][i] = Amplitude * middle;
            Columns[2][i] = Amplitude * lnAsymmetry;
        }

        foreach (double[] column in Columns)
        {
            if (heldLower is null && heldUpper is null)
            {
                double mean = WeightedMean(column);
                for (int i = 0; i < column.Length; i++)
                {
                    column[i] -= mean;
                }
            }

            if (heldLower is null || heldUpper is null)
            {
                double factor = Dot(column, basis) / Dot(basis, basis);
                for (int i = 0; i < column.Length; i++)
                {
                    column[i] -= factor * basis[i];
                }
            }
        }
    }

    /// <summary>Weighted inner product over the levels.</summary>
    public double Dot(double[] left, double[] right)
    {
        double sum = 0;
        for (int i = 0; i < left.Length; i++)
        {
            sum += levels.Weights[i] * left[i] * right[i];
        }

        return sum;
    }

    /// <summary>The one amplitude left after the asymptotes that are held: its column, and the regression on it.</summary>
    private void SolveAsymptotes()
    {
        if (heldLower is { } lower && heldUpper is { } upper)
        {
            (Lower, Amplitude) = (lower, upper - lower);
            return;
        }

        bool bothFree = heldLower is null && heldUpper is null;
        double originOfBasis = bothFree ? WeightedMean(fractions) : heldUpper is null ? 0 : 1;
        double originOfTargets = heldLower ?? heldUpper ?? WeightedMean(levels.Targets);
        double product = 0;
        double squares = 0;
        for (int i = 0; i < levels.Count; i++)
        {
            basis[i] = fractions[i] - originOfBasis;
            product += levels.Weights[i] * basis[i] * (levels.Targets[i] - originOfTargets);
            squares += levels.Weights[i] * basis[i] * basis[i];
        }

        Amplitude = product / squares;
        Lower = originOfTargets - (Amplitude * originOfBasis);
    }

    private double WeightedMean(double[] values)
    {
        double sum = 0;
        double weight = 0;
        for (int i = 0; i < values.Length; i++)
        {
            sum += levels.Weights[i] * values[i];
            weight += levels.Weights[i];
        }

        return sum / weight;
    }
}

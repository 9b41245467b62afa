namespace Biomarkers.Immunoassay.Curves.Solver;

/// <summary>What the kernel finds at one place: the sum of squares with the best asymptotes, and its first and second derivatives.</summary>
/// <remarks>Indices: 0 steepness, 1 middle, 2 ln asymmetry. With F half the sum of squares, D is -dF, A the Gauss-Newton matrix with Kaufman's
/// projection, S what is to be taken from A to have the exact matrix of second derivatives.</remarks>
internal struct LogisticPoint
{
    public double SumOfSquares;
    public double Amplitude;
    public double Mean;
    public double D0, D1, D2;
    public double A00, A10, A11, A20, A21, A22;
    public double S00, S10, S11, S20, S21, S22;

    /// <summary>Squared lengths of the columns before the asymptotes take their part.</summary>
    public double R00, R11, R22;
}

/// <summary>sum w h_i and sum w h_i (h - mean), h_i the derivative of h by coordinate i.</summary>
internal struct LogisticCrossSums
{
    public double M0, M1, M2;
    public double C0, C1, C2;
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Biomarkers.Immunoassay.Curves.Solver;

/// <summary>The weighted sum of squares as a function of the three nonlinear coordinates alone: at each place the asymptotes, in which the curve is
/// linear, are the best ones in closed form.</summary>
/// <remarks>Variable projection. Sources: G. Golub, V. Pereyra (1973), SIAM J. Numer. Anal. 10:413-432; L. Kaufman (1975), BIT 15:49-57, for A; the exact
/// second derivatives are the Schur complement of those by all parameters.</remarks>
internal static partial class LogisticKernel
{
    /// <summary>Evaluates a place.</summary>
    /// <param name="table">Rows, with responses less the origin of the branch.</param>
    /// <param name="branch">How the curve runs.</param>
    /// <param name="shape">Shape at the place.</param>
    /// <param name="middle">Middle at the place.</param>
    /// <param name="isUnit">Whether the asymmetry is held at 1: a 4PL.</param>
    /// <param name="point">Receives what was found.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Evaluate(in LevelTable table, in LogisticBranch branch, in LogisticShape shape, double middle, bool isUnit, out LogisticPoint point)
    {
        double slope = branch.Orientation * shape.B;
        double sum = isUnit ? FillUnit(table, slope, middle) : FillPower(table, shape, slope, middle);
        point = default;
        point.Mean = branch.IsCentred ? sum * table.InverseTotalWeight : branch.Shift;
        Regress(table, point.Mean, out double squares, out double products);
        bool isFree = branch.HeldAmplitude is null && squares > 0;
        point.Amplitude = branch.HeldAmplitude ?? (isFree ? products / squares : 0);
        if (isUnit)
        {
            SumUnit(table, slope, middle, ref point, out LogisticCrossSums cross);
            Project(ref point, cross, branch.IsCentred ? table.InverseTotalWeight : 0, isFree ? 1 / squares : 0);
        }
        else
        {
            SumPower(table, shape, slope, middle, ref point, out LogisticCrossSums cross);
            BendPower(table, shape, slope, middle, ref point);
            Project(ref point, cross, branch.IsCentred ? table.InverseTotalWeight : 0, isFree ? 1 / squares : 0);
        }
    }

    /// <summary>sum w (h - mean)^2 and sum w (h - mean) y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Regress(in LevelTable table, double mean, out double squares, out double products)
    {
        ref double y = ref MemoryMarshal.GetReference(table.Responses);
        ref double w = ref MemoryMarshal.GetReference(table.Weights);
        ref double h = ref MemoryMarshal.GetReference(table.Scratch);
        nuint n = (nuint)table.Length;
        Vector512<double> vectorMean = Vector512.Create(mean), sumSquares = Vector512<double>.Zero, sumProducts = Vector512<double>.Zero;
        for (nuint i = 0; i < n; i += 8)
        {
            Vector512<double> centred = Vector512.LoadUnsafe(ref h, i) - vectorMean;
            Vector512<double> weighted = Vector512.LoadUnsafe(ref w, i) * centred;
            sumSquares = Vector512.FusedMultiplyAdd(weighted, centred, sumSquares);
            sumProducts = Vector512.FusedMultiplyAdd(weighted, Vector512.LoadUnsafe(ref y, i), sumProducts);
        }

        squares = VectorMath.Sum(sumSquares);
        products = VectorMath.Sum(sumProducts);
    }

    /// <summary>From sums over the rows to the gradient and the two matrices.</summary>
    /// <remarks>
    /// With h_i = dh / d i, c_i = sum w h_i (h - mean), m_i = sum w h_i, G_i = sum w r h_i, a the amplitude, W the total weight and Q = sum w (h - mean)^2: the
    /// asymptotes take m_i m_j / W and c_i c_j / Q from sum w h_i h_j (Kaufman). Exactly, the second derivative by a coordinate and the amplitude is
    /// a c_i - G_i, and by two coordinates a^2 sum w h_i h_j - a sum w r h_ij.
    /// </remarks>
    private static void Project(ref LogisticPoint point, in LogisticCrossSums cross, double inverseWeight, double inverseSquares)
    {
        double a = point.Amplitude, a2 = a * a;
        double g0 = point.D0, g1 = point.D1, g2 = point.D2;
        (point.R00, point.R11, point.R22) = (a2 * point.A00, a2 * point.A11, a2 * point.A22);
        Complete(ref point.A00, ref point.S00, cross.M0 * cross.M0, cross.C0, cross.C0, g0, g0);
        Complete(ref point.A10, ref point.S10, cross.M1 * cross.M0, cross.C1, cross.C0, g1, g0);
        Complete(ref point.A11, ref point.S11, cross.M1 * cross.M1, cross.C1, cross.C1, g1, g1);
        Complete(ref point.A20, ref point.S20, cross.M2 * cross.M0, cross.C2, cross.C0, g2, g0);
        Complete(ref point.A21, ref point.S21, cross.M2 * cross.M1, cross.C2, cross.C1, g2, g1);
        Complete(ref point.A22, ref point.S22, cross.M2 * cross.M2, cross.C2, cross.C2, g2, g2);
        point.D0 = a * g0;
        point.D1 = a * g1;
        point.D2 = a * g2;

        // A takes a^2 c_i c_j / Q off, the exact matrix (a c_i - G_i)(a c_j - G_j) / Q; S is the difference.
        void Complete(ref double product, ref double bend, double means, double crossI, double crossJ, double gradientI, double gradientJ)
        {
            product = a2 * (product - (means * inverseWeight) - (crossI * crossJ * inverseSquares));
            bend = (a * bend) + (((gradientI * gradientJ) - (a * ((crossI * gradientJ) + (crossJ * gradientI)))) * inverseSquares);
        }
    }
}

using System.Runtime.Intrinsics;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Solver;
using CsCheck;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves.Solver;

/// <summary>Against the C library, which is within one unit in the last place itself.</summary>
public class VectorMathTests
{
    private const double TwoUnits = 4.5e-16;

    [Fact]
    public void Exp_AnyNumber_IsThatOfTheLibrary() => Gen.Double[-708, 709].Sample(
        x => AssertClose(Math.Exp(x), VectorMath.Exp(Vector512.Create(x)).GetElement(3), x), iter: 20_000);

    [Fact]
    public void Log_AnyNormalNumber_IsThatOfTheLibrary() => Gen.Select(Gen.Double[0.5, 2], Gen.Int[-990, 1000]).Sample(
        (mantissa, exponent) =>
        {
            double x = Math.ScaleB(mantissa, exponent);
            AssertClose(Math.Log(x), VectorMath.Log(Vector512.Create(x)).GetElement(7), x);
        }, iter: 20_000);

    [Fact]
    public void LogOnePlus_BetweenZeroAndOne_KeepsItsDigits() => Gen.Double[-300, 0].Sample(
        power =>
        {
            double x = Math.Pow(10, power);
            // ln(1 + x) = 2 artanh(x / (2 + x)): the library's artanh keeps its digits near zero.
            AssertClose(2 * Math.Atanh(x / (2 + x)), VectorMath.LogOnePlus(Vector512.Create(x)).ToScalar(), x, 2 * TwoUnits);
        }, iter: 20_000);

    [Theory]
    [InlineData(0, 1, "any number to the power of 0")]
    [InlineData(-709, 1.216780750623423e-308, "below the smallest normal number that a lane keeps")]
    [InlineData(-745.1, 4.94065645841247E-324, "the smallest number")]
    [InlineData(-800, 0, "underflow")]
    [InlineData(709.7, 1.6549840276802644E+308, "next to overflow")]
    [InlineData(710, double.PositiveInfinity, "overflow")]
    [InlineData(double.NaN, double.NaN, "no number stays none")]
    public void Exp_AtTheEnds_IsDefined(double x, double expected, string reason)
    {
        double actual = PreciseMath.Exp(x);
        Assert.True(expected.Equals(actual) || Math.Abs(actual - expected) <= (4e-15 * Math.Abs(expected)) + double.Epsilon, $"{reason}: exp({x}) = {actual}, expected {expected}");
    }

    [Theory]
    [InlineData(1, 0, "no rounding at 1")]
    [InlineData(0, double.NegativeInfinity, "zero")]
    [InlineData(-1, double.NaN, "no logarithm")]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity, "infinity")]
    [InlineData(double.Epsilon, -744.4400719213812, "the smallest number")]
    [InlineData(double.MaxValue, 709.782712893384, "the largest number")]
    public void Log_AtTheEnds_IsDefined(double x, double expected, string reason)
    {
        double actual = PreciseMath.Log(x);
        Assert.True(expected.Equals(actual) || Math.Abs(actual - expected) <= 2e-15 * Math.Abs(expected), $"{reason}: ln {x} = {actual}, expected {expected}");
    }

    [Fact]
    public void Sum_EightLanes_IsTheirSum() => Assert.Equal(36, VectorMath.Sum(Vector512.Create(1.0, 2, 3, 4, 5, 6, 7, 8)));

    private static void AssertClose(double expected, double actual, double x, double tolerance = TwoUnits) =>
        Assert.True(Math.Abs(actual - expected) <= tolerance * Math.Abs(expected), $"at {x:R}: {actual:R}, expected {expected:R}");
}

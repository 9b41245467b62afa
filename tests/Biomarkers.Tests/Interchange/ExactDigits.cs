using System.Numerics;

namespace Biomarkers.Tests.Interchange;

/// <summary>Significant digits by whole numbers: what the text of a reported number is held against.</summary>
internal static class ExactDigits
{
    /// <summary>A double, which is a fraction of whole numbers, rounded to significant digits, a tie to the even digit.</summary>
    public static string Significant(double value, int digits)
    {
        if (value == 0)
        {
            return digits == 1 ? "0" : "0." + new string('0', digits - 1);
        }

        (BigInteger numerator, BigInteger denominator) = FractionOf(Math.Abs(value));
        int decimals = digits - 1;
        // The number of decimals at which the digits before the point are as many as asked for.
        while (Scaled(numerator, denominator, decimals) >= BigInteger.Pow(10, digits))
        {
            decimals--;
        }

        while (Scaled(numerator, denominator, decimals) < BigInteger.Pow(10, digits - 1))
        {
            decimals++;
        }

        BigInteger rounded = Rounded(numerator, denominator, decimals);
        if (rounded == BigInteger.Pow(10, digits))
        {
            // 9.99 became 10.00: one decimal less.
            rounded /= 10;
            decimals--;
        }

        string whole = (rounded * BigInteger.Pow(10, Math.Max(0, -decimals))).ToString();
        string text = decimals <= 0 ? whole : whole.PadLeft(decimals + 1, '0').Insert(Math.Max(1, whole.Length - decimals), ".");
        return value < 0 ? $"-{text}" : text;
    }

    // What stands before the point after the point moved right; the rest is cut off.
    private static BigInteger Scaled(BigInteger numerator, BigInteger denominator, int decimals) =>
        numerator * BigInteger.Pow(10, Math.Max(0, decimals)) / (denominator * BigInteger.Pow(10, Math.Max(0, -decimals)));

    private static BigInteger Rounded(BigInteger numerator, BigInteger denominator, int decimals)
    {
        BigInteger below = Scaled(numerator, denominator, decimals);
        BigInteger by = denominator * BigInteger.Pow(10, Math.Max(0, -decimals));
        BigInteger rest = (numerator * BigInteger.Pow(10, Math.Max(0, decimals))) - (below * by);
        int comparison = (2 * rest).CompareTo(by);
        return comparison > 0 || (comparison == 0 && !below.IsEven) ? below + 1 : below;
    }

    private static (BigInteger Numerator, BigInteger Denominator) FractionOf(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int exponent = (int)((bits >> 52) & 0x7ff);
        long mantissa = bits & 0xfffffffffffff;
        (BigInteger whole, int power) = exponent == 0 ? (mantissa, -1074) : (mantissa | (1L << 52), exponent - 1075);
        return power >= 0 ? (whole << power, BigInteger.One) : (whole, BigInteger.One << -power);
    }
}

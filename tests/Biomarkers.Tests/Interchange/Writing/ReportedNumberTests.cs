using System.Globalization;
using Biomarkers.Immunoassay.Curves.Intervals;
using Biomarkers.Interchange.Writing;
using Xunit;

namespace Biomarkers.Tests.Interchange.Writing;

public sealed class ReportedNumberTests
{
    [Theory]
    [InlineData(0.32, 4, "0.3200")] // zeros at the end are significant
    [InlineData(12346, 4, "12350")]
    [InlineData(9.9996, 4, "10.00")] // the rounding brings a digit
    [InlineData(0.00009996, 3, "0.000100")]
    [InlineData(1e-9, 3, "0.00000000100")]
    [InlineData(1e9, 3, "1000000000")]
    [InlineData(123456789.5, 17, "123456789.50000000")]
    [InlineData(0.125, 2, "0.12")] // a tie goes to the even digit
    [InlineData(0.375, 2, "0.38")]
    [InlineData(-0.125, 2, "-0.12")]
    [InlineData(250000, 1, "200000")]
    [InlineData(350000, 1, "400000")]
    [InlineData(0, 3, "0.00")]
    [InlineData(-0.0, 1, "0")]
    public void Significant_Number_HasItsDigitsAndNoExponent(double value, int digits, string expected) => Assert.Equal(expected, ReportedNumber.Significant(value, digits));

    /// <summary>Against whole-number arithmetic, over all magnitudes and numbers of digits.</summary>
    [Fact]
    public void Significant_AnyNumber_IsThatOfWholeNumbers()
    {
        var generator = new SeededGenerator(20261123);
        for (int i = 0; i < 3000; i++)
        {
            double value = Math.Pow(10, (24 * generator.NextUniform()) - 12);
            int digits = 1 + (i % 17);
            Assert.Equal(ExactDigits.Significant(value, digits), ReportedNumber.Significant(value, digits));
        }
    }

    [Theory]
    [InlineData(1e-12, "0.000000000001")]
    [InlineData(1e12, "1000000000000")]
    [InlineData(1.5e20, "150000000000000000000")]
    [InlineData(0.1, "0.1")]
    [InlineData(-2.5e-7, "-0.00000025")]
    public void Exact_Number_HasNoExponent(double value, string expected) => Assert.Equal(expected, ReportedNumber.Exact(value));

    [Fact]
    public void Exact_AnyNumber_ReadsBackToTheSameBits()
    {
        var generator = new SeededGenerator(20261124);
        for (int i = 0; i < 3000; i++)
        {
            double value = Math.Pow(10, (24 * generator.NextUniform()) - 12);
            string text = ReportedNumber.Exact(value);
            Assert.DoesNotContain("E", text, StringComparison.Ordinal);
            Assert.Equal(value, double.Parse(text, CultureInfo.InvariantCulture));
        }
    }
}

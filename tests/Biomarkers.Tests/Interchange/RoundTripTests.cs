using System.Globalization;
using System.Text;
using Biomarkers.Interchange;
using Xunit;

namespace Biomarkers.Tests.Interchange;

/// <summary>Random results written and read back by decoders of others; <c>biomarkers-benchmarks interchange</c> takes a hundred thousand.</summary>
public sealed class RoundTripTests
{
    private const ulong Seed = 20261123;
    private const int PythonCount = 500;

    // The strict parser takes milliseconds for each.
    private const int FhirCount = 150;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [PythonHl7Theory]
    [InlineData("hl7-v2.5.1")]
    [InlineData("lis2-a2")]
    [InlineData("csv")]
    [InlineData("json")]
    public async Task RandomResults_ReadByPython_AreEqualInEveryField(string format)
    {
        RoundTripFigures run = await RunAsync(format, PythonCount, spoil: null);
        Architecture.Faults.None(run.Differences);
        Assert.True(run.Fields > 20 * PythonCount);
    }

    [Fact]
    public async Task RandomResults_ReadByTheStrictFhirParser_AreEqualInEveryField()
    {
        RoundTripFigures run = await RunAsync("fhir-r4", FhirCount, spoil: null);
        Architecture.Faults.None(run.Differences);
        Assert.True(run.Fields > 20 * FhirCount);
    }

    [Fact]
    public async Task ResultThatIsChangedOnItsWay_IsFound()
    {
        RoundTripFigures run = await RunAsync(
            "fhir-r4", 20, message => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(message).Replace("PLATE-", "PLATE_", StringComparison.Ordinal)));
        Assert.Equal(20, run.DifferentResults);
        Assert.All(run.Differences, difference => Assert.Contains("plate", difference, StringComparison.Ordinal));
    }

    /// <summary>Separators and signs of the machine's settings reach nothing that leaves. The project runs with the invariant culture alone, so they are set by
    /// hand; letters' case is that of no culture either.</summary>
    [Theory]
    [InlineData(",", ".", "-")] // as in de-DE and tr-TR
    [InlineData(",", "\u00a0", "\u2212")] // as in sv-SE
    public void Encode_UnderOtherSeparators_GivesTheSameBytes(string point, string group, string minus)
    {
        var random = new RandomResults(Seed);
        byte[][] expected = [.. Messages(random)];
        CultureInfo before = CultureInfo.CurrentCulture;
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (culture.NumberFormat.NumberDecimalSeparator, culture.NumberFormat.NumberGroupSeparator, culture.NumberFormat.NegativeSign) = (point, group, minus);
        (culture.DateTimeFormat.TimeSeparator, culture.DateTimeFormat.DateSeparator) = (".", ".");
        try
        {
            CultureInfo.CurrentCulture = culture;
            Assert.Equal($"{minus}1{point}5", (-1.5).ToString(CultureInfo.CurrentCulture));
            Assert.Equal(expected, [.. Messages(random)]);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Encode_Again_GivesTheSameBytes() => Assert.Equal([.. Messages(new RandomResults(Seed))], [.. Messages(new RandomResults(Seed))]);

    [Fact]
    public void Encode_NoResultOrTooMany_IsABugOfTheCaller()
    {
        ResultFormat format = ResultFormats.All[0];
        Assert.Throws<ArgumentException>(() => format.Encode([], SampleResults.Options));
        Assert.Throws<ArgumentException>(() => format.Encode([.. Enumerable.Repeat(new SampleResults().Make(), ResultFormats.MaximumResults + 1)], SampleResults.Options));
    }

    [Fact]
    public void TryFind_EveryFormat_IsFoundByItsIdAndNoOther()
    {
        Assert.All(ResultFormats.All, format => Assert.True(ResultFormats.TryFind(format.Id, out ResultFormat? found) && found == format));
        Assert.False(ResultFormats.TryFind("pdf", out _));
    }

    private static IEnumerable<byte[]> Messages(RandomResults random) =>
        from format in ResultFormats.All
        from i in Enumerable.Range(0, 20)
        select format.Encode([random.At(i), random.At(i + 100)], random.OptionsAt(i));

    private static async Task<RoundTripFigures> RunAsync(string id, int count, Func<byte[], byte[]>? spoil)
    {
        Assert.True(ResultFormats.TryFind(id, out ResultFormat? format));
        using var limit = new CancellationTokenSource(Limit);
        return await RoundTrip.RunAsync(format, count, Seed, spoil, limit.Token);
    }
}

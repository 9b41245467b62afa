using System.Globalization;

namespace Biomarkers.Cli.Plots;

/// <summary>A logarithmic axis of concentrations or responses, with a place of its own for zero at its low end.</summary>
internal sealed class LogAxis
{
    /// <summary>Part of the axis that stays free on either side, and between zero and the lowest concentration.</summary>
    private const double Margin = 0.06;
    private const double ZeroDistance = 0.13;

    /// <summary>Powers of ten that are written out.</summary>
    private const int LowestPlainPower = -4;
    private const int HighestPlainPower = 5;

    /// <summary>Up to as many decades 2 and 5 are labelled, too.</summary>
    private const double FewDecades = 2.5;

    private readonly double lowest;
    private readonly double highest;

    private LogAxis(double lowestLog, double highestLog, bool hasZero)
    {
        double span = Math.Max(highestLog - lowestLog, 0.5);
        lowest = lowestLog;
        highest = highestLog;
        ZeroPosition = hasZero ? lowestLog - (ZeroDistance * span) : null;
        Left = (ZeroPosition ?? lowestLog) - (Margin * span);
        Right = highestLog + (Margin * span);
    }

    /// <summary>Left end: log10 of a concentration.</summary>
    public double Left { get; }

    /// <summary>Right end: log10 of a concentration.</summary>
    public double Right { get; }

    /// <summary>Where zero stands; null where no point is there.</summary>
    public double? ZeroPosition { get; }

    /// <summary>Middle of the gap between zero and the rest; null without zero.</summary>
    public double? BreakPosition => ZeroPosition is { } zero ? (zero + lowest) / 2 : null;

    /// <summary>An axis with room for everything on a drawing.</summary>
    public static LogAxis For(CurveDrawing drawing) => For(
        drawing.Curve.Select(place => place.Concentration)
            .Concat(drawing.Calibrators.Select(point => point.Concentration))
            .Concat(drawing.Samples.Select(sample => sample.Concentration)),
        drawing.Calibrators.Any(point => point.Concentration == 0));

    /// <summary>An axis with room for some values; those that are not above 0 take no part.</summary>
    /// <param name="values">Any number.</param>
    /// <param name="hasZero">Whether 0 has a place.</param>
    public static LogAxis For(IEnumerable<double> values, bool hasZero)
    {
        double[] logs = [.. values.Where(value => value > 0).Select(Math.Log10)];
        return new LogAxis(logs.DefaultIfEmpty(0).Min(), logs.DefaultIfEmpty(1).Max(), hasZero);
    }

    /// <summary>Place of a concentration of zero or more.</summary>
    public double PositionOf(double concentration) => concentration > 0 ? Math.Log10(concentration) : ZeroPosition ?? Left;

    /// <summary>Labelled places: decades, and 2 and 5 of each where there are few; zero, where a point is there.</summary>
    public IEnumerable<(double Position, string Label)> MajorTicks()
    {
        if (ZeroPosition is { } zero)
        {
            yield return (zero, "0");
        }

        int[] digits = highest - lowest < FewDecades ? [1, 2, 5] : [1];
        foreach ((double position, int digit, int power) in Places(digits))
        {
            yield return (position, LabelOf(digit, power));
        }
    }

    /// <summary>Places of 2 to 9 in each decade.</summary>
    public IEnumerable<double> MinorTicks() => Places([2, 3, 4, 5, 6, 7, 8, 9]).Select(place => place.Position);

    private IEnumerable<(double Position, int Digit, int Power)> Places(int[] digits)
    {
        double start = BreakPosition ?? Left;
        for (int power = (int)Math.Floor(start); power <= Math.Ceiling(Right); power++)
        {
            foreach (int digit in digits)
            {
                double position = power + Math.Log10(digit);
                if (position >= start && position <= Right)
                {
                    yield return (position, digit, power);
                }
            }
        }
    }

    private static string LabelOf(int digit, int power) => power is >= LowestPlainPower and <= HighestPlainPower
        ? decimal.Parse(string.Create(CultureInfo.InvariantCulture, $"{digit}E{power}"), NumberStyles.Float, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{digit}e{power}");
}

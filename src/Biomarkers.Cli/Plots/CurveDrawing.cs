namespace Biomarkers.Cli.Plots;

/// <summary>What a picture of a standard curve shows, in a file or in the terminal.</summary>
internal sealed record CurveDrawing
{
    /// <summary>Factor between responses up to which a linear axis shows them all.</summary>
    private const double LinearSpan = 50;

    /// <summary>Line above the picture.</summary>
    public required string Title { get; init; }

    /// <summary>Title of the axis of concentrations, with its unit where one is known.</summary>
    public required string ConcentrationTitle { get; init; }

    /// <summary>Title of the axis of responses.</summary>
    public required string ResponseTitle { get; init; }

    /// <summary>The curve by rising concentration; empty where the fit is not usable.</summary>
    public required IReadOnlyList<CurvePlace> Curve { get; init; }

    /// <summary>The curve's response at 0; null where the fit is not usable or has no place for 0.</summary>
    public required double? ZeroResponse { get; init; }

    /// <summary>What the curve was fitted to.</summary>
    public required IReadOnlyList<DrawnPoint> Calibrators { get; init; }

    /// <summary>What was read off the curve.</summary>
    public required IReadOnlyList<DrawnSample> Samples { get; init; }

    /// <summary>How responses are spaced; null to see from the calibrators.</summary>
    public required ResponseScale? Scale { get; init; }

    /// <summary>Whether the axis of responses is logarithmic: as asked, or else where the calibrators' responses above 0 span more than a factor of 50.</summary>
    public bool IsResponseLogarithmic
    {
        get
        {
            double[] positive = [.. Calibrators.Select(point => point.Response).Where(response => response > 0)];
            return positive.Length > 0 && (Scale is { } scale ? scale == ResponseScale.Log : positive.Max() > LinearSpan * positive.Min());
        }
    }

    /// <summary>Limit below which no number is reported; null where there is none.</summary>
    public required double? Lloq { get; init; }

    /// <summary>Limit above which no number is reported; null where there is none.</summary>
    public required double? Uloq { get; init; }

    /// <summary>Whether the response falls with the concentration.</summary>
    public bool IsFalling => Curve.Count > 0 && Curve[^1].Response < Curve[0].Response;

    /// <summary>Whether the curve has a band.</summary>
    public bool HasBand => Curve.Any(place => place.CurveHalfWidth is not null);

    /// <summary>Every response that the picture must have room for.</summary>
    public IEnumerable<double> Responses =>
        Curve.Select(place => place.Response)
            .Concat(Calibrators.Select(point => point.Response))
            .Concat(Samples.Select(sample => sample.Response));
}

/// <summary>One place of the curve.</summary>
/// <param name="Concentration">More than 0.</param>
/// <param name="Response">Of the curve.</param>
/// <param name="CurveHalfWidth">Half of the 95 % band of the curve; null without one.</param>
/// <param name="WellHalfWidth">Half of the 95 % band of one further well; null without one.</param>
internal sealed record CurvePlace(double Concentration, double Response, double? CurveHalfWidth, double? WellHalfWidth);

/// <summary>One point.</summary>
/// <param name="Concentration">Zero or more.</param>
/// <param name="Response">Its response.</param>
/// <param name="IsLessened">Whether a robust fit lets it count less than half.</param>
internal sealed record DrawnPoint(double Concentration, double Response, bool IsLessened = false);

/// <summary>Spacing of an axis of responses.</summary>
internal enum ResponseScale
{
    /// <summary>Equal steps.</summary>
    Linear,

    /// <summary>Equal factors; responses of 0 and below stand at the low end.</summary>
    Log,
}

/// <summary>One sample on the curve.</summary>
/// <param name="Concentration">More than 0.</param>
/// <param name="Response">Its mean response.</param>
/// <param name="Lower">Lower end of its interval; null when there is none.</param>
/// <param name="Upper">Upper end, likewise.</param>
internal sealed record DrawnSample(double Concentration, double Response, double? Lower, double? Upper);

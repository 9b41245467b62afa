namespace Biomarkers.Cli.Plots;

/// <summary>The axis of responses of a drawing, linear or logarithmic.</summary>
internal sealed class ResponseAxis
{
    /// <summary>Part of the responses that stays free above and below on a linear axis.</summary>
    private const double Margin = 0.05;

    /// <summary>A curve may run below the lowest point of a logarithmic axis by this factor, or above the highest.</summary>
    private const double CurveRoom = 3;

    private ResponseAxis(double bottom, double top, LogAxis? log)
    {
        Bottom = bottom;
        Top = top;
        Log = log;
    }

    /// <summary>Low end, a position.</summary>
    public double Bottom { get; }

    /// <summary>High end, a position.</summary>
    public double Top { get; }

    /// <summary>The ticks of a logarithmic axis; null for a linear one.</summary>
    public LogAxis? Log { get; }

    /// <summary>An axis for a drawing.</summary>
    /// <param name="drawing">What is drawn.</param>
    /// <param name="bandRoom">Part of the responses by which bands may enlarge a linear axis; 0 for none.</param>
    public static ResponseAxis For(CurveDrawing drawing, double bandRoom)
    {
        if (drawing.IsResponseLogarithmic)
        {
            double[] points = [.. drawing.Calibrators.Select(point => point.Response).Concat(drawing.Samples.Select(sample => sample.Response))];
            double[] positive = [.. points.Where(response => response > 0)];
            (double least, double most) = (positive.Min() / CurveRoom, positive.Max() * CurveRoom);
            IEnumerable<double> curve = drawing.Curve.Select(place => place.Response).Where(response => response >= least && response <= most);
            var log = LogAxis.For(positive.Concat(curve), points.Any(response => response <= 0));
            return new ResponseAxis(log.Left, log.Right, log);
        }

        double lowest = drawing.Responses.DefaultIfEmpty(0).Min();
        double highest = drawing.Responses.DefaultIfEmpty(1).Max();
        double span = highest > lowest ? highest - lowest : Math.Max(Math.Abs(highest), 1);
        double bandLowest = drawing.Curve.Select(place => place.Response - (place.WellHalfWidth ?? 0)).DefaultIfEmpty(lowest).Min();
        double bandHighest = drawing.Curve.Select(place => place.Response + (place.WellHalfWidth ?? 0)).DefaultIfEmpty(highest).Max();
        lowest = Math.Max(lowest - (bandRoom * span), Math.Min(lowest, bandLowest));
        highest = Math.Min(highest + (bandRoom * span), Math.Max(highest, bandHighest));
        return new ResponseAxis(lowest - (Margin * span), highest + (Margin * span), null);
    }

    /// <summary>Position of a point; 0 and below stand at the low end of a logarithmic axis.</summary>
    public double PositionOf(double response) => Log?.PositionOf(response) ?? response;

    /// <summary>Position of a place of the curve or of its bands: what a logarithmic axis can't show runs out of the picture.</summary>
    public double LinePositionOf(double response) => Log is null ? response : response > 0 ? Math.Max(Math.Log10(response), Bottom - Length) : Bottom - Length;

    /// <summary>Response at a position; null in the gap below a logarithmic axis.</summary>
    public double? ResponseAt(double position) => Log is null ? position : position > (Log.BreakPosition ?? Bottom) ? Math.Pow(10, position) : null;

    private double Length => Top - Bottom;
}

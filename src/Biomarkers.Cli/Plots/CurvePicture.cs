using System.Globalization;
using ScottPlot;
using ScottPlot.Plottables;

namespace Biomarkers.Cli.Plots;

/// <summary>A standard curve as a picture: the curve with its bands, the calibrators, what was read off it, the limits.</summary>
internal static class CurvePicture
{
    private const double CurveBandOpacity = 0.30;
    private const double WellBandOpacity = 0.12;

    /// <summary>Letters of a legend that lies in one line.</summary>
    private const float SmallLegend = 11;

    /// <summary>Half of the dash that is the curve at 0, as a part of the axis.</summary>
    private const double ZeroDash = 0.012;

    /// <summary>Part of the responses by which a wide band may enlarge the picture.</summary>
    private const double BandRoom = 0.1;

    /// <summary>Draws a curve.</summary>
    public static Picture Draw(CurveDrawing drawing)
    {
        Plot plot = PlotPage.Create(drawing.Title, drawing.ConcentrationTitle, drawing.ResponseTitle);
        var axis = LogAxis.For(drawing);
        PlotPage.SetTicks(plot.Axes.Bottom, axis);
        var responses = ResponseAxis.For(drawing, BandRoom);
        if (responses.Log is { } log)
        {
            PlotPage.SetTicks(plot.Axes.Left, log);
        }

        plot.Axes.SetLimits(axis.Left, axis.Right, responses.Bottom, responses.Top);
        DrawLimits(plot, drawing, axis);
        DrawCurve(plot, drawing, axis, responses);
        DrawPoints(plot, drawing, axis, responses);
        if (axis.BreakPosition is { } gap)
        {
            Text mark = plot.Add.Text("//", gap, responses.Bottom).LabelOf(Alignment.MiddleCenter, 13, PlotPage.Limits);
            mark.LabelBold = true;
        }

        if (drawing.Lloq is null && drawing.Uloq is null)
        {
            plot.ShowLegend(drawing.IsFalling ? Alignment.UpperRight : Alignment.UpperLeft);
        }
        else
        {
            // Inside it would stand on a limit.
            plot.Legend.Orientation = Orientation.Horizontal;
            plot.Legend.FontSize = SmallLegend;
            plot.ShowLegend(Edge.Bottom);
        }

        string samples = drawing.Samples.Count > 0 ? $", {drawing.Samples.Count} read off" : "";
        return new Picture(plot, $"{drawing.ResponseTitle} against {drawing.ConcentrationTitle}: {drawing.Calibrators.Count} calibrators{samples}");
    }

    private static void DrawCurve(Plot plot, CurveDrawing drawing, LogAxis axis, ResponseAxis responses)
    {
        if (drawing.Curve.Count == 0)
        {
            return;
        }

        DrawBand(plot, drawing, axis, responses, "95 % band of one well", WellBandOpacity, place => place.WellHalfWidth);
        DrawBand(plot, drawing, axis, responses, "95 % band of the curve", CurveBandOpacity, place => place.CurveHalfWidth);
        var line = plot.Add.ScatterLine(
            drawing.Curve.Select(place => axis.PositionOf(place.Concentration)).ToArray(),
            drawing.Curve.Select(place => responses.LinePositionOf(place.Response)).ToArray(), PlotPage.Curve);
        line.LineWidth = 2.2f;
        line.LegendText = "Curve";
        if (axis.ZeroPosition is { } zero && drawing.ZeroResponse is { } response)
        {
            double half = ZeroDash * (axis.Right - axis.Left);
            LinePlot dash = plot.Add.Line(zero - half, responses.LinePositionOf(response), zero + half, responses.LinePositionOf(response));
            dash.LineColor = PlotPage.Curve;
            dash.LineWidth = line.LineWidth;
        }
    }

    private static void DrawBand(
        Plot plot, CurveDrawing drawing, LogAxis axis, ResponseAxis responses, string name, double opacity, Func<CurvePlace, double?> halfWidthOf)
    {
        CurvePlace[] places = [.. drawing.Curve.Where(place => halfWidthOf(place) is { } half && double.IsFinite(half))];
        if (places.Length < 2)
        {
            return;
        }

        var band = plot.Add.FillY(
            [.. places.Select(place => axis.PositionOf(place.Concentration))],
            [.. places.Select(place => responses.LinePositionOf(place.Response - halfWidthOf(place)!.Value))],
            [.. places.Select(place => responses.LinePositionOf(place.Response + halfWidthOf(place)!.Value))]);
        band.FillColor = PlotPage.Curve.WithAlpha(opacity);
        band.LineWidth = 0;
        band.MarkerStyle.IsVisible = false;
        band.LegendText = name;
    }

    private static void DrawPoints(Plot plot, CurveDrawing drawing, LogAxis axis, ResponseAxis responses)
    {
        foreach (DrawnSample sample in drawing.Samples.Where(sample => sample.Lower is not null || sample.Upper is not null))
        {
            // An unbounded side runs out of the picture.
            double left = sample.Lower is { } lower ? axis.PositionOf(lower) : axis.Left;
            double right = sample.Upper is { } upper ? axis.PositionOf(upper) : axis.Right;
            LinePlot interval = plot.Add.Line(left, responses.PositionOf(sample.Response), right, responses.PositionOf(sample.Response));
            interval.LineColor = PlotPage.Samples;
            interval.LineWidth = 1.6f;
        }

        if (drawing.Samples.Count > 0)
        {
            var samples = plot.Add.Markers(
                drawing.Samples.Select(sample => axis.PositionOf(sample.Concentration)).ToArray(),
                drawing.Samples.Select(sample => responses.PositionOf(sample.Response)).ToArray(), MarkerShape.FilledDiamond, 9, PlotPage.Samples);
            samples.LegendText = Counted("Read off, with 95 % interval", drawing.Samples.Count);
        }

        AddCalibrators(plot, [.. drawing.Calibrators.Where(point => !point.IsLessened)], "Calibrators", MarkerShape.OpenCircle, axis, responses);
        AddCalibrators(plot, [.. drawing.Calibrators.Where(point => point.IsLessened)], "Count less than half", MarkerShape.Eks, axis, responses);
    }

    private static void AddCalibrators(Plot plot, DrawnPoint[] drawn, string name, MarkerShape shape, LogAxis axis, ResponseAxis responses)
    {
        if (drawn.Length > 0)
        {
            var points = plot.Add.Markers(
                drawn.Select(point => axis.PositionOf(point.Concentration)).ToArray(),
                drawn.Select(point => responses.PositionOf(point.Response)).ToArray(), shape, 8, PlotPage.Points);
            points.MarkerLineWidth = 1.6f;
            points.LegendText = Counted(name, drawn.Length);
        }
    }

    // Their names stand above the picture, where neither the curve nor the legend is.
    private static void DrawLimits(Plot plot, CurveDrawing drawing, LogAxis axis)
    {
        var ticks = new ScottPlot.TickGenerators.NumericManual();
        foreach ((string name, double? limit) in new[] { ("LLOQ", drawing.Lloq), ("ULOQ", drawing.Uloq) })
        {
            if (limit is { } concentration)
            {
                double position = axis.PositionOf(concentration);
                VerticalLine line = plot.Add.VerticalLine(position, 1.3f, PlotPage.Limits, LinePattern.Dashed);
                line.ExcludeFromLegend = true;
                ticks.AddMajor(position, string.Create(CultureInfo.InvariantCulture, $"{name} {concentration:G4}"));
            }
        }

        plot.Axes.SetLimitsX(axis.Left, axis.Right, plot.Axes.Top);
        plot.Axes.Top.TickGenerator = ticks;
        plot.Axes.Top.MajorTickStyle.Length = 0;
        plot.Axes.Top.TickLabelStyle.FontSize = 12;
        plot.Axes.Top.TickLabelStyle.ForeColor = PlotPage.Limits;
    }

    private static string Counted(string name, int count) => string.Create(CultureInfo.InvariantCulture, $"{name} ({count})");

    private static Text LabelOf(this Text text, Alignment alignment, float size, Color colour)
    {
        text.LabelAlignment = alignment;
        text.LabelFontSize = size;
        text.LabelFontColor = colour;
        return text;
    }
}

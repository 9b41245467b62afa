using Biomarkers.Immunoassay.Curves.Weights;
using ScottPlot;

namespace Biomarkers.Cli.Plots;

/// <summary>A learned variance function as a picture: SD of each group of replicates against its mean response, and the function.</summary>
internal static class VariancePicture
{
    private const int PlaceCount = 101;

    /// <summary>Groups that are pooled into one large point, for the eye.</summary>
    private const int GroupsPerPool = 20;

    /// <summary>Draws the function of one analyte. Groups with a mean or an SD of 0 or less have no place on logarithmic axes; their number is in the legend.</summary>
    public static Picture Draw(string title, IReadOnlyList<ReplicateGroup> groups, LearnedVarianceFunction learned)
    {
        Plot plot = PlotPage.Create(title, "Mean response of a group of replicates", "SD of a well");
        ReplicateGroup[] drawn = [.. groups.Where(group => group.MeanResponse > 0 && group.Variance > 0).OrderBy(group => group.MeanResponse)];
        (double lowest, double highest) = drawn.Length > 0 ? (drawn[0].MeanResponse, drawn[^1].MeanResponse) : (learned.LowestResponse, learned.HighestResponse);
        (double X, double Y)[] curve =
        [
            .. Enumerable.Range(0, PlaceCount).Select(i => PlaceOf(learned, lowest, highest, (double)i / (PlaceCount - 1))).Where(place => place is { X: > 0, Y: > 0 }),
        ];
        var bottom = LogAxis.For(curve.Select(place => place.X).Concat(drawn.Select(group => group.MeanResponse)), hasZero: false);
        var left = LogAxis.For(curve.Select(place => place.Y).Concat(drawn.Select(SdOf)), hasZero: false);
        PlotPage.SetTicks(plot.Axes.Bottom, bottom);
        PlotPage.SetTicks(plot.Axes.Left, left);
        plot.Axes.SetLimits(bottom.Left, bottom.Right, left.Left, left.Right);
        if (drawn.Length > 0)
        {
            int hidden = groups.Count - drawn.Length;
            var points = plot.Add.Markers(
                drawn.Select(group => Math.Log10(group.MeanResponse)).ToArray(), drawn.Select(group => Math.Log10(SdOf(group))).ToArray(),
                MarkerShape.OpenCircle, 5, PlotPage.Points.WithAlpha(0.45));
            points.LegendText = hidden > 0 ? $"Groups of replicates ({drawn.Length}; {hidden} of SD or mean 0 are not drawn)" : $"Groups of replicates ({drawn.Length})";
            DrawPools(plot, groups);
        }

        var line = plot.Add.ScatterLine(curve.Select(place => Math.Log10(place.X)).ToArray(), curve.Select(place => Math.Log10(place.Y)).ToArray(), PlotPage.Curve);
        line.LineWidth = 2.2f;
        line.LegendText = learned.Weighting.Id;
        plot.ShowLegend(Alignment.UpperLeft);
        return new Picture(plot, $"SD of a well against mean response: {drawn.Length} groups of replicates, {learned.Weighting.Id}");
    }

    // Single groups scatter by orders of magnitude; the root mean square of neighbours, those of SD 0 among them, shows what the function follows.
    private static void DrawPools(Plot plot, IReadOnlyList<ReplicateGroup> groups)
    {
        (double X, double Y)[] pools =
        [
            .. groups.Where(replicates => replicates.MeanResponse > 0).OrderBy(replicates => replicates.MeanResponse).Chunk(GroupsPerPool)
                .Where(pool => pool.Length >= GroupsPerPool / 2)
                .Select(pool => (
                    Response: pool.Average(replicates => Math.Log10(replicates.MeanResponse)),
                    Variance: pool.Sum(replicates => replicates.Variance * replicates.DegreesOfFreedom) / pool.Sum(replicates => replicates.DegreesOfFreedom)))
                .Where(pool => pool.Variance > 0)
                .Select(pool => (pool.Response, Math.Log10(pool.Variance) / 2)),
        ];
        if (pools.Length > 0)
        {
            var points = plot.Add.Markers(pools.Select(pool => pool.X).ToArray(), pools.Select(pool => pool.Y).ToArray(), MarkerShape.FilledDiamond, 10, PlotPage.Samples);
            points.LegendText = $"Pooled over {GroupsPerPool} neighbours";
        }
    }

    private static (double X, double Y) PlaceOf(LearnedVarianceFunction learned, double lowest, double highest, double part)
    {
        double response = Math.Exp((Math.Log(lowest) * (1 - part)) + (Math.Log(highest) * part));
        return (response, Math.Sqrt(learned.Function.VarianceAt(response)));
    }

    private static double SdOf(ReplicateGroup group) => Math.Sqrt(group.Variance);
}

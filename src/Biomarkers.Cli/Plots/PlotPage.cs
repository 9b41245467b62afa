using ScottPlot;

namespace Biomarkers.Cli.Plots;

/// <summary>What all pictures share: page, font, colours, grid.</summary>
internal static class PlotPage
{
    private const int Width = 900;
    private const int Height = 600;

    /// <summary>Pixels of a bitmap per unit of the page, so that it is sharp in print.</summary>
    private const double BitmapScale = 2;

    /// <summary>Numbers on the left, against ScottPlot's usual; and room for them and their title.</summary>
    private const double ResponseTickDensity = 0.5;
    private const float LeftWidth = 75;

    /// <summary>Sans-serif fonts in the order in which they are taken; where none is installed, ScottPlot takes what there is.</summary>
    private static readonly string[] FontNames = ["Inter", "Noto Sans", "Open Sans", "DejaVu Sans", "Liberation Sans", "Helvetica Neue", "Segoe UI", "Arial"];

    private static readonly Color Ink = Color.FromHex("#333333");

    /// <summary>Colour of a fitted curve.</summary>
    public static Color Curve { get; } = Color.FromHex("#1F5A99");

    /// <summary>Colour of measured points.</summary>
    public static Color Points { get; } = Color.FromHex("#222222");

    /// <summary>Colour of samples; it differs from the curve's in brightness too.</summary>
    public static Color Samples { get; } = Color.FromHex("#D55E00");

    /// <summary>Colour of limits.</summary>
    public static Color Limits { get; } = Color.FromHex("#7A7A7A");

    /// <summary>An empty page.</summary>
    public static Plot Create(string title, string xTitle, string yTitle)
    {
        var plot = new Plot();
        plot.Font.Set(Array.Find(FontNames, IsInstalled) ?? Fonts.Default);
        plot.FigureBackground.Color = Colors.White;
        plot.DataBackground.Color = Colors.White;
        plot.Axes.Color(Ink);
        plot.Title(title, 17);
        plot.Axes.Title.Label.Bold = false;
        plot.XLabel(xTitle, 15);
        plot.YLabel(yTitle, 15);
        foreach (IAxis axis in (IAxis[])[plot.Axes.Bottom, plot.Axes.Left])
        {
            axis.Label.Bold = false;
            axis.TickLabelStyle.FontSize = 13;
        }

        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { TickDensity = ResponseTickDensity };
        plot.Axes.Left.MinimumSize = LeftWidth;
        plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.Axes.Right.FrameLineStyle.Width = 0;
        plot.Grid.MajorLineColor = Color.FromHex("#E6E6E6");
        plot.Legend.FontSize = 13;
        plot.Legend.OutlineColor = Color.FromHex("#DDDDDD");
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.BackgroundColor = Colors.White.WithAlpha(0.9);
        return plot;
    }

    /// <summary>The page as SVG, with a title and a description for those who do not see it, and a font for those who do not have this one.</summary>
    /// <param name="plot">The page.</param>
    /// <param name="description">What there is to see.</param>
    public static string ToSvg(Plot plot, string description)
    {
        string font = $"font-family=\"{plot.Axes.Bottom.Label.FontName}";
        string xml = plot.GetSvgXml(Width, Height).Replace($"{font}\"", $"{font}, sans-serif\"", StringComparison.Ordinal);
        int root = xml.IndexOf('>', xml.IndexOf("<svg", StringComparison.Ordinal)) + 1;
        return xml.Insert(root, $"<title>{Escaped(plot.Axes.Title.Label.Text)}</title><desc>{Escaped(description)}</desc>");
    }

    /// <summary>The page as PNG.</summary>
    public static byte[] ToPng(Plot plot)
    {
        plot.ScaleFactor = BitmapScale;
        return plot.GetImageBytes((int)(Width * BitmapScale), (int)(Height * BitmapScale), ImageFormat.Png);
    }

    /// <summary>Puts the labelled and unlabelled ticks of a logarithmic axis on an edge.</summary>
    public static void SetTicks(IAxis edge, LogAxis axis)
    {
        var ticks = new ScottPlot.TickGenerators.NumericManual();
        foreach ((double position, string label) in axis.MajorTicks())
        {
            ticks.AddMajor(position, label);
        }

        foreach (double position in axis.MinorTicks())
        {
            ticks.AddMinor(position);
        }

        edge.TickGenerator = ticks;
    }

    private static string Escaped(string text) => new System.Xml.Linq.XText(text).ToString();

    private static bool IsInstalled(string name) => Fonts.GetTypeface(name, bold: false, italic: false)?.FamilyName == name;
}

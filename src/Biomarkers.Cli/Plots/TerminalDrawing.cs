using System.Globalization;

namespace Biomarkers.Cli.Plots;

/// <summary>A standard curve drawn with characters: the curve in dots, calibrators and samples as signs, axes with their numbers.</summary>
internal static class TerminalDrawing
{
    private const int LeastColumns = 30;
    private const int MostColumns = 100;
    private const int Rows = 18;

    /// <summary>Rows between two numbers on the axis of responses.</summary>
    private const int RowsPerNumber = 4;

    /// <summary>The lines of a drawing.</summary>
    /// <param name="drawing">What is drawn.</param>
    /// <param name="pageColumns">Columns of the page.</param>
    /// <param name="isUnicode">Whether the page takes characters beyond ASCII.</param>
    public static IEnumerable<string> Lines(CurveDrawing drawing, int pageColumns, bool isUnicode)
    {
        Signs signs = isUnicode ? new Signs('○', '◆', '│', '└', '─', '┬', '┤') : new Signs('o', '#', '|', '+', '-', '+', '+');
        var axis = LogAxis.For(drawing);
        var responses = ResponseAxis.For(drawing, 0);
        string[] numbers = [.. Enumerable.Range(0, Rows).Select(row => NumberAt(row, responses))];
        int gutter = numbers.Max(number => number.Length);
        var canvas = new DotCanvas(Math.Clamp(pageColumns - gutter - 3, LeastColumns, MostColumns), Rows);
        var places = new Places(canvas, axis, responses);
        Paint(canvas, drawing, places, signs);
        yield return drawing.ResponseTitle;
        for (int row = 0; row < Rows; row++)
        {
            yield return $"{numbers[row].PadLeft(gutter)} {(numbers[row].Length > 0 ? signs.TickLeft : signs.Vertical)}{canvas.RowText(row, isUnicode)}".TrimEnd();
        }

        (string line, string labels) = BottomOf(canvas.Width / DotCanvas.DotsAcross, axis, places, signs);
        yield return $"{new string(' ', gutter)} {signs.Corner}{line}";
        yield return $"{new string(' ', gutter)}  {labels}".TrimEnd();
        yield return $"{new string(' ', gutter)}  {drawing.ConcentrationTitle}";
        yield return $"{new string(' ', gutter)}  {LegendOf(drawing, signs)}";
    }

    private static void Paint(DotCanvas canvas, CurveDrawing drawing, Places places, Signs signs)
    {
        foreach (double? limit in (double?[])[drawing.Lloq, drawing.Uloq])
        {
            for (int y = 0; limit is { } concentration && y < canvas.Height; y += DotCanvas.DotsDown)
            {
                canvas.Set(places.X(concentration), y);
            }
        }

        for (int i = 1; i < drawing.Curve.Count; i++)
        {
            CurvePlace from = drawing.Curve[i - 1];
            CurvePlace to = drawing.Curve[i];
            canvas.Line(places.X(from.Concentration), places.LineY(from.Response), places.X(to.Concentration), places.LineY(to.Response));
        }

        if (drawing.ZeroResponse is { } zero && drawing.Calibrators.Any(point => point.Concentration == 0))
        {
            canvas.Line(places.X(0) - DotCanvas.DotsAcross, places.LineY(zero), places.X(0) + DotCanvas.DotsAcross, places.LineY(zero));
        }

        foreach (DrawnPoint point in drawing.Calibrators)
        {
            canvas.Mark(places.X(point.Concentration), places.Y(point.Response), signs.Calibrator);
        }

        foreach (DrawnSample sample in drawing.Samples)
        {
            canvas.Mark(places.X(sample.Concentration), places.Y(sample.Response), signs.Sample);
        }
    }

    private static string NumberAt(int row, ResponseAxis responses)
    {
        double span = responses.Top - responses.Bottom;
        if (row % RowsPerNumber != RowsPerNumber / 2 || responses.ResponseAt(responses.Top - ((row + 0.5) / Rows * span)) is not { } value)
        {
            return "";
        }

        // As many digits as the distance between two numbers needs.
        double scale = responses.Log is null ? span / Rows * RowsPerNumber : value;
        int digits = Math.Clamp(1 - (int)Math.Floor(Math.Log10(scale)), 0, 6);
        return Math.Abs(value) is < 1e6 and >= 1e-4 || value == 0
            ? value.ToString($"F{digits}", CultureInfo.InvariantCulture)
            : value.ToString("G3", CultureInfo.InvariantCulture);
    }

    private static (string Line, string Labels) BottomOf(int columns, LogAxis axis, Places places, Signs signs)
    {
        char[] line = [.. Enumerable.Repeat(signs.Horizontal, columns)];
        char[] labels = [.. Enumerable.Repeat(' ', columns)];
        int free = 0;
        foreach ((double position, string label) in axis.MajorTicks())
        {
            int column = Math.Clamp(places.XOf(position) / DotCanvas.DotsAcross, 0, columns - 1);
            line[column] = signs.TickDown;
            int start = Math.Min(column - (label.Length / 2), columns - label.Length);
            if (start >= free)
            {
                label.CopyTo(0, labels, start, label.Length);
                free = start + label.Length + 1;
            }
        }

        return (new string(line), new string(labels));
    }

    private static string LegendOf(CurveDrawing drawing, Signs signs)
    {
        string samples = drawing.Samples.Count > 0 ? string.Create(CultureInfo.InvariantCulture, $", {signs.Sample} read off ({drawing.Samples.Count})") : "";
        string limits = drawing.Lloq is not null || drawing.Uloq is not null ? ", vertical dots LLOQ and ULOQ" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{signs.Calibrator} calibrators ({drawing.Calibrators.Count}){samples}{limits}");
    }

    private sealed record Signs(char Calibrator, char Sample, char Vertical, char Corner, char Horizontal, char TickDown, char TickLeft);

    /// <summary>Dots of concentrations and responses.</summary>
    private sealed class Places(DotCanvas canvas, LogAxis axis, ResponseAxis responses)
    {
        public int X(double concentration) => XOf(axis.PositionOf(concentration));

        public int XOf(double position) => (int)Math.Round((position - axis.Left) / (axis.Right - axis.Left) * (canvas.Width - 1));

        public int Y(double response) => YOf(responses.PositionOf(response));

        /// <summary>Of the curve: what a logarithmic axis can't show runs out of the picture.</summary>
        public int LineY(double response) => YOf(responses.LinePositionOf(response));

        private int YOf(double position) => (int)Math.Round((responses.Top - position) / (responses.Top - responses.Bottom) * (canvas.Height - 1));
    }
}

namespace Biomarkers.Cli.Plots;

/// <summary>A canvas of dots in character cells: eight dots each as Unicode's braille patterns, or one sign each in ASCII.</summary>
/// <remarks>Dots are counted from the upper left. Marks are characters on top of the dots. The eight dots of a braille pattern are bits from U+2800 on:
/// 1, 2, 4, 64 down the left, 8, 16, 32, 128 down the right.</remarks>
internal sealed class DotCanvas
{
    /// <summary>Dots of a cell in either direction.</summary>
    public const int DotsAcross = 2;

    /// <summary>Dots of a cell from top to bottom.</summary>
    public const int DotsDown = 4;

    private const int BrailleStart = 0x2800;
    private const char AsciiDot = '.';

    private static readonly int[,] Bits = { { 1, 2, 4, 64 }, { 8, 16, 32, 128 } };

    private readonly int[,] cells;
    private readonly char?[,] marks;

    /// <summary>An empty canvas.</summary>
    /// <param name="columns">Characters in a line, 1 or more.</param>
    /// <param name="rows">Lines, 1 or more.</param>
    public DotCanvas(int columns, int rows)
    {
        cells = new int[columns, rows];
        marks = new char?[columns, rows];
    }

    /// <summary>Dots from left to right.</summary>
    public int Width => cells.GetLength(0) * DotsAcross;

    /// <summary>Dots from top to bottom.</summary>
    public int Height => cells.GetLength(1) * DotsDown;

    /// <summary>Sets a dot; outside the canvas nothing happens.</summary>
    public void Set(int x, int y)
    {
        if (x >= 0 && x < Width && y >= 0 && y < Height)
        {
            cells[x / DotsAcross, y / DotsDown] |= Bits[x % DotsAcross, y % DotsDown];
        }
    }

    /// <summary>Puts a character into the cell of a dot; outside the canvas nothing happens.</summary>
    public void Mark(int x, int y, char sign)
    {
        if (x >= 0 && x < Width && y >= 0 && y < Height)
        {
            marks[x / DotsAcross, y / DotsDown] = sign;
        }
    }

    /// <summary>Sets the dots of a straight line.</summary>
    public void Line(int fromX, int fromY, int toX, int toY)
    {
        int steps = Math.Max(1, Math.Max(Math.Abs(toX - fromX), Math.Abs(toY - fromY)));
        for (int i = 0; i <= steps; i++)
        {
            Set(fromX + (int)Math.Round((double)(toX - fromX) * i / steps), fromY + (int)Math.Round((double)(toY - fromY) * i / steps));
        }
    }

    /// <summary>One line of the canvas.</summary>
    /// <param name="row">From the top, 0 on.</param>
    /// <param name="isUnicode">Whether braille patterns may be written.</param>
    public string RowText(int row, bool isUnicode) => string.Create(cells.GetLength(0), (row, isUnicode), (text, state) =>
    {
        for (int column = 0; column < text.Length; column++)
        {
            int dots = cells[column, state.row];
            char sign = dots == 0 ? ' ' : state.isUnicode ? (char)(BrailleStart + dots) : AsciiDot;
            text[column] = marks[column, state.row] ?? sign;
        }
    });
}

using System.Diagnostics.CodeAnalysis;

namespace Biomarkers.Immunoassay.Plates;

/// <summary>The size of a plate: 96 (8 x 12), 384 (16 x 24) or 1536 (32 x 48) wells.</summary>
public sealed class PlateFormat
{
    private PlateFormat(int rowCount, int columnCount)
    {
        RowCount = rowCount;
        ColumnCount = columnCount;
    }

    /// <summary>8 rows, 12 columns.</summary>
    public static PlateFormat Wells96 { get; } = new(8, 12);

    /// <summary>16 rows, 24 columns.</summary>
    public static PlateFormat Wells384 { get; } = new(16, 24);

    /// <summary>32 rows, 48 columns.</summary>
    public static PlateFormat Wells1536 { get; } = new(32, 48);

    /// <summary>Number of rows.</summary>
    public int RowCount { get; }

    /// <summary>Number of columns.</summary>
    public int ColumnCount { get; }

    /// <summary>Number of wells.</summary>
    public int WellCount => RowCount * ColumnCount;

    /// <summary>Last well, such as <c>H12</c>.</summary>
    public WellPosition LastWell => new(RowCount - 1, ColumnCount - 1);

    /// <summary>The format with that many wells.</summary>
    public static bool TryFromWellCount(int wellCount, [NotNullWhen(true)] out PlateFormat? format)
    {
        format = wellCount switch
        {
            96 => Wells96,
            384 => Wells384,
            1536 => Wells1536,
            _ => null,
        };
        return format is not null;
    }

    /// <summary>Whether the well is on the plate.</summary>
    public bool Contains(WellPosition well) => well.Row < RowCount && well.Column < ColumnCount;

    /// <summary>Place of a well counted row by row, 0 for A01.</summary>
    public int IndexOf(WellPosition well) => (well.Row * ColumnCount) + well.Column;

    /// <summary>The well at a place counted row by row; 0 gives A01.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 to <see cref="WellCount"/> - 1.</exception>
    public WellPosition WellAt(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, WellCount);
        return new WellPosition(index / ColumnCount, index % ColumnCount);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{WellCount} wells";
}

using System.Globalization;

namespace Biomarkers.Simulation;

/// <summary>A plate as the events of a stream.</summary>
public static class PlateEvents
{
    /// <summary>Wells of one part of a reading that is too large for one message, before it is halved further.</summary>
    private const int WellsPerPart = 96;

    /// <summary>One event where the plate fits, else a start with the layout, parts by wells, and an end.</summary>
    /// <param name="read">The plate.</param>
    /// <param name="maximumBytes">Largest event, in bytes.</param>
    /// <exception cref="ArgumentException">The start alone, which carries the layout, or one well is larger than that.</exception>
    public static IReadOnlyList<V1.StreamEventContent> Of(V1.PlateRead read, int maximumBytes)
    {
        var whole = new V1.StreamEventContent { PlateRead = read };
        if (whole.CalculateSize() <= maximumBytes)
        {
            return [whole];
        }

        var started = new V1.PlateStarted
        {
            PlateBarcode = read.PlateBarcode,
            ReadId = read.ReadId,
            WellCount = read.WellCount,
            ResponseKind = read.ResponseKind,
            Operator = read.Operator,
            ReadTime = read.ReadTime,
            Layout = read.Layout,
        };
        List<V1.StreamEventContent> events = [new V1.StreamEventContent { PlateStarted = started }];
        for (int from = 0; from < read.WellCount; from += WellsPerPart)
        {
            AddParts(read, from, Math.Min(from + WellsPerPart, read.WellCount), maximumBytes, events);
        }

        int count = read.Columns.Sum(column => column.Positions.Count + column.Exceptions.Count);
        events.Add(new V1.StreamEventContent { PlateCompleted = new V1.PlateCompleted { ReadId = read.ReadId, WellResponseCount = count } });
        int largest = events.Max(content => content.CalculateSize());
        return largest <= maximumBytes
            ? events
            : throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The plate has a part of {largest} bytes; expected at most {maximumBytes}."), nameof(read));
    }

    private static void AddParts(V1.PlateRead read, int from, int to, int maximumBytes, List<V1.StreamEventContent> events)
    {
        var wells = new V1.WellsRead { ReadId = read.ReadId, Columns = { read.Columns.Select(column => Slice(column, from, to)).OfType<V1.ResponseColumn>() } };
        var part = new V1.StreamEventContent { WellsRead = wells };
        if (part.CalculateSize() > maximumBytes && to - from > 1)
        {
            int middle = from + ((to - from) / 2);
            AddParts(read, from, middle, maximumBytes, events);
            AddParts(read, middle, to, maximumBytes, events);
        }
        else if (wells.Columns.Count > 0)
        {
            events.Add(part);
        }
    }

    // Null where the column has none of these wells.
    private static V1.ResponseColumn? Slice(V1.ResponseColumn column, int from, int to)
    {
        var slice = new V1.ResponseColumn { Analyte = column.Analyte, Purpose = column.Purpose };
        if (column.HasWavelengthNm)
        {
            slice.WavelengthNm = column.WavelengthNm;
        }

        for (int i = 0; i < column.Positions.Count; i++)
        {
            if (column.Positions[i] >= from && column.Positions[i] < to)
            {
                slice.Positions.Add(column.Positions[i]);
                slice.Responses.Add(column.Responses[i]);
                if (column.BeadCounts.Count > 0)
                {
                    slice.BeadCounts.Add(column.BeadCounts[i]);
                }
            }
        }

        slice.Exceptions.AddRange(column.Exceptions.Where(exception => exception.Position >= from && exception.Position < to));
        return slice.Positions.Count + slice.Exceptions.Count > 0 ? slice : null;
    }
}

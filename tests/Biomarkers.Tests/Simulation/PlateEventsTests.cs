using Biomarkers.Simulation;
using Google.Protobuf;
using Xunit;

namespace Biomarkers.Tests.Simulation;

public sealed class PlateEventsTests
{
    [Theory]
    [InlineData(1_000_000, 1)] // fits: one event
    [InlineData(20_000, 0)] // parts of 96 wells
    [InlineData(1_000, 0)] // halved down to a few wells
    public void Of_APlate_HoldsEveryWellOnceInEventsThatFit(int maximumBytes, int expectedCount)
    {
        V1.PlateRead plate = Plate(wells: 384, analytes: 7);

        IReadOnlyList<V1.StreamEventContent> events = PlateEvents.Of(plate, maximumBytes);

        Assert.All(events, content => Assert.InRange(content.CalculateSize(), 1, maximumBytes));
        Assert.True(expectedCount == 0 ? events.Count > 4 : events.Count == expectedCount);
        IEnumerable<V1.ResponseColumn> columns = events.SelectMany(content => content.WellsRead?.Columns ?? content.PlateRead?.Columns ?? []);
        var got = columns.SelectMany(column => column.Positions.Select((well, i) => (column.Analyte, well, column.Responses[i], column.BeadCounts[i]))).Order();
        var expected = plate.Columns.SelectMany(column => column.Positions.Select((well, i) => (column.Analyte, well, column.Responses[i], column.BeadCounts[i]))).Order();
        Assert.Equal(expected, got);
        Assert.Equal(
            plate.Columns.SelectMany(column => column.Exceptions.Select(exception => (column.Analyte, exception.Position))).Order(),
            events.SelectMany(content => content.WellsRead?.Columns ?? content.PlateRead?.Columns ?? [])
                .SelectMany(column => column.Exceptions.Select(exception => (column.Analyte, exception.Position))).Order());
        if (events.Count > 1)
        {
            Assert.Equal((plate.PlateBarcode, plate.ReadId, 384), (events[0].PlateStarted.PlateBarcode, events[0].PlateStarted.ReadId, events[0].PlateStarted.WellCount));
            Assert.Equal(384 * 7, events[^1].PlateCompleted.WellResponseCount);
        }
    }

    [Fact]
    public void Of_OneWellTooLarge_IsRefused() => Assert.Throws<ArgumentException>(() => PlateEvents.Of(Plate(wells: 96, analytes: 60), 400));

    [Fact]
    public void Of_EqualPlates_GivesEqualBytes() => Assert.Equal(
        PlateEvents.Of(Plate(384, 5), 5_000).Select(content => content.ToByteString()), PlateEvents.Of(Plate(384, 5), 5_000).Select(content => content.ToByteString()));

    private static V1.PlateRead Plate(int wells, int analytes)
    {
        var plate = new V1.PlateRead { PlateBarcode = "P", ReadId = "r", WellCount = wells, ResponseKind = V1.ResponseKind.MedianFluorescence };
        for (int a = 0; a < analytes; a++)
        {
            var column = new V1.ResponseColumn { Analyte = $"a{a}", Purpose = V1.ColumnPurpose.Measurement };
            for (uint well = 0; well < wells; well++)
            {
                if ((well + a) % 50 == 0)
                {
                    column.Exceptions.Add(new V1.WellException { Position = well, Status = V1.WellStatus.Saturated, Token = "OVRFLW" });
                }
                else
                {
                    column.Positions.Add(well);
                    column.Responses.Add((well * 100) + a);
                    column.BeadCounts.Add(a);
                }
            }

            plate.Columns.Add(column);
        }

        return plate;
    }
}

using Biomarkers.Immunoassay.Plates;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Plates;

public class WellPositionTests
{
    [Fact]
    public void Parse_EveryWellOfEveryFormat_ReadsBackItsOwnPrint()
    {
        foreach (PlateFormat format in new[] { PlateFormat.Wells96, PlateFormat.Wells384, PlateFormat.Wells1536 })
        {
            for (int i = 0; i < format.WellCount; i++)
            {
                WellPosition well = format.WellAt(i);
                Assert.Equal(well, WellPosition.Parse(well.ToString()));
                Assert.Equal(i, format.IndexOf(well));
            }
        }
    }

    [Theory]
    [InlineData("A1", 0, 0)] // no leading zero
    [InlineData("h12", 7, 11)] // lower case, last well of 96
    [InlineData("P24", 15, 23)] // last well of 384
    [InlineData("AF48", 31, 47)] // last well of 1536
    [InlineData("AA01", 26, 0)] // first row with two letters
    public void TryParse_Position_GivesRowAndColumn(string text, int row, int column)
    {
        Assert.True(WellPosition.TryParse(text, out WellPosition well));
        Assert.Equal((row, column), (well.Row, well.Column));
    }

    [Theory]
    [InlineData("")]
    [InlineData("A")]
    [InlineData("12")]
    [InlineData("A0")] // columns count from 1
    [InlineData("A49")] // past the last column of the largest plate
    [InlineData("AG1")] // past the last row of the largest plate
    [InlineData("AAA1")]
    [InlineData("A1 ")]
    [InlineData("A-1")]
    [InlineData("A\u0661")] // a digit, but not an ASCII one
    public void TryParse_NoPosition_IsRefused(string text) => Assert.False(WellPosition.TryParse(text, out _));
}

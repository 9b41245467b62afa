using Biomarkers.Immunoassay;
using Biomarkers.Server.Wire;
using Xunit;

namespace Biomarkers.Tests.Server.Wire;

public sealed class ResourceNamesTests
{
    private readonly List<Fault> faults = [];

    [Fact]
    public void Names_PrintedAndParsed_AreTheSame()
    {
        Assert.Equal("P-1.a", ResourceNames.ParsePlate("name", ResourceNames.Plate("P-1.a"), faults));
        Assert.Equal("reader_1", ResourceNames.ParseInstrument("name", ResourceNames.Instrument("reader_1"), faults));
        Assert.Equal(("r", "s"), ResourceNames.ParseReadStream("name", ResourceNames.ReadStream("r", "s"), faults));
        Assert.Equal(long.MaxValue, ResourceNames.ParseAnalyticalRun("name", ResourceNames.AnalyticalRun(long.MaxValue), faults));
        Assert.Equal((7L, null), ResourceNames.ParseResult("name", ResourceNames.Result(7), faults));
        Assert.Equal((7L, 3), ResourceNames.ParseResult("name", ResourceNames.Result(7) + "@3", faults));
        Assert.Equal(7, ResourceNames.ParseRepeatLink("name", ResourceNames.RepeatLink(7), faults));
        Assert.Equal(("il-6", 1), ResourceNames.ParseAssay("name", ResourceNames.Assay("il-6@1"), faults));
        Assert.Equal(("il-6", null), ResourceNames.ParseAssay("name", "assays/il-6", faults));
        Assert.Equal("il-6", ResourceNames.ParseAssayId("name", "assays/il-6", faults));
        Assert.Equal(string.Empty, ResourceNames.ParseInstrumentOrAll("parent", "instruments/-", faults));
        Assert.Empty(faults);
    }

    [Theory]
    [InlineData("", "REQUIRED")] // the proto3 default
    [InlineData("plates/", "INVALID_TEXT")] // no barcode
    [InlineData("plates/a/b", "INVALID_TEXT")] // one segment too many
    [InlineData("plate/a", "INVALID_TEXT")] // another collection
    [InlineData("plates/..", "INVALID_TEXT")] // would climb in a path
    [InlineData("plates/-a", "INVALID_TEXT")] // begins like an option
    [InlineData("plates/ä", "INVALID_TEXT")] // not ASCII
    [InlineData("//x.y/plates/a", "INVALID_TEXT")] // a full name of another service
    public void ParsePlate_NoPlate_IsAFault(string name, string reason)
    {
        Assert.Null(ResourceNames.ParsePlate("name", name, faults));
        Assert.Equal(("name", reason), (faults[0].Field, faults[0].Reason));
    }

    [Theory]
    [InlineData("results/0")] // keys count from 1
    [InlineData("results/01")] // a second spelling of 1
    [InlineData("results/+1")] // a second spelling of 1
    [InlineData("results/9223372036854775808")] // one beyond the largest
    [InlineData("results/1@0")] // versions count from 1
    [InlineData("results/1@")] // no version
    [InlineData("results/1@2@3")] // two versions
    [InlineData("results/1@2147483648")] // one beyond the largest version
    public void ParseResult_NoResult_IsAFault(string name)
    {
        Assert.Null(ResourceNames.ParseResult("name", name, faults));
        Assert.Single(faults);
    }
}

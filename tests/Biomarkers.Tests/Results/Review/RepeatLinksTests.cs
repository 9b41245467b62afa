using Biomarkers.Results.Review;
using Xunit;

namespace Biomarkers.Tests.Results.Review;

/// <summary>What may be linked as the repeat of what.</summary>
public class RepeatLinksTests
{
    private static readonly RepeatEnd Original = new(ResultKey: 7, PlateKey: 1, "S-1", "il-6");
    private static readonly RepeatEnd Repeat = new(ResultKey: 9, PlateKey: 2, "S-1", "il-6");

    public static TheoryData<string, RepeatEnd, long?, long[]> Refused => new()
    {
        { "original SAMPLE_MISMATCH", Repeat with { SampleId = "s-1" }, null, [] }, // byte for byte
        { "original ANALYTE_MISMATCH", Repeat with { Analyte = "crp" }, null, [] }, // another quantity
        { "original SAME_PLATE", Repeat with { PlateKey = 1 }, null, [] }, // another dilution on the same plate
        { "repeat ALREADY_LINKED", Repeat, 7, [] }, // the same again
        { "repeat ALREADY_LINKED", Repeat, 8, [] }, // one original at a time
        { "original REPEAT_CYCLE", Repeat, null, [9] }, // the other way round
        { "original REPEAT_CYCLE", Repeat, null, [8, 9] }, // by way of another one
        { "original REPEAT_CYCLE", Original, null, [] }, // itself
        { "original SAMPLE_MISMATCH, original ANALYTE_MISMATCH, original SAME_PLATE, repeat ALREADY_LINKED", new RepeatEnd(9, 1, "S-2", "crp"), 8, [] }, // all at once
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void FaultsOf_WhatIsNoRepeat_SaysAllThatIsWrong(string expected, RepeatEnd repeat, long? linkedOriginal, long[] originals) =>
        Assert.Equal(expected, string.Join(", ", RepeatLinks.FaultsOf(repeat, Original, linkedOriginal, originals).Select(fault => $"{fault.Field} {fault.Reason}")));

    [Fact]
    public void FaultsOf_TheSameOnAnotherPlate_HasNone()
    {
        Assert.Empty(RepeatLinks.FaultsOf(Repeat, Original, null, []));
        // Of what is a repeat itself.
        Assert.Empty(RepeatLinks.FaultsOf(Repeat, Original, null, [3, 4]));
    }
}

using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Server.Wire;
using Xunit;

namespace Biomarkers.Tests.Server.Wire;

public sealed class PageTokensTests
{
    private readonly List<Fault> faults = [];

    [Fact]
    public void ToPageRequest_TokenOfTheSameQuestion_GoesOnWhereItEnded()
    {
        var first = new V1.ListResultsRequest { SampleId = "S1", PageSize = 10 };
        string token = PageTokens.Next(first, 42);
        var second = new V1.ListResultsRequest { SampleId = "S1", PageSize = 20, PageToken = token };

        Assert.Equal(new PageRequest(20, 42, false), Page(second));
        Assert.Empty(faults);
    }

    [Fact]
    public void ToPageRequest_TokenOfAnotherQuestion_IsAFault()
    {
        string token = PageTokens.Next(new V1.ListResultsRequest { SampleId = "S1" }, 42);

        Page(new V1.ListResultsRequest { SampleId = "S2", PageToken = token });
        Page(new V1.ListResultsRequest { SampleId = "S1", Order = V1.ListOrder.OldestFirst, PageToken = token });
        PageTokens.ToPageRequest(new V1.ListPlatesRequest { PageToken = token }, 0, token, V1.ListOrder.Unspecified, faults);

        Assert.Equal(["page_token", "page_token", "page_token"], faults.Select(fault => fault.Field));
    }

    [Theory]
    [InlineData("x")] // too short
    [InlineData("not base64 !")] // not the alphabet
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAA")] // another hash
    public void ToPageRequest_MadeUpToken_IsAFault(string token)
    {
        Page(new V1.ListResultsRequest { PageToken = token });

        Assert.Equal("page_token", Assert.Single(faults).Field);
    }

    [Theory]
    [InlineData(0, 50)] // the default
    [InlineData(1, 1)] // the least
    [InlineData(1000, 1000)] // the most
    [InlineData(5000, 1000)] // coerced (AIP-158)
    public void ToPageSize_Number_IsCoerced(int asked, int expected)
    {
        Assert.Equal(expected, PageTokens.ToPageSize(asked, faults));
        Assert.Empty(faults);
    }

    [Fact]
    public void ToPageSize_Negative_IsAFault()
    {
        PageTokens.ToPageSize(-1, faults);

        Assert.Equal("page_size", Assert.Single(faults).Field);
    }

    [Fact]
    public void Next_AtTheEnd_IsEmpty() => Assert.Empty(PageTokens.Next(new V1.ListPlatesRequest(), null));

    [Fact]
    public void Decode_TextualKey_ComesBack()
    {
        var request = new V1.ListAssaysRequest();
        request.PageToken = PageTokens.Encode(request, "il-6");

        Assert.Equal("il-6", PageTokens.Decode(request, request.PageToken, faults));
    }

    private PageRequest Page(V1.ListResultsRequest request) => PageTokens.ToPageRequest(request, request.PageSize, request.PageToken, request.Order, faults);
}

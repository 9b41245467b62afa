using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Weights;
using CsCheck;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves;

public class WeightingTests
{
    [Theory]
    [InlineData("none", "none", VarianceBasis.PlateResiduals)]
    [InlineData("power:1", "1/y", VarianceBasis.PlateResiduals)]
    [InlineData("power:1.8", "power:1.8", VarianceBasis.PlateResiduals)] // Bio-Plex Manager's
    [InlineData("variance:0,0.05,1", "variance:0,0.05,1", VarianceBasis.Known)]
    [InlineData("variance:2.50,1E-3,0.5", "variance:2.5,0.001,0.5", VarianceBasis.Known)]
    [InlineData("variance:3,0,0,7.5", "variance:3,0,0,7.5", VarianceBasis.Learned)]
    [InlineData("shape:0,1,2", "shape:0,1,2", VarianceBasis.PlateResiduals)]
    [InlineData("replicates", "replicates", VarianceBasis.PlateResiduals)]
    public void TryParse_KnownId_IsThatWeighting(string id, string canonical, VarianceBasis basis)
    {
        Assert.True(Weighting.TryParse(id, out Weighting? weighting));
        Assert.Equal(canonical, weighting.Id);
        Assert.Equal(basis, weighting.Basis);
        Assert.True(Weighting.TryParse(canonical, out Weighting? again));
        Assert.Equal(weighting, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1/y3")]
    [InlineData("power:4.1")]
    [InlineData("power:-1")]
    [InlineData("variance:")]
    [InlineData("variance:1,2")]
    [InlineData("variance:0,0,1")] // no variance at all
    [InlineData("variance:-1,0.1,1")]
    [InlineData("variance:1,0.1,2.1")]
    [InlineData("variance:1,0.1,-0.1")]
    [InlineData("variance:1,NaN,1")]
    [InlineData("variance:1,Infinity,1")]
    [InlineData("variance:1E200,0.1,1")] // its square overflows
    [InlineData("variance:1E-200,0,1")] // its square vanishes
    [InlineData("variance:0,0.1,1,0.5")] // half a degree of freedom
    [InlineData("variance:0,0.1,1,Infinity")]
    [InlineData("variance:0,0.1,1,10,1")]
    [InlineData("variance:0, 0.1,1")]
    [InlineData("shape:0,0.1,1,10")] // the plate's residuals have their own
    [InlineData("Replicates")]
    public void TryParse_AnythingElse_IsRefused(string id) => Assert.False(Weighting.TryParse(id, out _));

    [Fact]
    public void Id_AnyVarianceFunction_ReadsBackToTheSameBits() =>
        Gen.Select(Gen.Double[-300, 2], Gen.Double[-140, 2], Gen.Double[0, 2], Gen.Double[1, 1e6])
            .Sample(
                (lnA, lnB, theta, df) =>
                {
                    var variance = new VarianceFunction(Math.Exp(lnA), Math.Exp(lnB), theta);
                    foreach (Weighting weighting in (Weighting[])[Weighting.Known(variance), Weighting.Learned(variance, df), Weighting.Shape(variance)])
                    {
                        Assert.True(Weighting.TryParse(weighting.Id, out Weighting? read));
                        Assert.Equal(weighting, read);
                        Assert.Equal(weighting.Id, read.Id);
                    }
                },
                seed: "0N0XIzNsQ0O2", iter: 1000);

    [Fact]
    public void Constructors_OutsideTheDomain_Throw()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new VarianceFunction(0, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new VarianceFunction(1, 0.1, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => Weighting.Learned(new VarianceFunction(1, 0.1, 1), 0.9));
        Assert.Throws<ArgumentOutOfRangeException>(() => Weighting.Learned(new VarianceFunction(1, 0.1, 1), double.PositiveInfinity));
    }

    [Theory]
    [InlineData(0, 3)] // a alone, whatever theta
    [InlineData(10, 3.1622776601683795)] // sqrt(9 + (0.1 * 10)^2)
    [InlineData(-10, 3.1622776601683795)] // net responses below zero scatter as much
    public void VarianceAt_HandComputed_IsThat(double response, double expectedStandardDeviation) =>
        Assert.Equal(expectedStandardDeviation, Math.Sqrt(new VarianceFunction(3, 0.1, 1).VarianceAt(response)), 1e-15);

    [Fact]
    public void VarianceAt_PowersWithAWayOfTheirOwn_AgreeWithTheGeneralOne()
    {
        foreach (double theta in (double[])[0, 0.5, 1])
        {
            double own = new VarianceFunction(0.5, 0.3, theta).VarianceAt(-7);
            double neighbour = new VarianceFunction(0.5, 0.3, theta == 0 ? 1e-13 : theta * (1 - 1e-13)).VarianceAt(-7);
            Assert.Equal(0.25 + (0.09 * Math.Pow(7, 2 * theta)), own, 1e-13);
            Assert.Equal(own, neighbour, 1e-11);
        }
    }
}

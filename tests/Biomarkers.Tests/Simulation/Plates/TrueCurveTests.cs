using Biomarkers.Simulation.Plates;
using Xunit;

namespace Biomarkers.Tests.Simulation.Plates;

public class TrueCurveTests
{
    [Fact]
    public void Response_AnyConcentration_EqualsTheFormulaInTheRuntimesMathematics()
    {
        var curve = new TrueCurve(95, 1.7e6, 37.5, -1.13, 0.8);
        for (double x = 1e-6; x < 1e7; x *= 1.37)
        {
            double expected = 95 + ((1.7e6 - 95) / Math.Pow(1 + Math.Pow(x / 37.5, -1.13), 0.8));
            Assert.Equal(1, curve.Response(x) / expected, 1e-12); // rounding of the powers, a few hundred ulp
        }

        Assert.Equal(95, curve.Response(0));
    }
}

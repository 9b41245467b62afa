using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Solver;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Curves;

/// <summary>Bio-Plex Manager, IL-6 of 10JAN07_plate_1 (LabKey commonAssays): fluorescence less background, means of two wells; the first standard has none.
/// It weighs by 1 / (mean raw fluorescence)^1.8.</summary>
public class BioPlexTests
{
    private const double Background = 28.5;

    private static readonly double[] Nominal = [5538.5, 1384.63, 346.16, 86.54, 21.63, 5.41, 1.35];
    private static readonly double[] Responses = [12023.5, 7674.8, 3425.8, 954.8, 229.3, 61.5, 12];
    private static readonly double[] Observed = [5816.28, 1315.28, 362.24, 85.58, 20.75, 5.89, 1.27];

    [Fact]
    public void Solve_ItsWeights_GivesTheCurveOfAnIndependentFitAndItsConcentrations()
    {
        LogisticSummary found = LogisticSolver.Solve(new LogisticProblem
        {
            Family = LogisticFamily.FiveParameter,
            Concentrations = Nominal,
            Responses = Responses,
            Weights = Responses.Select(response => Math.Pow(response + Background, -1.8)).ToArray(),
        });

        // The same problem by scipy (bioplex_refit_power1.8.csv).
        double[] expected = [-0.250822953857, 14536.2666617, 1030.07344974, -0.962752740094, 1.09672389262];
        double[] actual = [found.LowerAsymptote, found.UpperAsymptote, found.Inflection, found.Slope, found.Asymmetry];
        Assert.Equal(FitTermination.Converged, found.Termination);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-6 * (i == 0 ? 100 : Math.Abs(expected[i])));
        }

        AssertConcentrations(actual, 0.01);
    }

    [Fact]
    public void Invert_ItsOwnCoefficients_GivesItsConcentrations() => AssertConcentrations([-0.269369, 14533.9, 1030.4, -0.963123, 1.09621], 0.001);

    private static void AssertConcentrations(double[] parameters, double tolerance)
    {
        Assert.True(CurveModels.TryFind("5pl", out CurveModel? model));
        for (int i = 0; i < Responses.Length; i++)
        {
            Inversion inversion = model.Invert(parameters, Responses[i]);
            Assert.Equal(InversionStatus.Found, inversion.Status);
            Assert.Equal(Observed[i], inversion.Concentration, (tolerance * Observed[i]) + 0.005);
        }
    }
}

using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Simulation.Plates;
using Xunit;

namespace Biomarkers.Tests.Simulation;

/// <summary>The simulator knows what it planted, and the analysis does not: what it finds is compared with that.</summary>
public class PlantedFaultsTests
{
    public static TheoryData<string, PlateScenario> Plates()
    {
        var plates = new TheoryData<string, PlateScenario>();
        foreach (AssayDefinition assay in BuiltInAssays.All)
        {
            foreach (PlateScenario scenario in Enum.GetValues<PlateScenario>())
            {
                plates.Add(assay.Id, scenario);
            }
        }

        return plates;
    }

    [Theory]
    [MemberData(nameof(Plates))]
    public void Analyze_SimulatedPlate_ComesToTheVerdictAndFlagsThatWerePlanted(string assayId, PlateScenario scenario)
    {
        AssayDefinition assay = BuiltInAssays.All.Single(candidate => candidate.Id == assayId) with { Version = 1 };
        Assert.True(RulePacks.TryFind(assay.RulePack, out RulePack? pack));
        SimulatedPlate plate = PlateSimulator.Create(assay, scenario, seed: 1117);

        AnalyticalRun run = PlateAnalyzer.Analyze(AnalysisInputs.Check(plate.Read, plate.Layout, assay, pack).ValueOrThrow());

        Assert.Equal(plate.ExpectedVerdict, run.Verdict);
        Assert.All(plate.Faults, fault => Assert.Contains(run.Flags, flag => flag.Code == fault.ExpectedFlag && (flag.Subject is null || flag.Subject == fault.Subject)));
        if (scenario == PlateScenario.Clean)
        {
            Assert.All(run.Results, result => Assert.Equal(RangeStatus.Quantified, result.RangeStatus));
        }
    }

    [Fact]
    public void Analyze_ManyCleanPlates_IntervalsHoldTheTruthAboutAsOftenAsTheyPromise()
    {
        int held = 0;
        int total = 0;
        foreach (AssayDefinition assay in BuiltInAssays.All)
        {
            Assert.True(RulePacks.TryFind(assay.RulePack, out RulePack? pack));
            for (ulong seed = 1; seed <= 10; seed++)
            {
                SimulatedPlate plate = PlateSimulator.Create(assay, PlateScenario.Clean, seed);
                AnalyticalRun run = PlateAnalyzer.Analyze(AnalysisInputs.Check(plate.Read, plate.Layout, assay, pack).ValueOrThrow());
                foreach (SampleResult result in run.Results.Where(result => result.Concentration is not null))
                {
                    double truth = plate.Samples.Single(sample => sample.SampleId == result.SampleId && sample.DilutionFactor == result.DilutionFactor).Concentration;
                    held += result.Lower <= truth && truth <= result.Upper ? 1 : 0;
                    total++;
                }
            }
        }

        // 95 % promised for independent wells; the plates of one seed share calibrators, so a share over 1,500 results scatters by about 1.5 points.
        Assert.InRange(held / (double)total, 0.92, 0.98);
    }
}

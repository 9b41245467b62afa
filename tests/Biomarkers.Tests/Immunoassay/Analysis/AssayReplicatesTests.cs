using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Simulation.Plates;
using MathNet.Numerics.Statistics;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Analysis;

public class AssayReplicatesTests
{
    [Fact]
    public void Of_Plate_GivesMeanAndVarianceOfEveryContentInReplicate()
    {
        SimulatedPlate plate = PlateSimulator.Create(BuiltInAssays.Il6, PlateScenario.Clean, 3);
        Assert.True(RulePacks.TryFind(BuiltInAssays.Il6.RulePack, out RulePack? pack));
        AnalysisInputs inputs = AnalysisInputs.Check(plate.Read, plate.Layout, BuiltInAssays.Il6, pack).ValueOrThrow();
        AnalyticalRun run = PlateAnalyzer.Analyze(inputs);

        AnalyteReplicates replicates = Assert.Single(AssayReplicates.Of(inputs));

        // The run has formed the same means and CVs on its own way.
        CalibratorResult[] calibrators = [.. run.Curves[0].Calibrators];
        Assert.Equal(calibrators.Length + run.Controls.Count + run.Results.Count, replicates.Contents.Count);
        foreach (CalibratorResult calibrator in calibrators)
        {
            ContentReplicates content = replicates.Contents.Single(candidate => candidate.Content == calibrator.Name);
            Assert.Equal(calibrator.Wells.Order(), content.Wells.Order());
            Assert.Equal(calibrator.MeanResponse!.Value, content.Group.MeanResponse, 1e-12);
            Assert.Equal(calibrator.ResponseCvPercent!.Value, 100 * Math.Sqrt(content.Group.Variance) / content.Group.MeanResponse, 1e-9);
        }

        var responses = new Dictionary<WellPosition, double>();
        foreach (ResponseColumn column in plate.Read.Columns)
        {
            int sign = column.Purpose == ColumnPurpose.Reference ? -1 : 1;
            foreach ((WellPosition well, double response) in column.Positions.Zip(column.Responses))
            {
                responses[well] = responses.GetValueOrDefault(well) + (sign * response);
            }
        }

        foreach (ContentReplicates content in replicates.Contents)
        {
            double[] wells = [.. content.Wells.Select(well => responses[well])];
            Assert.Equal(wells.Variance(), content.Group.Variance, 1e-15 + (1e-9 * wells.Variance()));
            Assert.Equal(wells.Length - 1, content.Group.DegreesOfFreedom);
        }
    }
}

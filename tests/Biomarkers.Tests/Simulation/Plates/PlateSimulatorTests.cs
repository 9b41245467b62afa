using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Instruments;
using Biomarkers.Simulation.Plates;
using Xunit;
using Xunit.Abstractions;

namespace Biomarkers.Tests.Simulation.Plates;

public class PlateSimulatorTests(ITestOutputHelper output)
{
    private static readonly AssayDefinition Il6 = Assay(ResponseKind.Electrochemiluminescence, Analyte("il-6", ConcentrationUnit.PgPerMl, 0.2, 200, "4pl"));

    private static readonly AssayDefinition Panel = Assay(
        ResponseKind.MedianFluorescence,
        Analyte("insulin", ConcentrationUnit.PmolPerL, 5, 3000, "5pl"),
        Analyte("c-peptide", ConcentrationUnit.NmolPerL, 0.02, 10, "4pl"));

    [Fact]
    public void Create_OneSeed_GivesThePlateThatIsWrittenDownHere()
    {
        SimulatedPlate plate = PlateSimulator.Create(Il6, PlateScenario.Clean, 42);
        output.WriteLine($"{plate.Read.Hash} {plate.Layout.Hash}");
        // Stated once from this code: the same on every platform and runtime, and a change of it changes every simulated plate.
        Assert.Equal("20865b851290e4e16a0f563055220a8e1061064d7b94e4a36dec2815af7e0838", plate.Read.Hash.Hex);
        Assert.Equal("c6d081a5641fc786f2c9a4fd779fe69ff7683cfad3ccfe3ecdbd8624ca2f2324", plate.Layout.Hash.Hex);
        Assert.Equal("SIM-a-000042", plate.Read.PlateBarcode);
    }

    [Fact]
    public void Create_EqualSeeds_GiveEqualPlatesAndOthersDiffer()
    {
        ContentHash[] hashes = [.. new ulong[] { 7, 7, 8 }.Select(seed => PlateSimulator.Create(Panel, PlateScenario.SaturatedWells, seed, "P").Read.Hash)];
        Assert.Equal(hashes[0], hashes[1]);
        Assert.NotEqual(hashes[0], hashes[2]);
    }

    [Fact]
    public void Create_Layout_HasTheWellsOfALigandBindingRun()
    {
        PlateLayout layout = PlateSimulator.Create(Il6, PlateScenario.Clean, 1).Layout;
        Assert.Equal(96, layout.Wells.Count);
        ILookup<string, WellContent> contents = layout.Wells.Select(well => well.Content).ToLookup(content => content switch
        {
            Calibrator { Kind: CalibratorKind.Zero } => "zero",
            Calibrator => "calibrator",
            Control => "control",
            Blank => "blank",
            _ => "unknown",
        });
        Assert.Equal(
            (2, 16, 12, 2, 64),
            (contents["zero"].Count(), contents["calibrator"].Count(), contents["control"].Count(), contents["blank"].Count(), contents["unknown"].Count()));
        double[] nominals = [.. contents["calibrator"].Cast<Calibrator>().Select(calibrator => calibrator.Nominals[0].Value).Distinct().Order()];
        Assert.Equal(8, nominals.Length);
        Assert.Equal((0.2, 200), (nominals[0], nominals[^1])); // LLOQ and ULOQ exactly
        Assert.All(nominals.Zip(nominals.Skip(1)), pair => Assert.Equal(Math.Pow(1000, 1 / 7.0), pair.Second / pair.First, 0.002));
        Assert.Equal(6, contents["control"].Cast<Control>().Select(control => (control.Level, control.SetNumber)).Distinct().Count());
        UnknownSample[] samples = [.. contents["unknown"].Cast<UnknownSample>()];
        Assert.Equal(32, samples.Select(sample => sample.SampleId).Distinct().Count());
        Assert.All(samples, sample => Assert.NotNull(sample.Specimen!.SubjectId));
        Assert.All(samples, sample => Assert.Contains(sample.DilutionFactor, new double[] { 1, 2, 4, 10 }));
    }

    [Fact]
    public void Create_ResponsesOfOneLevel_VaryAsStated()
    {
        // z = (y - f) / sd over 200 plates x 16 calibrator wells; pipetting adds its CV times the slope by ln concentration.
        var z = new List<double>();
        for (ulong seed = 0; seed < 200; seed++)
        {
            SimulatedPlate plate = PlateSimulator.Create(Il6, PlateScenario.Clean, seed);
            TrueCurve curve = plate.Curves["il-6"];
            foreach (LayoutWell well in plate.Layout.Wells)
            {
                if (well.Content is not Calibrator { Kind: CalibratorKind.Calibrator } calibrator)
                {
                    continue;
                }

                double x = calibrator.Nominals[0].Value;
                double f = curve.Response(x);
                double slope = (curve.Response(x * 1.0005) - curve.Response(x / 1.0005)) / Math.Log(1.0005 * 1.0005);
                double sd = Math.Sqrt(81 + Math.Pow(0.03 * f, 2) + Math.Pow(0.015 * slope, 2));
                z.Add((ResponseAt(plate, "il-6", well.Position) - f) / sd);
            }
        }

        double mean = z.Average();
        double variance = z.Sum(value => (value - mean) * (value - mean)) / (z.Count - 1);
        double kurtosis = z.Average(value => Math.Pow(value - mean, 4)) / (variance * variance);
        output.WriteLine($"n {z.Count}, mean {mean:F4}, variance {variance:F4}, kurtosis {kurtosis:F3}");
        // Four standard errors: 1/sqrt n, sqrt(2/n), sqrt(24/n) for n = 3200.
        Assert.Equal(0, mean, 0.071);
        Assert.Equal(1, variance, 0.1);
        Assert.Equal(3, kurtosis, 0.35);
    }

    [Theory]
    [InlineData(ResponseKind.OpticalDensity, 20)] // absorbance spans two decades at best
    [InlineData(ResponseKind.Luminescence, 200)]
    [InlineData(ResponseKind.MedianFluorescence, 200)]
    [InlineData(ResponseKind.Electrochemiluminescence, 200)]
    [InlineData(ResponseKind.Fluorescence, 200)]
    public void Create_CleanPlate_ReadsBackItsTruthOffTheHiddenCurve(ResponseKind kind, double uloq)
    {
        // Controls and calibrators of every detector are within the 20 % (25 % at the limits) of ICH M10, so that a clean plate passes.
        var errors = new List<double>();
        for (ulong seed = 0; seed < 30; seed++)
        {
            SimulatedPlate plate = PlateSimulator.Create(Assay(kind, Il6.Analytes[0] with { Uloq = uloq }), PlateScenario.Clean, seed);
            Assert.Equal(RunVerdict.Accepted, plate.ExpectedVerdict);
            Assert.Empty(plate.Faults);
            Assert.All(plate.Samples, sample => Assert.Equal(RangeStatus.Quantified, sample.RangeStatus));
            foreach (IGrouping<string, LayoutWell> group in plate.Layout.Wells
                .Where(well => well.Content is not Blank and not Calibrator { Kind: CalibratorKind.Zero }).GroupBy(well => KeyOf(well.Content)))
            {
                double mean = group.Average(well => ResponseAt(plate, "il-6", well.Position));
                errors.Add(Math.Abs((Inverse(plate.Curves["il-6"], mean) / NominalOf(plate, group.First().Content)) - 1));
            }
        }

        output.WriteLine($"{kind}: {errors.Count} groups, median error {100 * errors.Order().ElementAt(errors.Count / 2):F2} %, largest {100 * errors.Max():F1} %");
        Assert.True(errors.Max() < 0.25);
        Assert.True(errors.Count(error => error > 0.15) < errors.Count / 200);
    }

    [Fact]
    public void Create_BadCalibrator_BreaksTheOrderOfTheCurve()
    {
        SimulatedPlate plate = PlateSimulator.Create(Il6, PlateScenario.BadCalibrator, 3);
        double[] byLevel = [.. Enumerable.Range(1, 8).Select(level => MeanOf(plate, content => content is Calibrator calibrator && calibrator.Name == $"CAL{level}"))];
        Assert.Equal(2, byLevel.Zip(byLevel.Skip(1)).Count(pair => pair.Second < pair.First));
        Assert.Equal(["CAL3", "CAL4", "CAL6", "CAL7"], plate.Faults.Select(fault => fault.Subject));
        Assert.Equal(RunVerdict.Rejected, plate.ExpectedVerdict);
    }

    [Fact]
    public void Create_FailingControl_ReadsSixtyPercentHighInBothSets()
    {
        SimulatedPlate plate = PlateSimulator.Create(Il6, PlateScenario.FailingControl, 3);
        foreach (int set in new[] { 1, 2 })
        {
            double response = MeanOf(plate, content => content is Control { Level: "MQC" } control && control.SetNumber == set);
            Assert.Equal(1.6, Inverse(plate.Curves["il-6"], response) / Math.Sqrt(0.2 * 200), 0.2);
        }

        Assert.All(plate.Faults, fault => Assert.Equal(FlagCodes.ControlsPerLevel, fault.ExpectedFlag));
        Assert.Equal(RunVerdict.Rejected, plate.ExpectedVerdict);
    }

    [Theory]
    [InlineData(PlateScenario.AboveUloq, RangeStatus.AboveUloq, FlagCodes.AboveUloq)]
    [InlineData(PlateScenario.BelowLloq, RangeStatus.BelowLloq, FlagCodes.BelowLloq)]
    public void Create_SamplesOutsideTheRange_AreFourOnEveryAnalyte(PlateScenario scenario, RangeStatus status, string flag)
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            SimulatedPlate plate = PlateSimulator.Create(Panel, scenario, seed);
            SampleTruth[] outside = [.. plate.Samples.Where(sample => sample.RangeStatus != RangeStatus.Quantified)];
            Assert.Equal(8, outside.Length); // four samples, two analytes
            Assert.All(outside, sample => Assert.Equal((status, 1.0), (sample.RangeStatus, sample.DilutionFactor)));
            Assert.Equal(outside.Select(sample => sample.SampleId).Distinct(), plate.Faults.Select(fault => fault.Subject));
            Assert.All(plate.Faults, fault => Assert.Equal(flag, fault.ExpectedFlag));
            foreach (PlantedFault fault in plate.Faults)
            {
                double measured = Inverse(plate.Curves["insulin"], fault.Wells.Average(well => ResponseAt(plate, "insulin", well)));
                Assert.True(scenario == PlateScenario.AboveUloq ? measured > 3000 : measured < 5, $"seed {seed}, {fault.Subject}: {measured}");
            }
        }
    }

    [Fact]
    public void Create_HighReplicateCv_PartsTheReplicatesOfTheNamedSamplesOnly()
    {
        SimulatedPlate plate = PlateSimulator.Create(Il6, PlateScenario.HighReplicateCv, 11);
        foreach (IGrouping<string, LayoutWell> group in plate.Layout.Wells.Where(well => well.Content is UnknownSample).GroupBy(well => KeyOf(well.Content)))
        {
            double[] responses = [.. group.Select(well => ResponseAt(plate, "il-6", well.Position))];
            double cv = Math.Abs(responses[0] - responses[1]) / Math.Sqrt(2) / responses.Average();
            Assert.Equal(plate.Faults.Any(fault => fault.Wells.Contains(group.First().Position)), cv > 0.2);
        }
    }

    [Fact]
    public void Create_SaturatedWells_HaveTheReadersWordInsteadOfANumber()
    {
        SimulatedPlate plate = PlateSimulator.Create(Panel, PlateScenario.SaturatedWells, 5);
        Assert.Equal([2, 1, 1, 1], plate.Faults.Select(fault => fault.Wells.Count));
        Assert.All(plate.Read.Columns, column => Assert.Equal(plate.Faults.SelectMany(fault => fault.Wells).Order(), column.Exceptions.Select(exception => exception.Position)));
        Assert.All(plate.Read.Columns, column => Assert.Equal(91, column.BeadCounts.Count));
    }

    [Fact]
    public void Create_ThenWrittenAsPlainCsv_ReadsBackToTheSamePlate()
    {
        foreach (PlateScenario scenario in Enum.GetValues<PlateScenario>())
        {
            SimulatedPlate plate = PlateSimulator.Create(Panel, scenario, 9);
            string text = PlainPlateCsv.Write(plate.Read, plate.Layout);
            PlateFile file = PlateFile.Parse($"{plate.Read.PlateBarcode}.csv", Encoding.UTF8.GetBytes(text), new PlateFileOptions()).ValueOrThrow();
            Assert.Equal(plate.Read.Hash, file.ToPlateRead(plate.Read.ResponseKind).ValueOrThrow().Hash);
            Assert.Equal(plate.Layout.Hash, file.ToLayout("a", 1).ValueOrThrow().Hash);
        }
    }

    private static AssayDefinition Assay(ResponseKind kind, params AnalyteSpecification[] analytes) => new("a", 1, "A", kind, "clinical@1", analytes);

    private static AnalyteSpecification Analyte(string name, ConcentrationUnit unit, double lloq, double uloq, string model) =>
        new() { Analyte = name, DisplayName = name, Unit = unit, Lloq = lloq, Uloq = uloq, CurveModel = model, Weights = "1/y2" };

    private static double ResponseAt(SimulatedPlate plate, string analyte, WellPosition well)
    {
        ResponseColumn column = plate.Read.Columns.Single(candidate => candidate.Analyte == analyte);
        return column.Responses[column.Positions.ToList().IndexOf(well)];
    }

    private static double MeanOf(SimulatedPlate plate, Func<WellContent, bool> isWanted) =>
        plate.Layout.Wells.Where(well => isWanted(well.Content)).Average(well => ResponseAt(plate, "il-6", well.Position));

    private static string KeyOf(WellContent content) => content switch
    {
        Calibrator calibrator => calibrator.Name,
        Control control => $"{control.Level}:{control.SetNumber}",
        UnknownSample unknown => unknown.SampleId,
        _ => "",
    };

    private static double NominalOf(SimulatedPlate plate, WellContent content) => content switch
    {
        Calibrator calibrator => calibrator.Nominals[0].Value,
        Control control => control.Nominals[0].Value,
        UnknownSample unknown => plate.Samples.Single(sample => sample.SampleId == unknown.SampleId).ConcentrationInWell,
        _ => throw new InvalidOperationException("A well without a nominal concentration."),
    };

    // By halving, which knows nothing of the curve's formula but that it rises.
    private static double Inverse(TrueCurve curve, double response)
    {
        double low = -20;
        double high = 20;
        for (int i = 0; i < 100; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = curve.Response(Math.Exp(middle)) < response ? (middle, high) : (low, middle);
        }

        return Math.Exp(low);
    }
}

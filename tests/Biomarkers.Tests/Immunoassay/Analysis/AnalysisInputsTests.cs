using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Analysis;

public class AnalysisInputsTests
{
    [Fact]
    public void Check_PartsThatDoNotFit_NamesEveryFault()
    {
        PlateRead read = PlateRead.Create("P1", 96, ResponseKind.Fluorescence, [ColumnOf("b")]).ValueOrThrow();
        PlateLayout layout = PlateLayout.Create("other", 2, PlateFormat.Wells384, [
            new LayoutWell(WellPosition.Parse("A01"), new Calibrator("CAL1", CalibratorKind.Calibrator, [Nominal("a", 1), Nominal("c", 1)])),
            new LayoutWell(WellPosition.Parse("A02"), new Calibrator("CAL1", CalibratorKind.Calibrator, [Nominal("a", 2)])),
            new LayoutWell(WellPosition.Parse("A03"), new Control("LQC", 1, null, 1, [new NominalConcentration("a", 1, ConcentrationUnit.PmolPerL)])),
        ], []).ValueOrThrow();
        AssayDefinition assay = new TestPlate(TestPlate.Line()).Assay;

        Checked<AnalysisInputs> inputs = AnalysisInputs.Check(read, layout, assay, RulePacks.Clinical);
        Assert.Equal(
            [
                ("layout.well_count", FaultReasons.FormatMismatch), ("layout.assay", FaultReasons.AssayUnknown), ("response_kind", FaultReasons.ResponseKindMismatch),
                ("rule_pack", FaultReasons.UnknownWord), ("columns[0].analyte", FaultReasons.AnalyteUnknown), ("columns", FaultReasons.AnalyteUnknown),
                ("layout.wells[A01].nominals[1].analyte", FaultReasons.AnalyteUnknown), ("layout.wells[A03].nominals[0].unit", FaultReasons.UnitMismatch),
                ("layout.wells[A02]", FaultReasons.Duplicate),
            ],
            inputs.Faults.Select(fault => (fault.Field, fault.Reason)));
        Assert.Null(inputs.Value);
    }

    [Fact]
    public void Check_LayoutWithoutCalibrators_Fits() =>
        Assert.Empty(AnalysisInputs.Check(
            PlateRead.Create("P1", 96, ResponseKind.Luminescence, [ColumnOf("a")]).ValueOrThrow(),
            PlateLayout.Create("test", 1, PlateFormat.Wells96, [new LayoutWell(WellPosition.Parse("A01"), new UnknownSample("S", 1, null))], []).ValueOrThrow(),
            new TestPlate(TestPlate.Line()).Assay,
            RulePacks.IchM10Lba).Faults);

    [Fact]
    public void Hash_AnyPartChanged_Changes()
    {
        AnalysisInputs inputs = new TestPlate(TestPlate.Line()).AddCalibrators(level => level).Inputs();
        AnalysisInputs[] changed =
        [
            new TestPlate(TestPlate.Line()).AddCalibrators(level => level == 8 ? Math.BitIncrement(level) : level).Inputs(), // the last bit of one response
            new TestPlate(TestPlate.Line()).AddCalibrators(level => level).Add(new Unused(), 1).Inputs(),
            inputs with { Assay = inputs.Assay with { Version = 2 } },
            inputs with { Assay = inputs.Assay with { Analytes = [inputs.Assay.Analytes[0] with { Lloq = 1.5 }] } },
            inputs with { RulePack = inputs.RulePack with { DisplayName = "Other" } },
            inputs with { RulePack = RulePacks.Clinical },
        ];

        Assert.Equal(inputs.Hash, new TestPlate(TestPlate.Line()).AddCalibrators(level => level).Inputs().Hash);
        Assert.Equal(changed.Length + 1, changed.Append(inputs).Select(each => each.Hash).Distinct().Count());
    }

    private static NominalConcentration Nominal(string analyte, double value) => new(analyte, value, ConcentrationUnit.PgPerMl);

    private static ResponseColumn ColumnOf(string analyte) => new(analyte, ColumnPurpose.Measurement, null, [WellPosition.Parse("A01")], [1], [], []);
}

using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments;
using CsCheck;
using Xunit;

namespace Biomarkers.Tests.Instruments;

public class PlainPlateCsvProperties
{
    private static readonly Gen<string> Text = Gen.String[Gen.OneOf(Gen.Char.AlphaNumeric, Gen.Char[",\"; :\u00B5"]), 1, 12]
        .Where(text => !string.IsNullOrWhiteSpace(text)).Select(text => "s" + text.Trim());

    private static readonly Gen<double> Dilution = Gen.Int[0, 4].Select(i => new[] { 1.0, 2, 10, 33.3, 1e6 }[i]);

    [Fact]
    public void WriteThenParse_AnyPlate_GivesTheSamePlate()
    {
        Plates().Sample(
            plate =>
            {
                string text = PlainPlateCsv.Write(plate.Read, plate.Layout);
                var options = new PlateFileOptions { WellCount = plate.Read.Format.WellCount };
                PlateFile file = PlateFile.Parse("P-1.csv", Encoding.UTF8.GetBytes(text), options).ValueOrThrow();
                Assert.Equal(plate.Read.Hash, file.ToPlateRead(plate.Read.ResponseKind).ValueOrThrow().Hash);
                Assert.Equal(plate.Layout.Hash, file.ToLayout("a", 1).ValueOrThrow().Hash);
            },
            iter: 300,
            threads: 1);
    }

    private static Gen<(PlateRead Read, PlateLayout Layout)> Plates() =>
        from wells in Gen.Int[0, 95].HashSet[1, 40].Select(set => set.Order().Select(PlateFormat.Wells96.WellAt).ToArray())
        from analytes in Gen.Int[1, 3].Select(count => Enumerable.Range(1, count).Select(i => $"a-{i}").ToArray())
        from contents in Content(analytes).Array[wells.Length]
        from hasBeads in Gen.Bool
        from columns in Gen.Select(Gen.Double[-1e3, 1e7].Array[wells.Length], Gen.Int[0, 9].Array[wells.Length]).Array[analytes.Length]
        select (
            PlateRead.Create("P-1", 96, ResponseKind.MedianFluorescence,
                [.. columns.Select((column, i) => Column(analytes[i], wells, column.Item1, column.Item2, hasBeads))]).ValueOrThrow(),
            PlateLayout.Create("a", 1, PlateFormat.Wells96, [.. wells.Zip(contents, (well, content) => new LayoutWell(well, content))], []).ValueOrThrow());

    private static ResponseColumn Column(string analyte, WellPosition[] wells, double[] responses, int[] fates, bool hasBeads)
    {
        int[] measured = [.. Enumerable.Range(0, wells.Length).Where(i => fates[i] > 2)];
        WellException[] exceptions =
        [
            .. Enumerable.Range(0, wells.Length).Where(i => fates[i] <= 2).Select(i => fates[i] switch
            {
                0 => new WellException(wells[i], WellStatus.Saturated, "OVRFLW"),
                1 => new WellException(wells[i], WellStatus.Missing, ""),
                _ => new WellException(wells[i], WellStatus.Unreadable, "odd, \"word\""),
            }),
        ];
        return new ResponseColumn(analyte, ColumnPurpose.Measurement, null, [.. measured.Select(i => wells[i])],
            [.. measured.Select(i => responses[i])], hasBeads ? [.. measured] : [], exceptions);
    }

    private static Gen<WellContent> Content(string[] analytes)
    {
        Gen<NominalConcentration[]> nominals = Gen.Double[1e-6, 1e6].Array[analytes.Length]
            .Select(values => analytes.Select((analyte, i) => new NominalConcentration(analyte, values[i], ConcentrationUnit.PgPerMl)).ToArray());
        return Gen.OneOf(
            Gen.Select(Text, nominals, (name, all) => (WellContent)new Calibrator(name, CalibratorKind.Calibrator, all)),
            Gen.Select(Text, nominals, (name, all) => (WellContent)new Calibrator(name, CalibratorKind.Anchor, all)),
            Gen.Select(Text, nominals, (name, all) => (WellContent)new Calibrator(name, CalibratorKind.Zero, [.. all.Select(nominal => nominal with { Value = 0 })])),
            Gen.Select(Text, Gen.Int[1, 9], Dilution, nominals, (level, set, dilution, all) => (WellContent)new Control(level, set, null, dilution, all)),
            Gen.Select(Text, Dilution, Text, (id, dilution, visit) => (WellContent)new UnknownSample(id + " ", dilution, new Specimen(Visit: visit))),
            Text.Select(name => (WellContent)new Blank(name)),
            Gen.Const((WellContent)new Unused()));
    }
}

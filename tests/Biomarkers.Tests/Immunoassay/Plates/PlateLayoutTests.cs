using System.Text;
using System.Text.Json;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Xunit;

namespace Biomarkers.Tests.Immunoassay.Plates;

public class PlateLayoutTests
{
    [Fact]
    public void CanonicalJson_EveryRoleAndField_ReadsBackToTheSameBytes()
    {
        PlateLayout layout = Full();
        PlateLayout back = PlateLayout.FromCanonicalJson(layout.ToCanonicalJson());

        Assert.Equal(layout.ToCanonicalJson(), back.ToCanonicalJson());
        Assert.Equal(layout.Hash, back.Hash);
        Assert.Equal(layout.Lots, back.Lots);
        Assert.Equal(layout.Wells.Select(well => well.Position), back.Wells.Select(well => well.Position));
        Assert.Equal(((UnknownSample)layout.Wells[4].Content).Specimen, ((UnknownSample)back.Wells[4].Content).Specimen);
        Assert.Equal(((Calibrator)layout.Wells[0].Content).Nominals, ((Calibrator)back.Wells[0].Content).Nominals);
    }

    [Fact]
    public void CanonicalJson_SmallLayout_IsThisText()
    {
        const string Calibrator = """{"role":"calibrator","name":"CAL1","kind":"calibrator","nominals":[{"analyte":"il-6","value":0.1,"unit":"pg/mL"}]}""";
        const string Wells = $$$"""[{"position":"A01","content":{{{Calibrator}}}},{"position":"B01","content":{"role":"unknown","sampleId":"Å 7","dilutionFactor":2}}]""";
        Assert.Equal(
            $$"""{"assayId":"il-6","assayVersion":1,"wellCount":96,"wells":{{Wells}},"lots":[{"kind":"kit","lotNumber":"K1","expiryDate":"2027-01-31"}]}""",
            Encoding.UTF8.GetString(Small().ToCanonicalJson()));
    }

    [Fact]
    public void Hash_SmallLayout_StaysAsItIsStored() => Assert.Equal("b2b98bdab2ee6d9e58d883621dc74c8118cdf69a8d5a21138c8e92e65475e597", Small().Hash.Hex);

    [Fact]
    public void Hash_OneFieldChanged_Changes()
    {
        LayoutWell[] wells = [.. Small().Wells];
        IReadOnlyList<LayoutWell>[] changed =
        [
            [wells[0], new LayoutWell(wells[1].Position, new UnknownSample("Å 7", 2.0000000000000004, null))], // one unit of the last place
            [wells[0], new LayoutWell(wells[1].Position, new UnknownSample("Å 8", 2, null))],
            [wells[0], new LayoutWell(WellPosition.Parse("B02"), wells[1].Content)],
            [wells[0]],
        ];

        Assert.All(changed, each => Assert.NotEqual(Small().Hash, PlateLayout.Create("il-6", 1, PlateFormat.Wells96, each, Small().Lots).ValueOrThrow().Hash));
        Assert.Equal(Small().Hash, PlateLayout.Create("il-6", 1, PlateFormat.Wells96, [wells[1], wells[0]], Small().Lots).ValueOrThrow().Hash);
    }

    [Fact]
    public void FromCanonicalJson_UnknownMember_IsRefused() => Assert.Throws<JsonException>(() =>
        PlateLayout.FromCanonicalJson("""{"assayId":"a","assayVersion":1,"wellCount":96,"wells":[],"lots":[],"colour":"blue"}"""u8));

    [Fact]
    public void Create_LayoutWithManyFaults_NamesThemAll()
    {
        WellPosition a1 = WellPosition.Parse("A01");
        Checked<PlateLayout> layout = PlateLayout.Create("", 1, PlateFormat.Wells96,
        [
            new LayoutWell(WellPosition.Parse("I01"), new Calibrator("", CalibratorKind.Calibrator, [Nominal(0), Nominal(double.NaN)])),
            new LayoutWell(a1, new UnknownSample("S", 0.5, null)),
            new LayoutWell(a1, new Calibrator("Z", CalibratorKind.Zero, [Nominal(1)])),
            new LayoutWell(WellPosition.Parse("A02"), new Control("LQC", 1, null, double.NaN, [])),
            new LayoutWell(WellPosition.Parse("A03"), new Blank("tab\t")),
        ], [new LotReference(LotKind.Kit, "", null)]);

        Assert.Null(layout.Value);
        Assert.Equal(
            [
                ("wells[0].position", FaultReasons.WellOutOfRange), ("wells[0].calibrator.name", FaultReasons.Required),
                ("wells[0].calibrator.nominals[0].value", FaultReasons.OutOfRange),
                ("wells[0].calibrator.nominals[1].analyte", FaultReasons.Duplicate), ("wells[0].calibrator.nominals[1].value", FaultReasons.NonFinite),
                ("wells[1].unknown.dilution_factor", FaultReasons.OutOfRange), ("wells[2].position", FaultReasons.WellConflict),
                ("wells[2].calibrator.nominals[0].value", FaultReasons.OutOfRange), ("wells[3].control.dilution_factor", FaultReasons.OutOfRange),
                ("wells[4].blank.name", FaultReasons.InvalidText), ("assay", FaultReasons.Required), ("lots[0].lot_number", FaultReasons.Required),
            ],
            layout.Faults.Select(fault => (fault.Field, fault.Reason)));
    }

    private static NominalConcentration Nominal(double value) => new("il-6", value, ConcentrationUnit.PgPerMl);

    private static PlateLayout Small() => PlateLayout.Create("il-6", 1, PlateFormat.Wells96,
    [
        new LayoutWell(WellPosition.Parse("B1"), new UnknownSample("Å 7", 2, null)),
        new LayoutWell(WellPosition.Parse("A1"), new Calibrator("CAL1", CalibratorKind.Calibrator, [Nominal(0.1)])),
    ], [new LotReference(LotKind.Kit, "K1", new DateOnly(2027, 1, 31))]).ValueOrThrow();

    private static PlateLayout Full() => PlateLayout.Create("il-6", 3, PlateFormat.Wells384,
    [
        new LayoutWell(
            WellPosition.Parse("A1"),
            new Calibrator("CAL1", CalibratorKind.Calibrator, [Nominal(1.0 / 3), new NominalConcentration("crp", 1e-300, ConcentrationUnit.MgPerL)])),
        new LayoutWell(WellPosition.Parse("A2"), new Calibrator("ANCHOR", CalibratorKind.Anchor, [Nominal(1e22)])),
        new LayoutWell(WellPosition.Parse("A3"), new Calibrator("ZERO", CalibratorKind.Zero, [Nominal(0)])),
        new LayoutWell(WellPosition.Parse("A4"), new Control("LQC", 2, "L-9", 1.5, [Nominal(7)])),
        new LayoutWell(WellPosition.Parse("A5"), new UnknownSample("S \"1\" <&> \u00b5", 10, new Specimen(
            "study", "subject", "week 13", "OGTT 30 min", "serum", "EDTA", new DateTimeOffset(2026, 11, 22, 7, 30, 0, TimeSpan.FromHours(1)), 0.25, true, 2))),
        new LayoutWell(WellPosition.Parse("A6"), new Blank("BLANK")),
        new LayoutWell(WellPosition.Parse("P24"), new Unused()),
    ], [new LotReference(LotKind.Calibrator, "C1", null), new LotReference(LotKind.Control, "Q1", new DateOnly(2026, 12, 1))]).ValueOrThrow();
}

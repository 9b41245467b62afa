using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Server.Wire;
using CsCheck;
using Xunit;

namespace Biomarkers.Tests.Server.Wire;

public sealed class PlateLayoutMapperTests
{
    public static TheoryData<string, string, Action<V1.PlateLayout>> Faults => new()
    {
        { "layout.assay", "REQUIRED", layout => layout.Assay = "" }, // the proto3 default
        { "layout.assay", "INVALID_TEXT", layout => layout.Assay = "assays/il-6@0" }, // 0 is the domain's own word for the newest
        { "layout.assay", "INVALID_TEXT", layout => layout.Assay = "assays/il-6@1x" }, // no number
        { "layout.well_count", "UNKNOWN_FORMAT", layout => layout.WellCount = 0 }, // the proto3 default
        { "layout.wells", "REQUIRED", layout => layout.Wells.Clear() }, // describes nothing
        { "layout.wells", "LIMIT_EXCEEDED", layout => layout.Wells.Add(Enumerable.Repeat(layout.Wells[0], 96)) }, // more wells than the plate
        { "layout.wells[0].position", "INVALID_WELL", layout => layout.Wells[0].Position = "1A" }, // the wrong way round
        { "layout.wells[0].position", "WELL_OUT_OF_RANGE", layout => layout.Wells[0].Position = "I13" }, // a well of 384
        { "layout.wells[1].position", "WELL_CONFLICT", layout => layout.Wells[1].Position = "A1" }, // A01 in another spelling
        { "layout.wells[4].content", "REQUIRED", layout => layout.Wells[4].ClearContent() }, // a role that a newer sender knows
        { "layout.wells[0].calibrator.name", "REQUIRED", layout => layout.Wells[0].Calibrator.Name = "" }, // the level is the group of replicates
        { "layout.wells[0].calibrator.kind", "UNKNOWN_WORD", layout => layout.Wells[0].Calibrator.Kind = (V1.CalibratorKind)9 }, // a newer sender's word
        { "layout.wells[0].calibrator.nominals", "REQUIRED", layout => layout.Wells[0].Calibrator.Nominals.Clear() }, // no point of any curve
        { "layout.wells[0].calibrator.nominals[0].value", "OUT_OF_RANGE", layout => layout.Wells[0].Calibrator.Nominals[0].Value = 0 }, // a zero is kind zero
        { "layout.wells[0].calibrator.nominals[0].value", "OUT_OF_RANGE", layout => layout.Wells[0].Calibrator.Kind = V1.CalibratorKind.Zero }, // a zero of 10 pg/mL
        { "layout.wells[0].calibrator.nominals[0].value", "NON_FINITE", layout => layout.Wells[0].Calibrator.Nominals[0].Value = double.NaN }, // NaN as "none"
        { "layout.wells[0].calibrator.nominals[0].unit", "UNIT_MISMATCH", layout => layout.Wells[0].Calibrator.Nominals[0].Unit = "pg/ml" }, // UCUM minds the case
        { "layout.wells[0].calibrator.nominals[1].analyte", "DUPLICATE", Repeat }, // which of the two?
        { "layout.wells[1].control.level", "REQUIRED", layout => layout.Wells[1].Control.Level = "" }, // the proto3 default
        { "layout.wells[1].control.set_number", "OUT_OF_RANGE", layout => layout.Wells[1].Control.SetNumber = 0 }, // sets count from 1
        { "layout.wells[1].control.dilution_factor", "OUT_OF_RANGE", layout => layout.Wells[1].Control.DilutionFactor = 0.1 }, // 1:10 the wrong way round
        { "layout.wells[1].control.lot_number", "INVALID_TEXT", layout => layout.Wells[1].Control.LotNumber = "a\nb" }, // a control character
        { "layout.wells[2].unknown.sample_id", "REQUIRED", layout => layout.Wells[2].Unknown.SampleId = "" }, // whose result would it be?
        { "layout.wells[2].unknown.dilution_factor", "OUT_OF_RANGE", layout => layout.Wells[2].Unknown.DilutionFactor = 0 }, // 0 is no "none"
        { "layout.wells[2].unknown.specimen.collection_time", "INVALID_TEXT", layout => SpecimenOf(layout).CollectionTime = "2007-03-01T08:15:00" }, // no zone: never guessed
        { "layout.wells[2].unknown.specimen.haemolysis_index", "OUT_OF_RANGE", layout => layout.Wells[2].Unknown.Specimen.HaemolysisIndex = -1 }, // -1 as "none"
        { "layout.wells[2].unknown.specimen.freeze_thaw_count", "OUT_OF_RANGE", layout => layout.Wells[2].Unknown.Specimen.FreezeThawCount = -1 }, // -1 as "none"
        { "layout.wells[2].unknown.specimen.visit", "INVALID_TEXT", layout => layout.Wells[2].Unknown.Specimen.Visit = new string('x', 129) }, // one more than the limit
        { "layout.wells[3].blank.name", "INVALID_TEXT", layout => layout.Wells[3].Blank.Name = new string('x', 129) }, // one more than the limit
        { "layout.lots[0].kind", "REQUIRED", layout => layout.Lots[0].Kind = V1.LotKind.Unspecified }, // the proto3 default
        { "layout.lots[0].lot_number", "REQUIRED", layout => layout.Lots[0].LotNumber = "" }, // the proto3 default
        { "layout.lots[0].expiry_date", "INVALID_TEXT", layout => layout.Lots[0].ExpiryDate = "31.01.2027" }, // a local habit: never guessed
        { "layout.lots[0].expiry_date", "INVALID_TEXT", layout => layout.Lots[0].ExpiryDate = "2027-02-30" }, // no such day
    };

    [Fact]
    public void ToDomain_AnyLayout_IsTheSameLayoutInTheDomain() =>
        WireSamples.Layouts.Sample(
            layout => Assert.Equal(layout.Hash, PlateLayoutMapper.ToDomain(WireSamples.ToWire(layout), "layout").ValueOrThrow().Hash),
            iter: 500);

    [Theory]
    [MemberData(nameof(Faults))]
    public void ToDomain_OneFault_SaysThatOneAlone(string field, string reason, Action<V1.PlateLayout> spoil)
    {
        V1.PlateLayout layout = WireSamples.Layout();
        spoil(layout);

        Checked<PlateLayout> made = PlateLayoutMapper.ToDomain(layout, "layout");

        Assert.Equal([(field, reason)], made.Faults.Select(fault => (fault.Field, fault.Reason)).Distinct());
    }

    [Fact]
    public void ToDomain_AbsentOptionals_MeanTheirDefaults()
    {
        PlateLayout layout = PlateLayoutMapper.ToDomain(WireSamples.Layout(), "layout").ValueOrThrow();

        Assert.Equal(2, layout.AssayVersion);
        var control = Assert.IsType<Control>(layout.Wells[1].Content);
        Assert.Equal((1, 1.0, null), (control.SetNumber, control.DilutionFactor, control.LotNumber));
        Assert.Equal(1, Assert.IsType<UnknownSample>(layout.Wells[2].Content).DilutionFactor);
        Assert.Equal(new Blank("BLANK"), layout.Wells[3].Content);
    }

    [Fact]
    public void ToDomain_NoVersion_MeansTheNewest()
    {
        V1.PlateLayout layout = WireSamples.Layout();
        layout.Assay = "assays/il-6";

        Assert.Equal(PlateLayout.NewestAssayVersion, PlateLayoutMapper.ToDomain(layout, "layout").ValueOrThrow().AssayVersion);
    }

    [Fact]
    public void ToDomain_NoMessage_SaysRequired() => Assert.Equal("REQUIRED", Assert.Single(PlateLayoutMapper.ToDomain(null, "layout").Faults).Reason);

    private static V1.Specimen SpecimenOf(V1.PlateLayout layout) => layout.Wells[2].Unknown.Specimen;

    private static void Repeat(V1.PlateLayout layout) => layout.Wells[0].Calibrator.Nominals.Add(layout.Wells[0].Calibrator.Nominals[0].Clone());
}

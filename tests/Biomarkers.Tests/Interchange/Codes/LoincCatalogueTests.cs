using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Interchange;
using Biomarkers.Interchange.Codes;
using Biomarkers.Results.Delivery;
using Xunit;

namespace Biomarkers.Tests.Interchange.Codes;

/// <summary>LOINC stands beside the local code where it fits, and nowhere else.</summary>
public sealed class LoincCatalogueTests
{
    private static readonly SampleResults Sample = new();

    [Theory]
    [InlineData("serum", "26881-3")]
    [InlineData("Plasma", "26881-3")]
    [InlineData("EDTA plasma", "26881-3")]
    [InlineData("lithium-heparin plasma", "26881-3")]
    [InlineData("seminal plasma", null)] // no plasma of blood
    [InlineData("platelet-rich plasma", null)]
    [InlineData("urine", null)]
    [InlineData("serum pool", null)]
    [InlineData(null, null)] // nobody says that it is serum
    public void CodeOf_Specimen_IsSerumOrPlasmaOrNone(string? specimenType, string? expected)
    {
        ReportedResult result = Sample.WithSpecimen(specimen => specimen with { SpecimenType = specimenType }).Make();
        Assert.Equal(expected, LoincCatalogue.Default.CodeOf(result));
        Assert.Equal(
            expected is null ? "il-6^Interleukin 6^99BIO" : $"{expected}^Interleukin 6^LN^il-6^Interleukin 6^99BIO", Written.Hl7(result)["OBX-3"]);
        Assert.Equal(expected is null ? "^Interleukin 6^^il-6" : $"{expected}^Interleukin 6^LN^il-6", Written.Lis2(result)["R.3"]);
        Assert.Equal(expected is null ? ["il-6"] : [expected, "il-6"], Written.Observation(result).Code!.Coding.Select(coding => coding.Code));
    }

    [Theory]
    [InlineData("14633-2", "nmol/L", "14633-2")]
    [InlineData("14633-2", "pmol/L", "14633-2")]
    [InlineData("14633-2", "ng/mL", null)] // substance per volume with a mass unit
    [InlineData("1986-9", "ng/mL", "1986-9")]
    [InlineData("1986-9", "nmol/L", null)]
    [InlineData("20448-7", "m[IU]/L", "20448-7")]
    [InlineData("20448-7", "pmol/L", null)]
    [InlineData("99999-9", "pg/mL", null)] // not in the catalogue: nobody can say that it fits
    public void CodeOf_Unit_MatchesThePropertyOrThereIsNone(string loinc, string unit, string? expected)
    {
        Assert.True(ConcentrationUnit.TryParse(unit, out ConcentrationUnit? known));
        Assert.Equal(expected, LoincCatalogue.Default.CodeOf((Sample with { Analyte = Sample.Analyte with { Loinc = loinc, Unit = known } }).Make()));
    }

    [Theory]
    [InlineData(true, "42180-0")]
    [InlineData(false, null)]
    [InlineData(null, null)]
    public void CodeOf_FastingCode_NeedsAFastingSubject(bool? fasting, string? expected)
    {
        SampleResults sample = Sample with { Analyte = Sample.Analyte with { Loinc = "42180-0", Unit = ConcentrationUnit.NmolPerL } };
        Assert.Equal(expected, LoincCatalogue.Default.CodeOf(sample.WithSpecimen(specimen => specimen with { Fasting = fasting }).Make()));
    }

    [Fact]
    public void Catalogue_OfASite_LetsItsOwnCodesLeave()
    {
        ReportedResult result = (Sample with { Analyte = Sample.Analyte with { Loinc = "3074-2" } }).Make();
        InterchangeOptions options = SampleResults.Options with { Loinc = new([.. LoincCatalogue.Default.Entries, new LoincEntry("3074-2", UnitKind.Mass)]) };
        Assert.DoesNotContain("3074-2", Written.Text("json", result), StringComparison.Ordinal);
        Assert.Contains("\"loinc\":\"3074-2\"", Written.Text("json", [result], options), StringComparison.Ordinal);
    }

    [Fact]
    public void Catalogue_CodesOfTheBuiltInAssays_FitTheirUnits() => Assert.All(
        BuiltInAssays.All.SelectMany(assay => assay.Analytes),
        analyte => Assert.Contains(LoincCatalogue.Default.Entries, entry => entry.Code == analyte.Loinc && entry.Kind == analyte.Unit.Kind && !entry.IsFasting));
}

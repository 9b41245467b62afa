using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Server.Wire;

/// <summary>Assays, both ways.</summary>
public static class AssayMapper
{
    /// <summary>Most analytes that are looked at; the domain says the same of an assay.</summary>
    private const int MaximumAnalytes = 64;

    /// <summary>Longest source, in characters.</summary>
    private const int MaximumSourceLength = 1024;

    /// <summary>The assay of a request, checked, as version 1; who stores it gives it its version. Every fault is told together.</summary>
    public static Checked<AssayDefinition> ToDomain(V1.CreateAssayRequest request)
    {
        var faults = new WireFaults();
        if (request.Assay is not { } assay)
        {
            Texts.CheckName("assay_id", request.AssayId, faults.List);
            faults.Add("assay", FaultReasons.Required, "Expected an assay.");
            return faults.List;
        }

        var analytes = new List<AnalyteSpecification>();
        if (assay.Analytes.Count > MaximumAnalytes)
        {
            faults.Add("assay.analytes", FaultReasons.LimitExceeded, $"The assay measures {assay.Analytes.Count} analytes; expected 1 to {MaximumAnalytes}.");
        }
        else
        {
            analytes.AddRange(assay.Analytes.Select((analyte, i) => ToDomain(analyte, $"assay.analytes[{i}]", faults)));
        }

        var definition = new AssayDefinition(
            request.AssayId,
            1,
            assay.DisplayName,
            WireWords.ReadResponseKind(assay.ResponseKind, "assay.response_kind", faults),
            assay.RulePack,
            analytes)
        {
            Release = WireWords.ReadResultRelease(assay.Release, "assay.release", faults),
        };
        Checked<AssayDefinition> made = AssayDefinition.Check(definition);
        faults.AddDomain(made.Faults.Select(fault => fault with { Field = fault.Field == "id" ? "assay_id" : $"assay.{fault.Field}" }));
        return faults.Any ? faults.List : made;
    }

    /// <summary>A stored assay.</summary>
    public static V1.Assay ToWire(AssayDefinition assay) => new()
    {
        Name = ResourceNames.Assay(assay.Name),
        Version = assay.Version,
        DisplayName = assay.DisplayName,
        ResponseKind = WireWords.Write(assay.ResponseKind),
        RulePack = assay.RulePack,
        Analytes = { assay.Analytes.Select(ToWire) },
        ContentSha256 = assay.ContentHash.Hex,
        Release = WireWords.Write(assay.Release),
    };

    private static AnalyteSpecification ToDomain(V1.AnalyteSpecification analyte, string place, WireFaults faults)
    {
        if (!ConcentrationUnit.TryParse(analyte.Unit, out ConcentrationUnit? unit))
        {
            faults.Add($"{place}.unit", FaultReasons.UnitMismatch, $"Unit '{Texts.Shorten(analyte.Unit)}' is not known; expected one of {ConcentrationUnit.KnownCodes}.");
            unit = ConcentrationUnit.PgPerMl;
        }

        if (analyte.Source.Length > MaximumSourceLength)
        {
            faults.Add($"{place}.source", FaultReasons.InvalidText, $"The source has {analyte.Source.Length} characters; expected at most {MaximumSourceLength}.");
        }

        return new AnalyteSpecification
        {
            Analyte = analyte.Analyte,
            DisplayName = analyte.DisplayName,
            Form = WireWords.ReadAnalyteForm(analyte.Form, $"{place}.form", faults),
            Unit = unit,
            Lloq = analyte.Lloq,
            Uloq = analyte.Uloq,
            CurveModel = analyte.CurveModel,
            Weights = analyte.Weights,
            // One order of the names, because the hash of an assay rests on it.
            FixedParameters = analyte.FixedParameters.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToDictionary(pair => pair.Key, pair => pair.Value),
            FitBasis = WireWords.ReadFitBasis(analyte.FitBasis, $"{place}.fit_basis", faults),
            BlankTreatment = WireWords.ReadBlankTreatment(analyte.BlankTreatment, $"{place}.blank_treatment", faults),
            MinimumRequiredDilution = analyte.HasMinimumRequiredDilution ? analyte.MinimumRequiredDilution : 1,
            SignificantDigits = analyte.HasSignificantDigits ? analyte.SignificantDigits : 4,
            Loinc = WireTexts.NullIfEmpty(analyte.Loinc),
            Source = WireTexts.NullIfEmpty(analyte.Source),
            ReferenceWavelengthNm = analyte.HasReferenceWavelengthNm ? analyte.ReferenceWavelengthNm : null,
        };
    }

    private static V1.AnalyteSpecification ToWire(AnalyteSpecification analyte)
    {
        V1.AnalyteSpecification wire = ToWireWithoutReference(analyte);
        WireOptional.Set(analyte.ReferenceWavelengthNm, value => wire.ReferenceWavelengthNm = value);
        return wire;
    }

    private static V1.AnalyteSpecification ToWireWithoutReference(AnalyteSpecification analyte) => new()
    {
        Analyte = analyte.Analyte,
        DisplayName = analyte.DisplayName,
        Form = WireWords.Write(analyte.Form),
        Unit = analyte.Unit.Code,
        Lloq = analyte.Lloq,
        Uloq = analyte.Uloq,
        CurveModel = analyte.CurveModel,
        Weights = analyte.Weights,
        FixedParameters = { analyte.FixedParameters.ToDictionary() },
        FitBasis = WireWords.Write(analyte.FitBasis),
        BlankTreatment = WireWords.Write(analyte.BlankTreatment),
        MinimumRequiredDilution = analyte.MinimumRequiredDilution,
        SignificantDigits = analyte.SignificantDigits,
        Loinc = analyte.Loinc ?? string.Empty,
        Source = analyte.Source ?? string.Empty,
    };
}

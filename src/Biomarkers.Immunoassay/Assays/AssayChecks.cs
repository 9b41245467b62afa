using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Immunoassay.Assays;

/// <summary>What must hold for an assay.</summary>
internal static class AssayChecks
{
    /// <summary>Most analytes of one assay: a read has at most 64 of them, each with a reference.</summary>
    private const int MaximumAnalytes = 64;

    /// <summary>Digits beyond which a double does not read back the same.</summary>
    private const int MaximumSignificantDigits = 17;

    public static void Check(AssayDefinition assay, List<Fault> faults)
    {
        Texts.CheckName("id", assay.Id, faults);
        Texts.CheckText("display_name", assay.DisplayName, faults);
        if (assay.Version < 1)
        {
            faults.Add(new Fault("version", FaultReasons.OutOfRange, $"Version {assay.Version} is not a version; expected 1 or more."));
        }

        if (!Enum.IsDefined(assay.ResponseKind))
        {
            faults.Add(new Fault("response_kind", FaultReasons.UnknownWord, $"Response kind {(int)assay.ResponseKind} is not known."));
        }

        CheckWord("release", assay.Release, faults);
        if (!RulePacks.TryFind(assay.RulePack, out _))
        {
            faults.Add(new Fault("rule_pack", FaultReasons.UnknownWord, $"Rule pack '{Texts.Shorten(assay.RulePack)}' is not known; expected one of {RulePacks.KnownNames}."));
        }

        if (assay.Analytes.Count is 0 or > MaximumAnalytes)
        {
            faults.Add(new Fault("analytes", FaultReasons.LimitExceeded, $"The assay measures {assay.Analytes.Count} analytes; expected 1 to {MaximumAnalytes}."));
        }

        var seen = new HashSet<string>();
        for (int i = 0; i < assay.Analytes.Count; i++)
        {
            AnalyteSpecification analyte = assay.Analytes[i];
            if (!seen.Add(analyte.Analyte))
            {
                faults.Add(new Fault($"analytes[{i}].analyte", FaultReasons.Duplicate, $"Analyte '{Texts.Shorten(analyte.Analyte)}' stands twice."));
            }

            CheckFacts(analyte, $"analytes[{i}]", faults);
            CheckRange(analyte, $"analytes[{i}]", faults);
            CheckCurve(analyte, $"analytes[{i}]", faults);
        }
    }

    private static void CheckFacts(AnalyteSpecification analyte, string place, List<Fault> faults)
    {
        Texts.CheckName($"{place}.analyte", analyte.Analyte, faults);
        Texts.CheckText($"{place}.display_name", analyte.DisplayName, faults);
        CheckWord($"{place}.form", analyte.Form, faults);
        CheckWord($"{place}.fit_basis", analyte.FitBasis, faults);
        CheckWord($"{place}.blank_treatment", analyte.BlankTreatment, faults);
        if (analyte.ReferenceWavelengthNm is { } wavelength && !(wavelength is > 0 and < 10_000))
        {
            faults.Add(new Fault($"{place}.reference_wavelength_nm", FaultReasons.OutOfRange, $"Wavelength {wavelength} nm is outside 0 to 10,000."));
        }

        if (!(analyte.MinimumRequiredDilution >= 1) || !double.IsFinite(analyte.MinimumRequiredDilution))
        {
            faults.Add(new Fault(
                $"{place}.minimum_required_dilution",
                FaultReasons.OutOfRange,
                $"Minimum required dilution {analyte.MinimumRequiredDilution} is not final / sample volume; expected 1 or more."));
        }

        if (analyte.SignificantDigits is < 1 or > MaximumSignificantDigits)
        {
            faults.Add(new Fault(
                $"{place}.significant_digits",
                FaultReasons.OutOfRange,
                $"{analyte.SignificantDigits} significant digits were given; expected 1 to {MaximumSignificantDigits}."));
        }

        if (analyte.Loinc is { } loinc && !LoincCode.IsWellFormed(loinc))
        {
            faults.Add(new Fault(
                $"{place}.loinc",
                FaultReasons.InvalidText,
                $"'{Texts.Shorten(loinc)}' is no LOINC code; expected digits, a hyphen and a check digit such as 26881-3."));
        }
    }

    private static void CheckRange(AnalyteSpecification analyte, string place, List<Fault> faults)
    {
        if (!(analyte.Lloq > 0) || !double.IsFinite(analyte.Lloq))
        {
            faults.Add(new Fault($"{place}.lloq", FaultReasons.OutOfRange, $"LLOQ {analyte.Lloq} is not a limit; expected more than 0."));
        }

        if (!(analyte.Uloq > analyte.Lloq) || !double.IsFinite(analyte.Uloq))
        {
            faults.Add(new Fault($"{place}.uloq", FaultReasons.OutOfRange, $"ULOQ {analyte.Uloq} does not lie above the LLOQ {analyte.Lloq}."));
        }
    }

    private static void CheckCurve(AnalyteSpecification analyte, string place, List<Fault> faults)
    {
        if (!Weighting.TryParse(analyte.Weights, out Weighting? weighting))
        {
            faults.Add(new Fault(
                $"{place}.weights",
                FaultReasons.UnknownWord,
                $"Weighting '{Texts.Shorten(analyte.Weights)}' is not known; expected {Weighting.KnownIds}."));
        }

        if (weighting is { IsByReplicates: true } && analyte.FitBasis == FitBasis.ReplicateMeans)
        {
            faults.Add(new Fault($"{place}.weights", FaultReasons.OutOfRange, "Weights by replicates need wells: on replicate means no level has a variance."));
        }

        if (!CurveModels.TryFind(analyte.CurveModel, out CurveModel? model))
        {
            faults.Add(new Fault(
                $"{place}.curve_model",
                FaultReasons.UnknownWord,
                analyte.CurveModel == CurveModelSelection.Id
                    ? $"'{CurveModelSelection.Id}' compares models while an assay is developed; an assay names the model that was validated, one of {CurveModels.KnownIds}."
                    : $"Curve model '{Texts.Shorten(analyte.CurveModel)}' is not known; expected one of {CurveModels.KnownIds}."));
            return;
        }

        foreach ((string name, double value) in analyte.FixedParameters)
        {
            string field = $"{place}.fixed_parameters[{Texts.Shorten(name)}]";
            if (!model.ParameterNames.Contains(name))
            {
                faults.Add(new Fault(
                    field,
                    FaultReasons.UnknownWord,
                    $"Model {model.Id} has no parameter '{Texts.Shorten(name)}'; expected {string.Join(", ", model.ParameterNames)}."));
            }
            else if (!double.IsFinite(value))
            {
                faults.Add(new Fault(field, FaultReasons.NonFinite, $"The fixed value {value} is not a finite number."));
            }
            else if (model.FaultOfFixedValue(name, value) is { } expected)
            {
                faults.Add(new Fault(field, FaultReasons.OutOfRange, $"The fixed value {value} has no place in {model.Id}; expected {expected}."));
            }
        }
    }

    private static void CheckWord<T>(string field, T word, List<Fault> faults)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(word))
        {
            faults.Add(new Fault(field, FaultReasons.UnknownWord, $"{typeof(T).Name} {word} is not known; expected one of {string.Join(", ", Enum.GetNames<T>())}."));
        }
    }
}

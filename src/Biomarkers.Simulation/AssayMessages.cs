using Biomarkers.Client;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Simulation;

/// <summary>Assays as messages of the contract, and back.</summary>
public static class AssayMessages
{
    /// <summary>An assay as a server takes it; the server numbers its versions.</summary>
    public static V1.Assay ToWire(AssayDefinition assay) => new()
    {
        Name = $"assays/{assay.Name}",
        Version = assay.Version,
        DisplayName = assay.DisplayName,
        ResponseKind = WordOf<V1.ResponseKind>(assay.ResponseKind),
        RulePack = assay.RulePack,
        Analytes = { assay.Analytes.Select(ToWire) },
        Release = WordOf<V1.ResultRelease>(assay.Release),
    };

    /// <summary>An assay that a server answered.</summary>
    /// <exception cref="BiomarkersClientException">The answer has a word or a unit that this program does not know.</exception>
    public static AssayDefinition ToDefinition(V1.Assay assay)
    {
        string id = assay.Name[(assay.Name.LastIndexOf('/') + 1)..].Split('@')[0];
        return new AssayDefinition(
            id, assay.Version, assay.DisplayName, WordOf<ResponseKind>(assay.ResponseKind), assay.RulePack, [.. assay.Analytes.Select(ToSpecification)])
        {
            Release = assay.Release == V1.ResultRelease.Unspecified ? ResultRelease.ByReview : WordOf<ResultRelease>(assay.Release),
        };
    }

    private static V1.AnalyteSpecification ToWire(AnalyteSpecification analyte)
    {
        var message = new V1.AnalyteSpecification
        {
            Analyte = analyte.Analyte,
            DisplayName = analyte.DisplayName,
            Form = WordOf<V1.AnalyteForm>(analyte.Form),
            Unit = analyte.Unit.Code,
            Lloq = analyte.Lloq,
            Uloq = analyte.Uloq,
            CurveModel = analyte.CurveModel,
            Weights = analyte.Weights,
            FitBasis = WordOf<V1.FitBasis>(analyte.FitBasis),
            BlankTreatment = WordOf<V1.BlankTreatment>(analyte.BlankTreatment),
            MinimumRequiredDilution = analyte.MinimumRequiredDilution,
            SignificantDigits = analyte.SignificantDigits,
            Loinc = analyte.Loinc ?? "",
            Source = analyte.Source ?? "",
        };
        message.FixedParameters.Add(analyte.FixedParameters.ToDictionary());
        if (analyte.ReferenceWavelengthNm is { } wavelength)
        {
            message.ReferenceWavelengthNm = wavelength;
        }

        return message;
    }

    private static AnalyteSpecification ToSpecification(V1.AnalyteSpecification analyte) => new()
    {
        Analyte = analyte.Analyte,
        DisplayName = analyte.DisplayName,
        Form = analyte.Form == V1.AnalyteForm.Unspecified ? AnalyteForm.NotApplicable : WordOf<AnalyteForm>(analyte.Form),
        Unit = ConcentrationUnit.TryParse(analyte.Unit, out ConcentrationUnit? unit) ? unit : throw Unknown("unit", analyte.Unit),
        Lloq = analyte.Lloq,
        Uloq = analyte.Uloq,
        CurveModel = analyte.CurveModel,
        Weights = analyte.Weights,
        FixedParameters = analyte.FixedParameters.ToDictionary(),
        FitBasis = analyte.FitBasis == V1.FitBasis.Unspecified ? FitBasis.Wells : WordOf<FitBasis>(analyte.FitBasis),
        BlankTreatment = analyte.BlankTreatment == V1.BlankTreatment.Unspecified ? BlankTreatment.Ignore : WordOf<BlankTreatment>(analyte.BlankTreatment),
        MinimumRequiredDilution = analyte.HasMinimumRequiredDilution ? analyte.MinimumRequiredDilution : 1,
        SignificantDigits = analyte.HasSignificantDigits ? analyte.SignificantDigits : 4,
        Loinc = analyte.Loinc.Length == 0 ? null : analyte.Loinc,
        Source = analyte.Source.Length == 0 ? null : analyte.Source,
        ReferenceWavelengthNm = analyte.HasReferenceWavelengthNm ? analyte.ReferenceWavelengthNm : null,
    };

    private static T WordOf<T>(Enum word)
        where T : struct, Enum => Enum.TryParse(word.ToString(), out T found) && Enum.IsDefined(found) ? found : throw Unknown(typeof(T).Name, word.ToString());

    private static BiomarkersClientException Unknown(string what, string value) =>
        new($"The server answers {what} '{Texts.Shorten(value)}', which this program does not know: the server is newer.");
}

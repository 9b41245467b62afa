using System.Globalization;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Results.Delivery;

/// <summary>What must hold for the names, texts and codes of a result that leaves.</summary>
internal static class ReportedResultChecks
{
    private const int MaximumReasonLength = 2000;
    private const int MaximumSignificantDigits = 17;
    private const double MaximumDilutionFactor = 1e12;
    private const double MaximumHaemolysisIndex = 1e12;

    public static void CheckVersion(ReportedVersion version, List<Fault> faults)
    {
        CheckResourceName("name", version.Name, "results/", faults);
        if (version.Version < 1)
        {
            faults.Add(new Fault("version", FaultReasons.OutOfRange, $"Version {version.Version} is not a version; expected 1 or more."));
        }

        if (!Enum.IsDefined(version.Status))
        {
            faults.Add(new Fault("status", FaultReasons.UnknownWord, $"Status {(int)version.Status} is not known."));
        }
        else if (version.Status == ResultStatus.Preliminary)
        {
            faults.Add(new Fault("status", FaultReasons.OutOfRange, "A preliminary result does not leave; expected a released version."));
        }

        CheckSuperseded(version, faults);
        if (version.Reason is { } reason)
        {
            CheckLongText("reason", reason, faults);
        }
        else if (version.SupersededVersion is not null || version.Status is ResultStatus.Corrected or ResultStatus.Withdrawn)
        {
            faults.Add(new Fault("reason", FaultReasons.ReasonRequired, $"A {version.Status} version that replaces another says why; expected a reason."));
        }
    }

    public static void CheckSample(ReportedSample sample, List<Fault> faults)
    {
        CheckText("sample_id", sample.SampleId, faults);
        Texts.CheckName("plate_barcode", sample.PlateBarcode, faults);
        for (int i = 1; i < sample.Wells.Count; i++)
        {
            if (sample.Wells[i] <= sample.Wells[i - 1])
            {
                faults.Add(new Fault($"wells[{i}]", FaultReasons.WellConflict, $"Well {sample.Wells[i]} follows {sample.Wells[i - 1]}; expected each once, by position."));
            }
        }

        ReportedMeasurementChecks.CheckNumber("dilution_factor", sample.DilutionFactor, 1, MaximumDilutionFactor, faults);
        if (sample.Specimen is { } specimen)
        {
            CheckSpecimen(specimen, faults);
        }
    }

    public static void CheckAnalyte(ReportedAnalyte analyte, List<Fault> faults)
    {
        Texts.CheckName("analyte", analyte.Analyte, faults);
        CheckText("display_name", analyte.DisplayName, faults);
        if (analyte.Loinc is { } loinc && !LoincCode.IsWellFormed(loinc))
        {
            faults.Add(new Fault("loinc", FaultReasons.InvalidText, $"'{Texts.Shorten(loinc)}' is no LOINC code; expected one such as 26881-3."));
        }

        if (analyte.SignificantDigits is < 1 or > MaximumSignificantDigits)
        {
            faults.Add(new Fault("significant_digits", FaultReasons.OutOfRange, $"{analyte.SignificantDigits} significant digits were given; expected 1 to {MaximumSignificantDigits}."));
        }
    }

    public static void CheckOrigin(ReportedOrigin origin, List<Fault> faults)
    {
        Texts.CheckName("instrument", origin.Instrument, faults);
        CheckText("operator", origin.Operator, faults);
        CheckResourceName("run", origin.RunName, "analyticalRuns/", faults);
        int at = origin.AssayName.LastIndexOf('@');
        bool isVersion = int.TryParse(origin.AssayName.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int version) && version > 0;
        if (at < 0 || !isVersion || !Texts.IsName(origin.AssayName[..at]))
        {
            faults.Add(new Fault("assay", FaultReasons.InvalidText, $"'{Texts.Shorten(origin.AssayName)}' is no version of an assay; expected one such as il-6@1."));
        }

        for (int i = 0; i < origin.Lots.Count; i++)
        {
            CheckText($"lots[{i}].lot_number", origin.Lots[i].LotNumber, faults);
            if (!Enum.IsDefined(origin.Lots[i].Kind))
            {
                faults.Add(new Fault($"lots[{i}].kind", FaultReasons.UnknownWord, $"Kind of lot {(int)origin.Lots[i].Kind} is not known."));
            }
        }
    }

    public static void CheckAssurance(ReportedAssurance assurance, List<Fault> faults)
    {
        CheckText("signature.name", assurance.Signature?.Name, faults);
        CheckText("signature.meaning", assurance.Signature?.Meaning, faults);
        if (assurance.VerificationToken is { Sequence: < 1 } token)
        {
            faults.Add(new Fault("verification_token.sequence", FaultReasons.OutOfRange, $"Sequence {token.Sequence} is no place in the ledger; expected 1 or more."));
        }

        for (int i = 0; i < assurance.Holds.Count; i++)
        {
            CheckLongText($"holds[{i}].reason", assurance.Holds[i].Reason, faults);
        }
    }

    private static void CheckSuperseded(ReportedVersion version, List<Fault> faults)
    {
        if (version.SupersededVersion is not { } superseded)
        {
            if (version.Status is ResultStatus.Corrected or ResultStatus.Withdrawn)
            {
                faults.Add(new Fault("superseded_version", FaultReasons.Required, $"A {version.Status} version names the one that it replaces or takes back."));
            }
        }
        else if (version.Status == ResultStatus.Final)
        {
            faults.Add(new Fault("superseded_version", FaultReasons.OutOfRange, $"A version that replaces version {superseded} is no first release; expected it corrected."));
        }
        else if (superseded < 1 || superseded >= version.Version)
        {
            faults.Add(new Fault("superseded_version", FaultReasons.OutOfRange, $"Version {superseded} can't be replaced by version {version.Version}; expected an earlier one."));
        }
    }

    private static void CheckSpecimen(Specimen specimen, List<Fault> faults)
    {
        CheckText("specimen.study_id", specimen.StudyId, faults);
        CheckText("specimen.subject_id", specimen.SubjectId, faults);
        CheckText("specimen.visit", specimen.Visit, faults);
        CheckText("specimen.timepoint", specimen.Timepoint, faults);
        CheckText("specimen.specimen_type", specimen.SpecimenType, faults);
        CheckText("specimen.anticoagulant", specimen.Anticoagulant, faults);
        ReportedMeasurementChecks.CheckNumber("specimen.haemolysis_index", specimen.HaemolysisIndex, 0, MaximumHaemolysisIndex, faults);
        if (specimen.FreezeThawCount < 0)
        {
            faults.Add(new Fault("specimen.freeze_thaw_count", FaultReasons.OutOfRange, $"{specimen.FreezeThawCount} freeze-thaw cycles are no number of cycles; expected zero or more."));
        }
    }

    // Null is a text that was not given. What is no Unicode text can't be echoed byte for byte in UTF-8, and a text of blanks alone is none in FHIR.
    private static void CheckText(string field, string? text, List<Fault> faults)
    {
        if (text is null)
        {
            return;
        }

        Texts.CheckText(field, text, faults);
        CheckUnicode(field, text, faults);
    }

    private static void CheckLongText(string field, string text, List<Fault> faults)
    {
        if (text.Length is 0 or > MaximumReasonLength)
        {
            faults.Add(new Fault(field, FaultReasons.InvalidText, $"The text has {text.Length} characters; expected 1 to {MaximumReasonLength}."));
        }
        else if (text.Any(c => char.IsControl(c) && c is not ('\r' or '\n' or '\t')))
        {
            faults.Add(new Fault(field, FaultReasons.InvalidText, "The text holds a control character other than a line end or a tab."));
        }

        CheckUnicode(field, text, faults);
    }

    private static void CheckUnicode(string field, string text, List<Fault> faults)
    {
        if (text != Texts.Storable(text))
        {
            faults.Add(new Fault(field, FaultReasons.InvalidText, "The text holds half of a character (a surrogate without its other half)."));
        }
        else if (text.Length > 0 && string.IsNullOrWhiteSpace(text))
        {
            faults.Add(new Fault(field, FaultReasons.InvalidText, "The text is blank."));
        }
    }

    private static void CheckResourceName(string field, string name, string prefix, List<Fault> faults)
    {
        if (!name.StartsWith(prefix, StringComparison.Ordinal) || !Texts.IsName(name[prefix.Length..]))
        {
            faults.Add(new Fault(field, FaultReasons.InvalidText, $"'{Texts.Shorten(name)}' is no resource name; expected one such as {prefix}17."));
        }
    }
}

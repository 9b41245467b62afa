using Biomarkers.Immunoassay.Plates;
using Biomarkers.Interchange.Codes;
using Biomarkers.Results.Delivery;

namespace Biomarkers.Interchange.Writing;

/// <summary>A remark that goes with a result where a format has no field for it.</summary>
/// <param name="Code">Stable code of the remark's kind.</param>
/// <param name="Label">Name of the kind for people; without a colon.</param>
/// <param name="Value">What it says.</param>
internal sealed record ResultNote(string Code, string Label, string Value)
{
    /// <summary>Code of the remarks about findings.</summary>
    public const string Flag = "FLAG";

    /// <summary>For people and machines: <c>wells: A01 A02</c>. The label ends at the first colon.</summary>
    public string Text => $"{Label}: {Value}";
}

/// <summary>The remarks of HL7 v2 (NTE) and LIS2-A2 (C), the same in both: what a correction replaces and why comes first, for a reader who sees few lines.</summary>
internal static class ResultNotes
{
    private const int DiagnosticDigits = 6;

    public static IEnumerable<ResultNote> Of(ReportedResult result) =>
        Of(result.Version).Concat(Of(result.Assurance.Holds)).Concat(OfFlags(result)).Concat(Of(result.Sample)).Concat(OfMeasurement(result))
            .Concat(Of(result.Sample.Specimen ?? new Specimen())).Concat(Of(result.Origin)).Concat(Of(result.Assurance));

    private static IEnumerable<ResultNote> Of(ReportedVersion version)
    {
        yield return new("RESULT", "result version", version.VersionName);
        yield return new("STATUS", "status", Words.Of(version.Status));
        if (version.SupersededName is { } superseded)
        {
            yield return new("SUPERSEDES", "supersedes", superseded);
        }

        if (version.Reason is { } reason)
        {
            yield return new("REASON", "reason", reason);
        }
    }

    private static IEnumerable<ResultNote> Of(IReadOnlyList<HoldNotice> holds) =>
        holds.Select(hold => new ResultNote("HOLD", "on hold since", $"{TimeTexts.Iso(hold.PlacedTime)} {hold.Reason}"));

    private static IEnumerable<ResultNote> OfFlags(ReportedResult result) =>
        result.Measurement.FlagCodes.Select(code => new ResultNote(ResultNote.Flag, "flag", $"{code} {FlagMap.TextOf(code)}"));

    private static IEnumerable<ResultNote> Of(ReportedSample sample)
    {
        yield return new("PLATE", "plate", sample.PlateBarcode);
        yield return new("WELL-COUNT", "number of wells", $"{sample.Wells.Count}");
        if (sample.Wells.Count > 0)
        {
            yield return new("WELLS", "wells", string.Join(' ', sample.Wells));
        }

        yield return new("DILUTION", "dilution factor, multiplied already", ReportedNumber.Exact(sample.DilutionFactor));
    }

    private static IEnumerable<ResultNote> OfMeasurement(ReportedResult result)
    {
        ReportedMeasurement measurement = result.Measurement;
        int digits = result.Analyte.SignificantDigits;
        if (measurement.Lower is { } lower)
        {
            yield return new("LOWER", "95 % within-plate interval, lower end", ReportedNumber.Significant(lower, digits));
        }

        if (measurement.Upper is { } upper)
        {
            yield return new("UPPER", "95 % within-plate interval, upper end", ReportedNumber.Significant(upper, digits));
        }

        if (measurement.CvPercent is { } cv)
        {
            yield return new("CV", "CV of the wells, percent", ReportedNumber.Significant(cv, DiagnosticDigits));
        }

        if (measurement.MeanResponse is { } response)
        {
            yield return new("RESPONSE", "mean response", ReportedNumber.Significant(response, DiagnosticDigits));
        }
    }

    private static IEnumerable<ResultNote> Of(Specimen specimen)
    {
        (string Code, string Label, string? Value)[] known =
        [
            ("STUDY", "study", specimen.StudyId),
            ("VISIT", "visit", specimen.Visit),
            ("TIMEPOINT", "time point", specimen.Timepoint),
            ("ANTICOAGULANT", "anticoagulant", specimen.Anticoagulant),
            ("HAEMOLYSIS", "haemolysis index", specimen.HaemolysisIndex is { } index ? ReportedNumber.Exact(index) : null),
            ("FASTING", "fasting", specimen.Fasting is { } fasting ? (fasting ? "yes" : "no") : null),
            ("FREEZE-THAW", "freeze-thaw cycles", specimen.FreezeThawCount is { } count ? $"{count}" : null),
        ];
        return known.Where(note => note.Value is not null).Select(note => new ResultNote(note.Code, note.Label, note.Value!));
    }

    private static IEnumerable<ResultNote> Of(ReportedOrigin origin)
    {
        yield return new("RUN", "run", origin.RunName);
        yield return new("METHOD", "method", origin.AssayName);
        yield return new("METHOD-HASH", "method hash", origin.MethodHash.Hex);
        foreach (LotReference lot in origin.Lots)
        {
            yield return new("LOT", "lot", $"{Words.Of(lot.Kind)} {(lot.ExpiryDate is { } day ? TimeTexts.Day(day) : "-")} {lot.LotNumber}");
        }
    }

    private static IEnumerable<ResultNote> Of(ReportedAssurance assurance)
    {
        if (assurance.Signature is { } signature)
        {
            yield return new("SIGNED-BY", "signed by", signature.Name);
            yield return new("SIGNED-TIME", "signed at", TimeTexts.Iso(signature.Time));
            yield return new("SIGNED-MEANING", "meaning of the signature", signature.Meaning);
        }

        if (assurance.VerificationToken is { } token)
        {
            yield return new("LEDGER", "place and hash in the ledger", $"{token.Sequence} {token.Hash.Hex}");
        }
    }
}

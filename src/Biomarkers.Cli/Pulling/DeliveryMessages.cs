using System.Globalization;
using Biomarkers.Cli.Servers;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Results;
using Biomarkers.Results.Delivery;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Cli.Pulling;

/// <summary>Deliveries of a server as the results that formats write.</summary>
internal static class DeliveryMessages
{
    private const string TimeWithOffset = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK";

    /// <summary>The result of a delivery, or everything that is wrong with it.</summary>
    public static Checked<ReportedResult> ToReported(V1.Delivery delivery)
    {
        var faults = new List<Fault>();
        V1.Result result = delivery.Result;
        V1.ResultOrigin origin = delivery.Origin ?? new V1.ResultOrigin();
        Checked<ReportedResult> made = ReportedResult.Create(
            new ReportedVersion(
                result.Name,
                result.Version,
                WordOf<ResultStatus>(result.Status),
                result.SupersedesVersion == 0 ? null : result.SupersedesVersion,
                Names.NullIfEmpty(result.Reason)),
            new ReportedSample(result.SampleId, Names.LastOf(result.Plate), WellsOf(result.Wells, faults), result.DilutionFactor, SpecimenOf(result.Specimen, faults)),
            new ReportedAnalyte(result.Analyte, origin.AnalyteDisplayName, Names.NullIfEmpty(origin.Loinc), UnitOf(result.Unit, faults), origin.SignificantDigits),
            MeasurementOf(result),
            new ReportedOrigin(
                Names.LastOf(origin.Instrument),
                Names.NullIfEmpty(origin.Operator),
                result.AnalyticalRun,
                Names.LastOf(result.Assay),
                HashOf("method_hash", origin.MethodSha256, faults),
                [.. origin.Lots.Select((lot, i) => new LotReference(WordOf<LotKind>(lot.Kind), lot.LotNumber, DayOf($"lots[{i}].expiry_date", lot.ExpiryDate, faults)))]),
            new ReportedTimes(null, origin.ReadTime?.ToDateTimeOffset(), TimeOf("create_time", result.CreateTime, faults)),
            new ReportedAssurance(
                SignatureOf(result.Signatures, faults),
                delivery.VerificationToken is { } token ? new VerificationToken(token.Sequence, HashOf("verification_token.sha256", token.Sha256, faults)) : null,
                [.. result.OpenHolds.Select((hold, i) => new HoldNotice(TimeOf($"holds[{i}].place_time", hold.PlaceTime, faults), hold.Reason))]));
        return faults.Count == 0 ? made : (List<Fault>)[.. faults, .. made.Faults];
    }

    private static ReportedMeasurement MeasurementOf(V1.Result result)
    {
        // An interval belongs to a number; of what lies beyond the range nothing but the limit is reported.
        bool isQuantified = result.RangeStatus == V1.RangeStatus.Quantified;
        return new ReportedMeasurement
        {
            RangeStatus = WordOf<RangeStatus>(result.RangeStatus),
            Concentration = result.HasConcentration ? result.Concentration : null,
            Limit = result.HasLimit ? result.Limit : null,
            Lower = isQuantified && result.HasLower ? result.Lower : null,
            Upper = isQuantified && result.HasUpper ? result.Upper : null,
            CvPercent = result.HasCvPercent ? result.CvPercent : null,
            MeanResponse = result.HasMeanResponse ? result.MeanResponse : null,
            FlagCodes = [.. result.FlagCodes],
        };
    }

    // A report has room for one: the newest that lets the result count, else the newest.
    private static ReportedSignature? SignatureOf(IReadOnlyCollection<V1.Signature> signatures, List<Fault> faults)
    {
        V1.Signature? shown = signatures.LastOrDefault(signature => signature.Meaning == V1.SignatureMeaning.Approval) ?? signatures.LastOrDefault();
        return shown is null ? null : new ReportedSignature(shown.SignerName, TimeOf("signature.time", shown.SignTime, faults), CommandConsole.WordOf(shown.Meaning));
    }

    private static Specimen? SpecimenOf(V1.Specimen? specimen, List<Fault> faults) => specimen is null ? null : new Specimen(
        Names.NullIfEmpty(specimen.StudyId),
        Names.NullIfEmpty(specimen.SubjectId),
        Names.NullIfEmpty(specimen.Visit),
        Names.NullIfEmpty(specimen.Timepoint),
        Names.NullIfEmpty(specimen.SpecimenType),
        Names.NullIfEmpty(specimen.Anticoagulant),
        CollectionTimeOf(specimen.CollectionTime, faults),
        specimen.HasHaemolysisIndex ? specimen.HaemolysisIndex : null,
        specimen.HasFasting ? specimen.Fasting : null,
        specimen.HasFreezeThawCount ? specimen.FreezeThawCount : null);

    private static DateTimeOffset? CollectionTimeOf(string text, List<Fault> faults)
    {
        if (text.Length == 0)
        {
            return null;
        }

        if (DateTimeOffset.TryParseExact(text, TimeWithOffset, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time))
        {
            return time;
        }

        faults.Add(new Fault("specimen.collection_time", FaultReasons.InvalidText, $"'{Texts.Shorten(text)}' is no time with an offset."));
        return null;
    }

    private static DateOnly? DayOf(string field, string text, List<Fault> faults)
    {
        if (text.Length == 0)
        {
            return null;
        }

        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day))
        {
            return day;
        }

        faults.Add(new Fault(field, FaultReasons.InvalidText, $"'{Texts.Shorten(text)}' is no date; expected one such as 2027-03-31."));
        return null;
    }

    private static DateTimeOffset TimeOf(string field, Timestamp? time, List<Fault> faults)
    {
        if (time is null)
        {
            faults.Add(new Fault(field, FaultReasons.Required, "The server says no time."));
        }

        return time?.ToDateTimeOffset() ?? default;
    }

    private static WellPosition[] WellsOf(RepeatedField<string> wells, List<Fault> faults)
    {
        var positions = new List<WellPosition>(wells.Count);
        for (int i = 0; i < wells.Count; i++)
        {
            if (WellPosition.TryParse(wells[i], out WellPosition position))
            {
                positions.Add(position);
            }
            else
            {
                faults.Add(new Fault($"wells[{i}]", FaultReasons.InvalidWell, $"'{Texts.Shorten(wells[i])}' is no well; expected one such as A01."));
            }
        }

        return [.. positions];
    }

    private static ConcentrationUnit UnitOf(string code, List<Fault> faults)
    {
        if (ConcentrationUnit.TryParse(code, out ConcentrationUnit? unit))
        {
            return unit;
        }

        faults.Add(new Fault("unit", FaultReasons.UnitMismatch, $"Unknown unit '{Texts.Shorten(code)}'; expected one of {ConcentrationUnit.KnownCodes}."));
        return ConcentrationUnit.PgPerMl;
    }

    private static ContentHash HashOf(string field, string hex, List<Fault> faults)
    {
        if (hex.Length == 64 && hex.All(char.IsAsciiHexDigit))
        {
            return ContentHash.Parse(hex);
        }

        faults.Add(new Fault(field, FaultReasons.InvalidText, $"'{Texts.Shorten(hex)}' is no SHA-256; expected 64 hexadecimal digits."));
        return default;
    }

    // A word of a newer server becomes one that is not known, which the checks of a reported result tell.
    private static T WordOf<T>(System.Enum word)
        where T : struct, System.Enum =>
        System.Enum.TryParse(word.ToString(), out T found) && System.Enum.IsDefined(found) ? found : (T)System.Enum.ToObject(typeof(T), int.MaxValue);
}

using System.Globalization;
using System.Text;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;
using Range = Hl7.Fhir.Model.Range;

namespace Biomarkers.Tests.Interchange;

/// <summary>Reads a Bundle by Hl7.Fhir's strict parser into the flat records of <see cref="ExpectedFields"/>.</summary>
internal static class FhirDecoder
{
    private const string Own = "biomarkers:";

    private static readonly BaseFhirJsonDeserializer Strict = new(ModelInfo.ModelInspector, new DeserializerSettings().UsingMode(DeserializationMode.Strict));

    /// <summary>The Bundle of a message.</summary>
    /// <exception cref="DeserializationFailedException">It is no FHIR R4.</exception>
    public static Bundle Parse(byte[] message) => (Bundle)Strict.DeserializeResource(Encoding.UTF8.GetString(message));

    /// <summary>One record for each Observation, in their order; its Specimen, Device and Provenance are found by their references.</summary>
    public static IEnumerable<SortedDictionary<string, string>> Decode(byte[] message)
    {
        Bundle bundle = Parse(message);
        Dictionary<string, Resource> resources = bundle.Entry.ToDictionary(entry => entry.FullUrl!, entry => entry.Resource!, StringComparer.Ordinal);
        foreach (Observation observation in bundle.Entry.Select(entry => entry.Resource).OfType<Observation>())
        {
            var record = new SortedDictionary<string, string>(StringComparer.Ordinal);
            ReadMessage(bundle, record);
            Read(observation, record);
            ReadExtensions(observation, record);
            Read((Specimen)resources[observation.Specimen!.Reference!], record);
            Set(record, "instrument", ((Device)resources[observation.Device!.Reference!]).Identifier[0].Value);
            Provenance? provenance = resources.Values.OfType<Provenance>().SingleOrDefault(candidate => resources[candidate.Target[0].Reference!] == observation);
            if (provenance is not null)
            {
                Read(provenance, record);
            }

            yield return record;
        }
    }

    private static void ReadMessage(Bundle bundle, SortedDictionary<string, string> record)
    {
        string? Party(string name) => (bundle.Meta!.GetExtension($"{Own}extensions/{name}")?.Value as FhirString)?.Value;
        Set(record, "control_id", bundle.Identifier!.Value);
        Set(record, "message_time", ExpectedFields.Time(bundle.Timestamp));
        Set(record, "parties", $"{Party("sender")}|{Party("sender-facility")}|{Party("receiver")}|{Party("receiver-facility")}");
        Set(record, "is_test", bundle.Meta!.Security.SingleOrDefault()?.Code);
    }

    private static void Read(Observation observation, SortedDictionary<string, string> record)
    {
        Set(record, "result_version", observation.Identifier.Single(identifier => identifier.System == $"{Own}result-versions").Value);
        Set(record, "version", observation.Meta!.VersionId);
        Set(record, "status_codes", Hl7.Fhir.Utility.EnumUtility.GetLiteral(observation.Status));
        Set(record, "name", observation.Code!.Text);
        Set(record, "analyte", observation.Code.Coding.Single(coding => coding.System == $"{Own}analytes").Code);
        Set(record, "loinc", observation.Code.Coding.SingleOrDefault(coding => coding.System == "http://loinc.org")?.Code);
        Set(record, "subject", observation.Subject?.Identifier?.Value);
        Set(record, "collected", TimeOf(observation.Effective));
        Set(record, "reported", ExpectedFields.Time(observation.Issued));
        Set(record, "operator", observation.Performer.SingleOrDefault(who => who.Identifier?.System == $"{Own}operators")?.Display);
        Set(record, "assay", observation.Method!.Coding[0].Code);
        Set(record, "absent_reason", observation.DataAbsentReason?.Coding[0].Code);
        if (observation.Value is Quantity quantity)
        {
            Set(record, "value", quantity.Value!.Value.ToString(CultureInfo.InvariantCulture));
            Set(record, "comparator", quantity.Comparator switch { Quantity.QuantityComparator.LessThan => "<", Quantity.QuantityComparator.GreaterThan => ">", _ => null });
            Set(record, "unit", quantity.System == "http://unitsofmeasure.org" ? quantity.Code : null);
        }

        Coding[] codings = [.. observation.Interpretation.SelectMany(concept => concept.Coding)];
        Set(record, "flags", string.Join(' ', codings.Where(coding => coding.System == $"{Own}flags").Select(coding => coding.Code)));
        Set(record, "standard_flags", string.Join(' ', codings.Where(coding => coding.System != $"{Own}flags").Select(coding => coding.Code).Distinct()));
        foreach (Observation.ComponentComponent component in observation.Component)
        {
            ReadComponent(component, record);
        }
    }

    private static void ReadComponent(Observation.ComponentComponent component, SortedDictionary<string, string> record)
    {
        if (component.Value is Range range)
        {
            Set(record, "lower", Bits(range.Low?.Value));
            Set(record, "upper", Bits(range.High?.Value));
            return;
        }

        (string name, string? value) = (component.Code!.Coding[0].Code, component.Value) switch
        {
            ("well-count", Integer count) => ("well_count", count.Value?.ToString(CultureInfo.InvariantCulture)),
            ("dilution-factor", Quantity quantity) => ("dilution", Bits(quantity.Value)),
            ("cv", Quantity { Code: "%" } quantity) => ("cv_percent", Bits(quantity.Value)),
            ("mean-response", Quantity quantity) => ("mean_response", Bits(quantity.Value)),
            _ => throw new InvalidOperationException($"A component {component.Code.Coding[0].Code} is not expected."),
        };
        Set(record, name, value);
    }

    private static void ReadExtensions(Observation observation, SortedDictionary<string, string> record)
    {
        IEnumerable<Extension> All(string name) => observation.GetExtensions($"{Own}extensions/{name}");
        string? Text(string name) => (All(name).SingleOrDefault()?.Value as FhirString)?.Value;
        string? Part(Extension extension, string name) => extension.GetExtension(name)?.Value switch
        {
            FhirString text => text.Value,
            Code code => code.Value,
            Date date => date.Value,
            FhirDateTime time => TimeOf(time),
            _ => null,
        };

        Set(record, "plate", Text("plate-barcode"));
        Set(record, "wells", string.Join(' ', All("well").Select(well => ((FhirString)well.Value!).Value)));
        Set(record, "significant_digits", (All("significant-digits").Single().Value as Integer)?.Value?.ToString(CultureInfo.InvariantCulture));
        Set(record, "unrounded", Bits((All("unrounded").SingleOrDefault()?.Value as FhirDecimal)?.Value));
        Set(record, "study", Text("study"));
        Set(record, "measured", TimeOf(All("measured").SingleOrDefault()?.Value));
        Set(record, "run", (All("run").Single().Value as ResourceReference)?.Identifier?.Value);
        Set(record, "method_hash", Text("method-hash"));
        Set(record, "superseded", (All("supersedes").SingleOrDefault()?.Value as ResourceReference)?.Identifier?.Value);
        Set(record, "lots", string.Join('\x1f', All("lot").Select(lot => $"{Part(lot, "kind")}|{Part(lot, "expiry") ?? "-"}|{Part(lot, "number")}")));
        Set(record, "holds", string.Join('\x1f', All("hold").Select(hold => $"{Part(hold, "placed")} {Part(hold, "reason")}")));
        if (All("verification-token").SingleOrDefault() is { } token)
        {
            Set(record, "ledger_sequence", Part(token, "sequence"));
            Set(record, "ledger_hash", Part(token, "hash"));
        }
    }

    private static void Read(Specimen specimen, SortedDictionary<string, string> record)
    {
        DataType? Extension(string name) => specimen.GetExtension($"{Own}extensions/{name}")?.Value;
        Set(record, "sample_id", specimen.Identifier.Single().Value);
        Set(record, "specimen_type", specimen.Type?.Text);
        Set(record, "specimen_code", specimen.Type?.Coding.SingleOrDefault()?.Code);
        Set(record, "received", specimen.ReceivedTime is null ? null : TimeOf(specimen.ReceivedTimeElement));
        Set(record, "anticoagulant", (specimen.Container.SingleOrDefault()?.Additive as CodeableConcept)?.Text);
        Set(record, "fasting", (specimen.Collection?.FastingStatus as CodeableConcept)?.Coding[0].Code switch { "F" => "yes", "NF" => "no", _ => null });
        Set(record, "visit", (Extension("visit") as FhirString)?.Value);
        Set(record, "timepoint", (Extension("timepoint") as FhirString)?.Value);
        Set(record, "haemolysis", Bits((Extension("haemolysis-index") as FhirDecimal)?.Value));
        Set(record, "freeze_thaw", (Extension("freeze-thaw-count") as Integer)?.Value?.ToString(CultureInfo.InvariantCulture));
    }

    private static void Read(Provenance provenance, SortedDictionary<string, string> record)
    {
        Set(record, "reason", provenance.Reason.SingleOrDefault()?.Text);
        if (provenance.Signature.SingleOrDefault() is { } signature)
        {
            Set(record, "signed_by", ((ResourceReference)signature.Who!).Display);
            Set(record, "signed_time", ExpectedFields.Time(signature.When));
            Set(record, "signed_meaning", signature.Type[0].Display);
        }
    }

    private static void Set(SortedDictionary<string, string> record, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            record.Add(name, value);
        }
    }

    private static string? TimeOf(DataType? value) =>
        value is FhirDateTime { Value: { } text } ? ExpectedFields.Time(DateTimeOffset.Parse(text, CultureInfo.InvariantCulture)) : null;

    private static string? Bits(decimal? value) =>
        value is { } known ? ExpectedFields.Bits(double.Parse(known.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)) : null;
}

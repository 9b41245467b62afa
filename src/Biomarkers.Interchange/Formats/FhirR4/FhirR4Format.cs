using System.Text;
using Biomarkers.Interchange.Writing;
using Biomarkers.Results.Delivery;
using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;

namespace Biomarkers.Interchange.Formats.FhirR4;

/// <summary>A FHIR R4 Bundle (JSON) of the type collection: for each result version its Observation, Specimen and, where it is signed or has a reason,
/// Provenance; each instrument once as Device.</summary>
/// <remarks>Resources name each other by UUIDs that follow from their names, so that the same result has the same ones in every message. <c>valueQuantity</c> is
/// what is reported, in significant digits; the extension <c>unrounded</c> has the full number, the component <c>mean-response</c> at most 28 decimals of it.
/// <c>effectiveDateTime</c> is the time of collection; that of the measurement is the extension <c>measured</c>.</remarks>
public sealed class FhirR4Format : ResultFormat
{
    private static readonly BaseFhirJsonSerializer Serializer = new(ModelInfo.ModelInspector);

    /// <inheritdoc/>
    public override string Id => "fhir-r4";

    /// <inheritdoc/>
    public override string MediaType => "application/fhir+json; fhirVersion=4.0";

    /// <inheritdoc/>
    public override string FileExtension => ".fhir.json";

    /// <inheritdoc/>
    protected override byte[] Write(IReadOnlyList<ReportedResult> results, InterchangeOptions options)
    {
        var vocabulary = new Vocabulary(options.SystemBase);
        var bundle = new Bundle
        {
            Meta = new Meta(),
            Identifier = new Identifier(vocabulary.Messages, options.ControlId),
            Type = Bundle.BundleType.Collection,
            Timestamp = TimeTexts.ToMicrosecond(options.MessageTime),
        };
        foreach ((string what, string? text) in PartiesOf(options))
        {
            if (text is not null)
            {
                // A Bundle takes no extension of its own, its meta does.
                bundle.Meta.AddExtension(vocabulary.Extension(what), new FhirString(text));
            }
        }

        if (options.Purpose != MessagePurpose.Production)
        {
            // HTEST says that a resource is of no real patient.
            bundle.Meta.Security.Add(new Coding("http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST"));
        }

        foreach (string instrument in results.Select(result => result.Origin.Instrument).Distinct(StringComparer.Ordinal))
        {
            Add(bundle, vocabulary.Device(instrument), new Device { Identifier = [new Identifier(vocabulary.Instruments, instrument)] });
        }

        foreach (ReportedResult result in results)
        {
            string name = result.Version.VersionName;
            Add(bundle, vocabulary.Specimen(name), SpecimenResource.Of(result, vocabulary));
            Add(bundle, vocabulary.Observation(name), ObservationResource.Of(result, options, vocabulary));
            if (result.Assurance.Signature is not null || result.Version.Reason is not null)
            {
                Add(bundle, vocabulary.Provenance(name), ProvenanceResource.Of(result, options, vocabulary));
            }
        }

        return Encoding.UTF8.GetBytes(Serializer.SerializeToString(bundle));
    }

    private static (string What, string? Text)[] PartiesOf(InterchangeOptions options) =>
    [
        ("sender", options.Sender.Application), ("sender-facility", options.Sender.Facility),
        ("receiver", options.Receiver?.Application), ("receiver-facility", options.Receiver?.Facility),
    ];

    private static void Add(Bundle bundle, string fullUrl, Resource resource) => bundle.Entry.Add(new Bundle.EntryComponent { FullUrl = fullUrl, Resource = resource });
}

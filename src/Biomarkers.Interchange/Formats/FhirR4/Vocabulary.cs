using System.Text;
using Biomarkers.Immunoassay;

namespace Biomarkers.Interchange.Formats.FhirR4;

/// <summary>URIs of identifiers, codes and extensions of our own, and of the code systems of others.</summary>
/// <param name="systemBase">What our own begin with.</param>
internal sealed class Vocabulary(string systemBase)
{
    public const string Ucum = "http://unitsofmeasure.org";
    public const string Loinc = "http://loinc.org";
    public const string Interpretation = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
    public const string AbsentReason = "http://terminology.hl7.org/CodeSystem/data-absent-reason";
    public const string Category = "http://terminology.hl7.org/CodeSystem/observation-category";
    public const string SpecimenType = "http://terminology.hl7.org/CodeSystem/v2-0487";
    public const string FastingStatus = "http://terminology.hl7.org/CodeSystem/v2-0916";
    public const string ProvenanceAgent = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";

    /// <summary>Identifiers of messages: control ids.</summary>
    public string Messages => $"{systemBase}messages";

    /// <summary>Identifiers of results, the same for all versions.</summary>
    public string Results => $"{systemBase}results";

    /// <summary>Identifiers of result versions.</summary>
    public string ResultVersions => $"{systemBase}result-versions";

    /// <summary>Sample ids of the LIMS.</summary>
    public string Samples => $"{systemBase}samples";

    /// <summary>Subjects of a study.</summary>
    public string Subjects => $"{systemBase}subjects";

    /// <summary>Instruments.</summary>
    public string Instruments => $"{systemBase}instruments";

    /// <summary>Operators of instruments.</summary>
    public string Operators => $"{systemBase}operators";

    /// <summary>Those who release and sign.</summary>
    public string Reviewers => $"{systemBase}reviewers";

    /// <summary>Sending applications.</summary>
    public string Applications => $"{systemBase}applications";

    /// <summary>Analytical runs.</summary>
    public string Runs => $"{systemBase}analytical-runs";

    /// <summary>Local codes of analytes.</summary>
    public string Analytes => $"{systemBase}analytes";

    /// <summary>Assays with their versions.</summary>
    public string Assays => $"{systemBase}assays";

    /// <summary>Codes of findings.</summary>
    public string Flags => $"{systemBase}flags";

    /// <summary>Codes of components.</summary>
    public string Components => $"{systemBase}components";

    /// <summary>Meanings of signatures.</summary>
    public string SignatureMeanings => $"{systemBase}signature-meanings";

    /// <summary>URL of an extension.</summary>
    public string Extension(string name) => $"{systemBase}extensions/{name}";

    /// <summary>Full URL of a result version's Observation.</summary>
    public string Observation(string versionName) => UrlOf("Observation", versionName);

    /// <summary>Full URL of a result version's Specimen: two results of one sample may know different things of it.</summary>
    public string Specimen(string versionName) => UrlOf("Specimen", versionName);

    /// <summary>Full URL of a result version's Provenance.</summary>
    public string Provenance(string versionName) => UrlOf("Provenance", versionName);

    /// <summary>Full URL of an instrument's Device.</summary>
    public string Device(string instrument) => UrlOf("Device", instrument);

    // A UUID of version 8 (RFC 9562, 5.8) from a SHA-256, so that no randomness is needed and a message that is sent again is the same.
    private string UrlOf(string type, string name)
    {
        byte[] bytes = ContentHash.Of(Encoding.UTF8.GetBytes($"{systemBase}\n{type}\n{name}")).ToBytes()[..16];
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return $"urn:uuid:{new Guid(bytes, bigEndian: true)}";
    }
}

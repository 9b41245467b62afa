using System.Text.Json;
using Biomarkers.Interchange;
using Biomarkers.Results.Delivery;
using Hl7.Fhir.Model;
using Xunit;

namespace Biomarkers.Tests.Interchange.Formats;

public sealed class FhirR4FormatTests
{
    private static readonly SampleResults Sample = new();

    /// <summary>The Observation by FHIR R4 and the table of fields; written by hand, but for the UUIDs that follow from names.</summary>
    [Fact]
    public void Encode_OneResult_HasTheObservationOfTheTable()
    {
        string expected = $$$"""
            {
              "resourceType": "Observation",
              "meta": { "versionId": "2" },
              "extension": [
                { "url": "biomarkers:extensions/plate-barcode", "valueString": "PLATE-0042" },
                { "url": "biomarkers:extensions/well", "valueString": "A03" },
                { "url": "biomarkers:extensions/well", "valueString": "A04" },
                { "url": "biomarkers:extensions/significant-digits", "valueInteger": 4 },
                { "url": "biomarkers:extensions/unrounded", "valueDecimal": 1.23456 },
                { "url": "biomarkers:extensions/study", "valueString": "ANA-1" },
                { "url": "biomarkers:extensions/measured", "valueDateTime": "2026-11-21T09:15:30.123456+01:00" },
                { "url": "biomarkers:extensions/run", "valueReference": { "identifier": { "system": "biomarkers:analytical-runs", "value": "analyticalRuns/5" } } },
                { "url": "biomarkers:extensions/method-hash", "valueString": "{{{new string('a', 64)}}}" },
                {
                  "extension": [ { "url": "kind", "valueCode": "kit" }, { "url": "number", "valueString": "K-1" }, { "url": "expiry", "valueDate": "2027-03-31" } ],
                  "url": "biomarkers:extensions/lot"
                },
                {
                  "extension": [ { "url": "sequence", "valueString": "4711" }, { "url": "hash", "valueString": "{{{new string('b', 64)}}}" } ],
                  "url": "biomarkers:extensions/verification-token"
                }
              ],
              "identifier": [ { "system": "biomarkers:results", "value": "results/17" }, { "system": "biomarkers:result-versions", "value": "results/17@2" } ],
              "status": "final",
              "category": [ { "coding": [ { "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory" } ] } ],
              "code": {
                "coding": [ { "system": "http://loinc.org", "code": "26881-3" }, { "system": "biomarkers:analytes", "code": "il-6", "display": "Interleukin 6" } ],
                "text": "Interleukin 6"
              },
              "subject": { "identifier": { "system": "biomarkers:subjects", "value": "1007" } },
              "effectiveDateTime": "2026-11-20T08:30:00.000000+01:00",
              "issued": "2026-11-22T12:00:00+00:00",
              "performer": [
                { "identifier": { "system": "biomarkers:operators", "value": "kim" }, "display": "kim" },
                { "identifier": { "system": "biomarkers:reviewers", "value": "Dr. Roe" }, "display": "Dr. Roe" }
              ],
              "valueQuantity": { "value": 1.235, "unit": "pg/mL", "system": "http://unitsofmeasure.org", "code": "pg/mL" },
              "interpretation": [ { "coding": [ { "system": "biomarkers:flags", "code": "S_REP_CV" } ], "text": "Replicates differ by more than the limit" } ],
              "method": { "coding": [ { "system": "biomarkers:assays", "code": "il-6@1" } ] },
              "specimen": { "reference": "SPECIMEN" },
              "device": { "reference": "DEVICE" },
              "component": [
                { "code": { "coding": [ { "system": "biomarkers:components", "code": "well-count" } ] }, "valueInteger": 2 },
                {
                  "code": { "coding": [ { "system": "biomarkers:components", "code": "dilution-factor" } ] },
                  "valueQuantity": { "value": 2, "unit": "1", "system": "http://unitsofmeasure.org", "code": "1" }
                },
                {
                  "code": { "coding": [ { "system": "biomarkers:components", "code": "within-plate-interval-95" } ] },
                  "valueRange": {
                    "low": { "value": 1.1, "unit": "pg/mL", "system": "http://unitsofmeasure.org", "code": "pg/mL" },
                    "high": { "value": 1.4, "unit": "pg/mL", "system": "http://unitsofmeasure.org", "code": "pg/mL" }
                  }
                },
                {
                  "code": { "coding": [ { "system": "biomarkers:components", "code": "cv" } ] },
                  "valueQuantity": { "value": 4.5, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%" }
                },
                { "code": { "coding": [ { "system": "biomarkers:components", "code": "mean-response" } ] }, "valueQuantity": { "value": 0.51 } }
              ]
            }
            """;
        Bundle bundle = FhirDecoder.Parse(Written.Bytes("fhir-r4", [Sample.Make()], SampleResults.Options));
        expected = expected.Replace("SPECIMEN", UrlOf<Specimen>(bundle), StringComparison.Ordinal).Replace("DEVICE", UrlOf<Device>(bundle), StringComparison.Ordinal);
        AssertJson(expected, EntryOf(Written.Text("fhir-r4", Sample.Make()), "Observation"));
    }

    [Fact]
    public void Encode_OneResult_HasSpecimenDeviceAndProvenance()
    {
        string text = Written.Text("fhir-r4", Sample.Make());
        string observation = UrlOf<Observation>(FhirDecoder.Parse(System.Text.Encoding.UTF8.GetBytes(text)));
        AssertJson(
            """
            {
              "resourceType": "Specimen",
              "extension": [
                { "url": "biomarkers:extensions/visit", "valueString": "week 13" },
                { "url": "biomarkers:extensions/timepoint", "valueString": "OGTT 30 min" },
                { "url": "biomarkers:extensions/haemolysis-index", "valueDecimal": 0.1 },
                { "url": "biomarkers:extensions/freeze-thaw-count", "valueInteger": 1 }
              ],
              "identifier": [ { "system": "biomarkers:samples", "value": "S-0001" } ],
              "type": { "coding": [ { "system": "http://terminology.hl7.org/CodeSystem/v2-0487", "code": "SER", "display": "Serum" } ], "text": "serum" },
              "subject": { "identifier": { "system": "biomarkers:subjects", "value": "1007" } },
              "receivedTime": "2026-11-20T10:00:00.000000+01:00",
              "collection": {
                "collectedDateTime": "2026-11-20T08:30:00.000000+01:00",
                "fastingStatusCodeableConcept": { "coding": [ { "system": "http://terminology.hl7.org/CodeSystem/v2-0916", "code": "F" } ] }
              },
              "container": [ { "additiveCodeableConcept": { "text": "none" } } ]
            }
            """,
            EntryOf(text, "Specimen"));
        AssertJson("""{ "resourceType": "Device", "identifier": [ { "system": "biomarkers:instruments", "value": "reader-1" } ] }""", EntryOf(text, "Device"));
        AssertJson(
            $$$"""
            {
              "resourceType": "Provenance",
              "target": [ { "reference": "{{{observation}}}" } ],
              "recorded": "2026-11-22T12:00:00+00:00",
              "agent": [
                {
                  "type": { "coding": [ { "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type", "code": "assembler" } ] },
                  "who": { "identifier": { "system": "biomarkers:applications", "value": "Biomarkers" }, "display": "Biomarkers" }
                },
                {
                  "type": { "coding": [ { "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type", "code": "verifier" } ] },
                  "who": { "identifier": { "system": "biomarkers:reviewers", "value": "Dr. Roe" }, "display": "Dr. Roe" }
                }
              ],
              "signature": [
                {
                  "type": [ { "system": "biomarkers:signature-meanings", "display": "reviewed and released" } ],
                  "when": "2026-11-22T11:59:58+00:00",
                  "who": { "identifier": { "system": "biomarkers:reviewers", "value": "Dr. Roe" }, "display": "Dr. Roe" }
                }
              ]
            }
            """,
            EntryOf(text, "Provenance"));
    }

    [Fact]
    public void Encode_Bundle_SaysWhoSendsWhatToWhom()
    {
        Bundle bundle = FhirDecoder.Parse(Written.Bytes("fhir-r4", [Sample.Make()], SampleResults.Options));
        Assert.Equal((Bundle.BundleType.Collection, "C-1", SampleResults.Options.MessageTime), (bundle.Type!.Value, bundle.Identifier!.Value, bundle.Timestamp!.Value));
        Assert.Equal(["Biomarkers", "Laboratory 1", "LIMS", "Hospital"], bundle.Meta!.Extension.Select(extension => ((FhirString)extension.Value!).Value));
    }

    /// <summary>Resources have the same UUIDs in every message, of version 8 (RFC 9562), and an instrument is there once.</summary>
    [Fact]
    public void Encode_SeveralResults_NameTheirResourcesSteadily()
    {
        ReportedResult other = (Sample with { Version = Sample.Version with { Name = "results/18" } }).Make();
        Bundle both = FhirDecoder.Parse(Written.Bytes("fhir-r4", [Sample.Make(), other], SampleResults.Options));
        Bundle alone = FhirDecoder.Parse(Written.Bytes("fhir-r4", [Sample.Make()], SampleResults.Options));
        Assert.Equal(7, both.Entry.Count);
        Assert.Equal(7, both.Entry.Select(entry => entry.FullUrl).Distinct().Count());
        Assert.All(both.Entry, entry => Assert.Matches("^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", entry.FullUrl!));
        Assert.Equal(alone.Entry.Select(entry => entry.FullUrl), both.Entry.Take(4).Select(entry => entry.FullUrl));
    }

    [Fact]
    public void Encode_AnotherSystemBase_IsInEveryUriOfOurs()
    {
        InterchangeOptions options = SampleResults.Options with { SystemBase = "https://lab.example.org/fhir/" };
        string text = Written.Text("fhir-r4", [Sample.Make()], options);
        Assert.Contains("\"https://lab.example.org/fhir/flags\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"biomarkers:", text, StringComparison.Ordinal);
    }

    private static string UrlOf<T>(Bundle bundle)
        where T : Resource => bundle.Entry.Single(entry => entry.Resource is T).FullUrl!;

    private static JsonElement EntryOf(string bundle, string type)
    {
        using JsonDocument document = JsonDocument.Parse(bundle);
        return document.RootElement.GetProperty("entry").EnumerateArray().Select(entry => entry.GetProperty("resource"))
            .Single(resource => resource.GetProperty("resourceType").GetString() == type).Clone();
    }

    // White space apart; order and digits count.
    private static void AssertJson(string expected, JsonElement actual)
    {
        using JsonDocument document = JsonDocument.Parse(expected);
        var options = new JsonWriterOptions { Indented = true };
        Assert.Equal(TextOf(document.RootElement, options), TextOf(actual, options));
    }

    private static string TextOf(JsonElement element, JsonWriterOptions options)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, options))
        {
            element.WriteTo(writer);
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}

using System.Text;
using Biomarkers.Interchange;
using Biomarkers.Results.Delivery;
using Hl7.Fhir.Model;
using Xunit;

namespace Biomarkers.Tests.Interchange;

/// <summary>What a single result looks like in a format, and its fields by their numbers.</summary>
internal static class Written
{
    public static string Text(string id, ReportedResult result) => Text(id, [result], SampleResults.Options);

    public static string Text(string id, IReadOnlyList<ReportedResult> results, InterchangeOptions options) => Encoding.UTF8.GetString(Bytes(id, results, options));

    public static byte[] Bytes(string id, IReadOnlyList<ReportedResult> results, InterchangeOptions options)
    {
        Assert.True(ResultFormats.TryFind(id, out ResultFormat? format));
        return format.Encode(results, options);
    }

    /// <summary>Fields such as <c>OBX-5</c>, as they stand there, empty where there is none.</summary>
    public static Fields Hl7(ReportedResult result) => new(Text("hl7-v2.5.1", result), '-', 0);

    /// <summary>Fields such as <c>R.4</c>; the name of a record is its first field.</summary>
    public static Fields Lis2(ReportedResult result) => new(Text("lis2-a2", result), '.', 1);

    public static Observation Observation(ReportedResult result) => Resource<Observation>(result);

    public static T Resource<T>(ReportedResult result)
        where T : Resource => FhirDecoder.Parse(Bytes("fhir-r4", [result], SampleResults.Options)).Entry.Select(entry => entry.Resource).OfType<T>().Single();

    internal sealed class Fields(string message, char separator, int name)
    {
        public string this[string place]
        {
            get
            {
                string[] parts = place.Split(separator);
                // The separator itself is the first field of a header of HL7.
                int at = int.Parse(parts[1]) - name - (parts[0] == "MSH" ? 1 : 0);
                string[] fields = message.Split('\r').Select(record => record.Split('|')).First(record => record[0] == parts[0]);
                return at < fields.Length ? fields[at] : "";
            }
        }
    }
}

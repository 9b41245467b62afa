using System.Diagnostics;
using Biomarkers.Interchange;
using Biomarkers.Results.Delivery;

namespace Biomarkers.Tests.Interchange;

/// <summary>What came of writing results in a format and reading them back by an independent decoder.</summary>
/// <param name="Format">Format.</param>
/// <param name="Results">Results that were written and read.</param>
/// <param name="Fields">Fields that were compared.</param>
/// <param name="Bytes">Bytes that were written.</param>
/// <param name="EncodeTime">Time of the encoder alone.</param>
/// <param name="Differences">Differences in words, the first hundred.</param>
/// <param name="DifferentResults">Results that differ.</param>
internal sealed record RoundTripFigures(string Format, int Results, long Fields, long Bytes, TimeSpan EncodeTime, IReadOnlyList<string> Differences, int DifferentResults);

/// <summary>Random results through a format and back, every field compared.</summary>
internal static class RoundTrip
{
    private const int ShownDifferences = 100;
    private const int ChunkResults = 10_000;

    /// <summary>Results per message, where a decoder takes several; python-hl7 splits batches at letters that are no line end in HL7.</summary>
    private const int MessageResults = 20;

    /// <summary>Writes and reads results.</summary>
    /// <param name="format">Format.</param>
    /// <param name="count">Number of results.</param>
    /// <param name="seed">Equal seeds give equal results.</param>
    /// <param name="spoil">What is done to a message on its way; null for nothing.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<RoundTripFigures> RunAsync(ResultFormat format, int count, ulong seed, Func<byte[], byte[]>? spoil, CancellationToken cancellation)
    {
        var random = new RandomResults(seed);
        int perMessage = format.Id == "hl7-v2.5.1" ? 1 : MessageResults;
        var differences = new List<string>();
        long fields = 0, bytes = 0, ticks = 0;
        int different = 0;
        for (int first = 0; first < count; first += ChunkResults)
        {
            var expected = new List<SortedDictionary<string, string>>();
            var messages = new List<byte[]>();
            for (int i = first; i < Math.Min(count, first + ChunkResults); i += perMessage)
            {
                ReportedResult[] results = [.. Enumerable.Range(i, Math.Min(perMessage, count - i)).Select(random.At)];
                InterchangeOptions options = random.OptionsAt(i);
                expected.AddRange(results.Select(result => ExpectedFields.Of(format.Id, result, options)));
                long began = Stopwatch.GetTimestamp();
                byte[] message = format.Encode(results, options);
                ticks += Stopwatch.GetTimestamp() - began;
                bytes += message.Length;
                messages.Add(spoil is null ? message : spoil(message));
            }

            IReadOnlyList<SortedDictionary<string, string>> read = PythonDecoder.Reads(format.Id)
                ? await PythonDecoder.DecodeAsync(format.Id, messages, cancellation)
                : [.. messages.SelectMany(FhirDecoder.Decode)];
            if (read.Count != expected.Count)
            {
                differences.Add($"{format.Id}: {expected.Count} results were written and {read.Count} read");
                different += Math.Abs(expected.Count - read.Count);
            }

            for (int i = 0; i < Math.Min(read.Count, expected.Count); i++)
            {
                string[] found = [.. DifferencesOf($"{format.Id}, result {first + i}", expected[i], read[i])];
                fields += expected[i].Count;
                different += found.Length > 0 ? 1 : 0;
                differences.AddRange(found.Take(ShownDifferences - differences.Count));
            }
        }

        return new RoundTripFigures(format.Id, count, fields, bytes, TimeSpan.FromSeconds((double)ticks / Stopwatch.Frequency), differences, different);
    }

    private static IEnumerable<string> DifferencesOf(string place, SortedDictionary<string, string> expected, SortedDictionary<string, string> read) =>
        expected.Keys.Union(read.Keys).Where(name => expected.GetValueOrDefault(name) != read.GetValueOrDefault(name))
            .Select(name => $"{place}, {name}: expected '{expected.GetValueOrDefault(name)}', read '{read.GetValueOrDefault(name)}'");
}

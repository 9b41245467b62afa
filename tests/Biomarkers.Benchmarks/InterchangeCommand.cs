using System.CommandLine;
using System.Text;
using Biomarkers.Interchange;
using Biomarkers.Tests.Interchange;

namespace Biomarkers.Benchmarks;

/// <summary><c>biomarkers-benchmarks interchange</c>: random released results through every format and back by decoders that share no code with the encoders.</summary>
internal static class InterchangeCommand
{
    private const int ControlResults = 20;

    private static readonly Option<int?> CountOption = new("--count") { Description = "Results per format; 100000, with --short 2000." };

    private static readonly Option<string?> FormatOption = new("--format") { Description = $"Only this format: {ResultFormats.KnownIds}.", HelpName = "ID" };

    public static Command Create()
    {
        var command = new Command(
            "interchange",
            "Writes random released results in every format and reads them back: FHIR by Hl7.Fhir's strict parser, HL7 v2 by python-hl7, LIS2-A2, CSV and JSON by Python. Every field is compared. As a control "
            + "results whose plate's barcode is changed on the way, each of which must be found. Exit code 1 for any difference, or where a change is not found. Needs Debian's python3-hl7.")
        {
            CountOption, FormatOption, Report.Seed, Report.Short, Report.Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        int count = parsed.GetValue(CountOption) ?? (parsed.GetValue(Report.Short) ? 2000 : 100_000);
        ulong seed = (ulong)parsed.GetValue(Report.Seed);
        IReadOnlyList<ResultFormat> formats = ResultFormats.All;
        if (parsed.GetValue(FormatOption) is { } id)
        {
            if (!ResultFormats.TryFind(id, out ResultFormat? format))
            {
                Console.Error.WriteLine($"Format '{id}' is not known; expected one of {ResultFormats.KnownIds}.");
                return 2;
            }

            formats = [format];
        }

        var figures = new List<Figure>();
        int wrong = 0;
        foreach (ResultFormat format in formats)
        {
            RoundTripFigures run = await RoundTrip.RunAsync(format, count, seed, spoil: null, cancellation);
            int missed = ControlResults - (await RoundTrip.RunAsync(format, ControlResults, seed, Spoiled, cancellation)).DifferentResults;
            wrong += run.DifferentResults + run.Differences.Count + missed;
            figures.Add(new Figure($"{format.Id}: results written and read back", run.Results, "results"));
            figures.Add(new Figure($"{format.Id}: fields compared", run.Fields, "fields"));
            figures.Add(new Figure($"{format.Id}: results that differ", run.DifferentResults, "results"));
            figures.Add(new Figure($"{format.Id}: control, changed results that were not found", missed, $"of {ControlResults}"));
            figures.Add(new Figure($"{format.Id}: encoding", run.EncodeTime.TotalMicroseconds / run.Results, "us per result"));
            figures.Add(new Figure($"{format.Id}: size", (double)run.Bytes / run.Results, "bytes per result"));
            run.Differences.ToList().ForEach(Console.Error.WriteLine);
        }

        Report.Print(parsed, "Released results, written and read back", figures);
        return wrong > 0 ? 1 : 0;
    }

    // The barcode of every random plate begins so.
    private static byte[] Spoiled(byte[] message) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(message).Replace("PLATE-", "PLATE_", StringComparison.Ordinal));
}

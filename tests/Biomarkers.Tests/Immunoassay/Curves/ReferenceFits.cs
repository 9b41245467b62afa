using System.Text.Json;
using Biomarkers.Immunoassay.Curves;

namespace Biomarkers.Tests.Immunoassay.Curves;

/// <summary>Reads the reference fits of ../shared/data/fits.</summary>
internal static class ReferenceFits
{
    private static readonly Lazy<Dictionary<string, (double[] X, double[] Y)>> Inputs = new(ReadInputs);

    /// <summary>Rows of a CSV file of the reference data, by column name. The files hold no quoted separators except where said.</summary>
    public static List<Dictionary<string, string>> Rows(string relative)
    {
        string[] lines = File.ReadAllLines(SharedData.PathOf(relative));
        string[] header = Split(lines[0]);
        return [.. lines.Skip(1).Where(line => line.Length > 0).Select(line => header.Zip(Split(line)).ToDictionary(pair => pair.First, pair => pair.Second))];
    }

    public static (double[] X, double[] Y) InputOf(string id) => Inputs.Value[id];

    public static double Number(this Dictionary<string, string> row, string column) => double.Parse(row[column]);

    public static CurveModel Model(string id) =>
        CurveModels.TryFind(id, out CurveModel? model) ? model : throw new ArgumentException($"No model '{id}'.", nameof(id));

    public static Weighting Weights(string id) =>
        Weighting.TryParse(id, out Weighting? weighting) ? weighting : throw new ArgumentException($"No weighting '{id}'.", nameof(id));

    public static CurveFit Fit(string model, string weights, IReadOnlyList<double> x, IReadOnlyList<double> y) =>
        CurveFitter.Fit(new CurveFitProblem(Model(model), Weights(weights), x, y, new Dictionary<string, double>()), CurveFitOptions.Default);

    /// <summary>The fit of one row, in our words.</summary>
    public static CurveFit FitOf(Dictionary<string, string> row)
    {
        (double[] x, double[] y) = InputOf(row["id"]);
        string model = row["model"] switch { "4PL" => "4pl", "5PL" => "5pl", _ => "5pl-ad" };
        return Fit(model, row["weight"], x, y);
    }

    public static string Name(Dictionary<string, string> row) => $"{row["id"]} {row["model"]} {row["weight"]}";

    private static Dictionary<string, (double[] X, double[] Y)> ReadInputs()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(SharedData.PathOf("fits/fit_inputs.json")));
        return document.RootElement.EnumerateArray().ToDictionary(
            entry => entry.GetProperty("id").GetString()!,
            entry => (Numbers(entry.GetProperty("x")), Numbers(entry.GetProperty("y"))));
    }

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetDouble())];

    private static string[] Split(string line)
    {
        var cells = new List<string>();
        bool quoted = false;
        int start = 0;
        for (int i = 0; i <= line.Length; i++)
        {
            if (i < line.Length && line[i] == '"')
            {
                quoted = !quoted;
            }
            else if (i == line.Length || (line[i] == ',' && !quoted))
            {
                cells.Add(line[start..i].Trim('"'));
                start = i + 1;
            }
        }

        return [.. cells];
    }
}

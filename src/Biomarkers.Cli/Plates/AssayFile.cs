using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Cli.Plates;

/// <summary>An assay by the id of a built-in one or as a JSON file.</summary>
internal static class AssayFile
{
    private const int MaximumBytes = 1024 * 1024;

    private static readonly Dictionary<string, string> WordsOfProperty = new()
    {
        ["responseKind"] = WordsOf<ResponseKind>(),
        ["form"] = WordsOf<AnalyteForm>(),
        ["fitBasis"] = WordsOf<FitBasis>(),
        ["blankTreatment"] = WordsOf<BlankTreatment>(),
        ["release"] = WordsOf<ResultRelease>(),
        ["unit"] = ConcentrationUnit.KnownCodes,
    };

    /// <summary>Finds a built-in assay or reads a file.</summary>
    /// <param name="idOrPath">Id such as <c>il-6</c>, or a JSON file.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<Checked<AssayDefinition>> FindAsync(string idOrPath, CancellationToken cancellationToken)
    {
        if (BuiltInAssays.TryFind(idOrPath, out AssayDefinition? builtIn))
        {
            return builtIn;
        }

        return File.Exists(idOrPath) || idOrPath.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
            ? await ReadAsync(idOrPath, cancellationToken)
            : Refused("", FaultReasons.AssayUnknown, $"There is no such assay; expected one of {BuiltInAssays.KnownIds}, or a JSON file of an assay.");
    }

    /// <summary>Reads a JSON file of an assay, or says everything that is wrong with it. The version may be missing and is then 1.</summary>
    public static async Task<Checked<AssayDefinition>> ReadAsync(string path, CancellationToken cancellationToken)
    {
        Checked<byte[]> bytes = await LocalFile.ReadAsync(path, MaximumBytes, "an assay as JSON", cancellationToken);
        return bytes.Value is { } content ? Parse(content) : bytes.Faults.ToList();
    }

    /// <summary>Reads the bytes of a JSON file of an assay.</summary>
    public static Checked<AssayDefinition> Parse(byte[] utf8)
    {
        AssayDefinition assay;
        try
        {
            ReadOnlySpan<byte> text = utf8.AsSpan().StartsWith("\uFEFF"u8) ? utf8.AsSpan(3) : utf8;
            if (text.Trim(" \t\r\n"u8).IsEmpty)
            {
                return Refused("", FaultReasons.InvalidFile, "The file is empty; expected an assay as JSON.");
            }

            assay = CanonicalJson.Deserialize<AssayDefinition>(text);
        }
        catch (JsonException exception)
        {
            return new List<Fault> { FaultOf(exception, utf8) };
        }

        List<Fault> missing = [.. PartsOf(assay).Where(part => part.Value is null).Select(part => new Fault(part.Place, FaultReasons.Required, "The value is missing or null; expected one."))];
        if (missing.Count > 0)
        {
            return missing;
        }

        Checked<AssayDefinition> result = AssayDefinition.Check(assay.Version == 0 ? assay with { Version = 1 } : assay);
        return result.Value is not null ? result : result.Faults.Select(fault => fault with { Field = JsonPlace(fault.Field) }).ToList();
    }

    /// <summary>Everything that a null in the JSON leaves out, though the type says otherwise.</summary>
    private static IEnumerable<(string Place, object? Value)> PartsOf(AssayDefinition assay)
    {
        yield return ("$.id", assay.Id);
        yield return ("$.displayName", assay.DisplayName);
        yield return ("$.rulePack", assay.RulePack);
        yield return ("$.analytes", assay.Analytes);
        for (int i = 0; i < (assay.Analytes?.Count ?? 0); i++)
        {
            string place = string.Create(CultureInfo.InvariantCulture, $"$.analytes[{i}]");
            AnalyteSpecification? analyte = assay.Analytes![i];
            yield return (place, analyte);
            if (analyte is not null)
            {
                yield return ($"{place}.analyte", analyte.Analyte);
                yield return ($"{place}.displayName", analyte.DisplayName);
                yield return ($"{place}.unit", analyte.Unit);
                yield return ($"{place}.curveModel", analyte.CurveModel);
                yield return ($"{place}.weights", analyte.Weights);
                yield return ($"{place}.fixedParameters", analyte.FixedParameters);
            }
        }
    }

    private static Fault FaultOf(JsonException exception, byte[] utf8)
    {
        string path = exception.Path ?? "$";
        string place = exception.LineNumber is { } line ? string.Create(CultureInfo.InvariantCulture, $"line {line + 1}, {path}") : path;
        int end = exception.Message.IndexOf(" Path: ", StringComparison.Ordinal);
        string sentence = end < 0 ? exception.Message : exception.Message[..end];
        string property = path[(path.LastIndexOf('.') + 1)..];
        string? value = ValueAt(utf8, path);
        if (value is not null && WordsOfProperty.TryGetValue(property, out string? words))
        {
            return new Fault(place, FaultReasons.UnknownWord, $"{Texts.Shorten(value)} is no {property}; expected one of {words}.");
        }

        if (exception.Message.Contains("could not be mapped", StringComparison.Ordinal))
        {
            string owner = path.LastIndexOf('.') is > 0 and var dot ? path[..dot] : "$";
            Type type = owner == "$" ? typeof(AssayDefinition) : typeof(AnalyteSpecification);
            string known = string.Join(", ", type.GetProperties()
                .Where(item => item.GetCustomAttribute<JsonIgnoreAttribute>() is not { Condition: JsonIgnoreCondition.Always })
                .Select(item => JsonNamingPolicy.CamelCase.ConvertName(item.Name)));
            return new Fault(place, FaultReasons.UnknownWord, $"Unknown key '{Texts.Shorten(property)}' at {owner}; expected one of {known}.");
        }

        if (sentence.Contains(" was missing required properties including: ", StringComparison.Ordinal))
        {
            return new Fault(place, FaultReasons.Required, $"These keys are missing: {sentence[(sentence.LastIndexOf(": ", StringComparison.Ordinal) + 2)..]}");
        }

        // The sentence of the JSON reader names types of this program; the value itself says more.
        bool isConversion = sentence.Contains("could not be converted to", StringComparison.Ordinal);
        string expected = !isConversion ? sentence : path == "$" ? "Expected an object with the keys of an assay." : "Expected a value as 'biomarkers assays get il-6 --json' shows it.";
        bool isScalar = value is [not '{' and not '[', ..];
        return new Fault(place, FaultReasons.InvalidFile, isScalar ? $"{Texts.Shorten(value!)} does not fit here. {expected}" : expected);
    }

    /// <summary>The JSON text at a place such as <c>$.analytes[0].unit</c>; null where the file is no JSON or has no such place.</summary>
    private static string? ValueAt(byte[] utf8, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            JsonElement element = document.RootElement;
            foreach (string step in path.Replace("[", ".[", StringComparison.Ordinal).Split('.').Skip(1))
            {
                bool isIndex = step.StartsWith('[') && step.EndsWith(']') && int.TryParse(step[1..^1], CultureInfo.InvariantCulture, out _);
                if (isIndex && element.ValueKind == JsonValueKind.Array && int.Parse(step[1..^1], CultureInfo.InvariantCulture) < element.GetArrayLength())
                {
                    element = element[int.Parse(step[1..^1], CultureInfo.InvariantCulture)];
                }
                else if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(step, out element))
                {
                    return null;
                }
            }

            return element.GetRawText();
        }
        catch (JsonException)
        {
            // The text is no JSON at all; the message that is being made says so.
            return null;
        }
    }

    /// <summary>A field path such as <c>analytes[0].curve_model</c> as the file spells it: <c>$.analytes[0].curveModel</c>.</summary>
    private static string JsonPlace(string field)
    {
        string[] words = field.Split('_');
        return "$." + words[0] + string.Concat(words.Skip(1).Select(word => word.Length == 0 ? "" : char.ToUpperInvariant(word[0]) + word[1..]));
    }

    private static string WordsOf<T>()
        where T : struct, Enum => string.Join(", ", Enum.GetValues<T>().Select(CommandConsole.WordOf));

    private static Checked<AssayDefinition> Refused(string field, string reason, string text) => new List<Fault> { new(field, reason, text) };
}

using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Biomarkers.Faults.Cases;

/// <summary>One row of the matrix of forty cases: what happens between instrument and server, and what must come of it. <c>cases.json</c> holds all of them.</summary>
internal sealed record IngestCase
{
    private static readonly JsonSerializerOptions JsonOptions =
        new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    /// <summary>1 to 40.</summary>
    public required int Id { get; init; }

    /// <summary>A letter where a case has several parts; empty otherwise.</summary>
    public string Part { get; init; } = string.Empty;

    /// <summary>What happens, for a person.</summary>
    public required string Title { get; init; }

    /// <summary>What the matrix asks for.</summary>
    public required string Matrix { get; init; }

    /// <summary>What is done, in order; see <see cref="CaseStep"/>.</summary>
    public IReadOnlyList<string> Steps { get; init; } = [];

    /// <summary>By plate: its state, the verdict of its newest run and every flag of that run, in any order; <c>NONE</c> for a plate that is not known.</summary>
    public IReadOnlyDictionary<string, string> Plates { get; init; } = new Dictionary<string, string>();

    /// <summary>By plate and sample: the range status of its result, which has a number only where it is <c>QUANTIFIED</c>.</summary>
    public IReadOnlyDictionary<string, string> Results { get; init; } = new Dictionary<string, string>();

    /// <summary>By table: rows of the case's instruments and plates. A table that is not named has none.</summary>
    public IReadOnlyDictionary<string, long> Rows { get; init; } = new Dictionary<string, long>();

    /// <summary>Actions that the audit log holds of the case's instruments and plates; others may be there too.</summary>
    public IReadOnlyList<string> Audit { get; init; } = [];

    /// <summary>Whether the case needs TLS, as certificates of instruments do.</summary>
    public bool OnlyOverTls { get; init; }

    /// <summary>Why the product does other than the matrix asks; null where it does not.</summary>
    public string? Difference { get; init; }

    /// <summary>Tests and commands that hold the case, or a part of it, where one server of its own is needed.</summary>
    public IReadOnlyList<string> Elsewhere { get; init; } = [];

    /// <summary>Number and part, such as <c>09b</c>.</summary>
    [JsonIgnore]
    public string Name => $"{Id:00}{Part}";

    /// <summary>Every row of the matrix.</summary>
    public static IReadOnlyList<IngestCase> All { get; } = Read();

    /// <summary>The rows that have steps.</summary>
    public static IReadOnlyList<IngestCase> Ready { get; } = [.. All.Where(row => row.Steps.Count > 0)];

    /// <summary>The rows of these that run on a transport.</summary>
    public static IReadOnlyList<IngestCase> ReadyOver(bool tls) => [.. Ready.Where(row => tls || !row.OnlyOverTls)];

    /// <summary>The steps, read.</summary>
    /// <exception cref="FormatException">A step is not right.</exception>
    public IReadOnlyList<CaseStep> ReadSteps() => [.. Steps.Select(CaseStep.Parse)];

    /// <summary>A file that stands beside the cases.</summary>
    public static byte[] ReadFile(string name)
    {
        using Stream file = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new InvalidOperationException($"'{name}' does not stand beside the cases.");
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static IReadOnlyList<IngestCase> Read() =>
        JsonSerializer.Deserialize<List<IngestCase>>(ReadFile("cases.json"), JsonOptions) ?? throw new InvalidOperationException("cases.json is empty.");
}

using System.Text.Json;

namespace Biomarkers.Immunoassay.Curves.Weights;

/// <summary>A learned variance function with all that it came from, as it is kept and published: its hash says that nothing was changed.</summary>
/// <remarks>Its <see cref="Weights"/> are what the next version of the assay takes; the artefact itself is the evidence for it. Kept as <see cref="CanonicalJson"/>.</remarks>
public sealed record VarianceFunctionArtefact
{
    /// <summary>The only format there is.</summary>
    public const int CurrentFormat = 1;

    /// <summary>Format of the record, 1.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>Id of the assay.</summary>
    public required string AssayId { get; init; }

    /// <summary>Version of the assay whose plates were used, 1 or more.</summary>
    public required int AssayVersion { get; init; }

    /// <summary>Analyte.</summary>
    public required string Analyte { get; init; }

    /// <summary>Version of this library that learned it.</summary>
    public required string EngineVersion { get; init; }

    /// <summary>Hashes of the plate reads that the replicates came from, 64 hexadecimal digits each, ascending, each once.</summary>
    public required IReadOnlyList<string> ReadHashes { get; init; }

    /// <summary>Prior and options.</summary>
    public required VarianceLearningOptions Options { get; init; }

    /// <summary>What was learned.</summary>
    public required LearnedVarianceFunction Result { get; init; }

    /// <summary>The weighting's id for the next version of the assay, such as <c>variance:0.01,0.05,1,320</c>.</summary>
    public required string Weights { get; init; }

    /// <summary>Puts an artefact together.</summary>
    /// <param name="assayId">Id of the assay.</param>
    /// <param name="assayVersion">Its version.</param>
    /// <param name="analyte">Analyte.</param>
    /// <param name="engineVersion">Version of this library.</param>
    /// <param name="readHashes">Hashes of the reads, in any order.</param>
    /// <param name="options">What <see cref="VarianceFunctionLearning.Learn"/> was called with.</param>
    /// <param name="result">What it returned.</param>
    public static VarianceFunctionArtefact Of(
        string assayId,
        int assayVersion,
        string analyte,
        string engineVersion,
        IEnumerable<ContentHash> readHashes,
        VarianceLearningOptions options,
        LearnedVarianceFunction result) => new()
        {
            AssayId = assayId,
            AssayVersion = assayVersion,
            Analyte = analyte,
            EngineVersion = engineVersion,
            ReadHashes = [.. readHashes.Select(hash => hash.Hex).Distinct().Order(StringComparer.Ordinal)],
            Options = options,
            Result = result,
            Weights = result.Weighting.Id,
        };

    /// <summary>UTF-8 bytes of the canonical form.</summary>
    public byte[] ToJson() => CanonicalJson.Serialize(this);

    /// <summary>SHA-256 of the canonical form.</summary>
    public ContentHash ComputeHash() => CanonicalJson.HashOf(this);

    /// <summary>Reads an artefact and checks that it is one: the format, the hashes, and that its weights are those of its result.</summary>
    /// <param name="utf8">Canonical JSON, or JSON of the same shape.</param>
    public static Checked<VarianceFunctionArtefact> Read(ReadOnlySpan<byte> utf8)
    {
        List<Fault> faults = [];
        VarianceFunctionArtefact? artefact = null;
        try
        {
            artefact = CanonicalJson.Deserialize<VarianceFunctionArtefact>(utf8);
            Check(artefact, faults);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            faults.Add(new Fault("", FaultReasons.InvalidFile, $"Expected a variance function's artefact: {exception.Message}"));
        }

        return faults.Count > 0 ? faults : artefact!;
    }

    private static void Check(VarianceFunctionArtefact artefact, List<Fault> faults)
    {
        if (artefact.Format != CurrentFormat)
        {
            faults.Add(new Fault("format", FaultReasons.OutOfRange, $"Format {artefact.Format} is not known; expected {CurrentFormat}."));
        }

        if (artefact.AssayVersion < 1)
        {
            faults.Add(new Fault("assayVersion", FaultReasons.OutOfRange, $"Version {artefact.AssayVersion} is not a version; expected 1 or more."));
        }

        string[] hashes = [.. artefact.ReadHashes];
        bool isOrdered = hashes.SequenceEqual(hashes.Distinct().Order(StringComparer.Ordinal));
        if (!isOrdered || !Array.TrueForAll(hashes, hash => hash.Length == 64 && hash.All(char.IsAsciiHexDigitLower)))
        {
            faults.Add(new Fault("readHashes", FaultReasons.InvalidText, "Expected hashes of 64 hexadecimal digits, ascending, each once."));
        }

        if (artefact.Result.PooledDegreesOfFreedom < 1 || artefact.Weights != artefact.Result.Weighting.Id)
        {
            faults.Add(new Fault("weights", FaultReasons.InvalidText, $"Weights '{artefact.Weights}' are not those of the result."));
        }
    }
}

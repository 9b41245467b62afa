using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;

namespace Biomarkers.Storage.Seals;

/// <summary>What names a run to whoever reads it, from the rows that the run points at; absent where such a row is not there.</summary>
internal sealed record RunOrigin(string? PlateBarcode, string? ReadId, string? InstrumentId, int? LayoutVersion, string? AssayId, int? AssayVersion);

/// <summary>All that is stored of a run and is shown of it.</summary>
internal sealed record RunContents
{
    public required AnalyticalRunTable Run { get; init; }

    public required RunOrigin Origin { get; init; }

    public required IReadOnlyList<StandardCurveTable> Curves { get; init; }

    public required IReadOnlyList<ControlPointTable> Controls { get; init; }

    public required IReadOnlyList<RunLotTable> Lots { get; init; }

    public required IReadOnlyList<QcFlagTable> Flags { get; init; }

    /// <summary>Identities of its results, by key.</summary>
    public required IReadOnlyList<ResultTable> Results { get; init; }

    /// <summary>Every version of its results that rests on this run, by key.</summary>
    public required IReadOnlyList<ResultVersionTable> Versions { get; init; }

    /// <summary>The newest seal; null where there is none.</summary>
    public RunSealTable? Seal { get; init; }

    private string AssayName => $"{Run.AssayId}@{Origin.AssayVersion}";

    /// <summary>The seal that fits these rows.</summary>
    public RunSealTable MakeSeal(int ordinal)
    {
        var hash = new SealHash();
        hash.Add([Run]);
        hash.Begin("origin");
        hash.Add("plate_barcode", Origin.PlateBarcode);
        hash.Add("read_id", Origin.ReadId);
        hash.Add("instrument_id", Origin.InstrumentId);
        hash.Add("layout_version", Origin.LayoutVersion);
        hash.Add("assay_id", Origin.AssayId);
        hash.Add("assay_version", Origin.AssayVersion);
        hash.End();
        hash.Add(Curves);
        hash.Add(Controls);
        hash.Add(Lots);
        hash.Add(Flags);
        hash.Add(Results);
        hash.Add(Versions);
        return new RunSealTable { RunKey = Run.RunKey, Ordinal = ordinal, RowCount = hash.RowCount, ContentHash = hash.Finish().ToBytes() };
    }

    /// <summary>Hash of one version, which a signature covers: its row, its result's, and the inputs and the engine that it comes of.</summary>
    public ContentHash HashOf(ResultVersionTable version)
    {
        var hash = new SealHash();
        hash.Add([Results.Single(result => result.ResultKey == version.ResultKey)]);
        hash.Add([version]);
        hash.Begin("run");
        hash.Add("plate_barcode", Origin.PlateBarcode);
        hash.Add("inputs_hash", Run.InputsHash);
        hash.Add("engine_version", Run.EngineVersion);
        hash.Add("verdict", Run.Verdict);
        hash.End();
        return hash.Finish();
    }

    /// <summary>The run without its parts.</summary>
    /// <param name="sequence">Its place in the ledger.</param>
    public RunSummary ToSummary(long sequence) => new(
        Run.RunKey,
        sequence,
        Origin.PlateBarcode!,
        Origin.ReadId!,
        Origin.LayoutVersion!.Value,
        Origin.InstrumentId!,
        AssayName,
        Run.RulePack,
        Run.EngineVersion,
        (RunVerdict)Run.Verdict,
        RowMapping.FromJson<IReadOnlyList<AcceptanceCriterion>>(Run.Criteria),
        ContentHash.FromBytes(Run.InputsHash),
        Instant.FromMicroseconds(Run.SaveTime),
        Run.ResultCount,
        Run.FlagCount);

    /// <summary>The run with all its parts; of each result the newest version that rests on it.</summary>
    /// <param name="sequence">Its place in the ledger.</param>
    public StoredRun ToRun(long sequence)
    {
        RunSummary summary = ToSummary(sequence);
        StoredResult[] stored = [.. Versions.GroupBy(version => version.ResultKey)
            .Select(versions => versions.MaxBy(version => version.Version)!)
            .OrderBy(version => version.Ordinal)
            .Select(ToResult)];
        var run = new AnalyticalRun(
            summary.InputsHash,
            summary.EngineVersion,
            summary.AssayName,
            summary.RulePack,
            summary.Verdict,
            summary.Criteria,
            [.. Curves.Select(RunMapping.ToCurve)],
            [.. Controls.Select(RunMapping.ToControl)],
            [.. stored.Select(result => result.Result)],
            [.. Flags.Select(RunMapping.ToFlag)]);
        return new StoredRun(summary, run, stored);
    }

    /// <summary>A version of a result of this run.</summary>
    public StoredResult ToResult(ResultVersionTable version) => new(
        version.ResultKey,
        version.Version,
        version.VersionKey,
        (ResultStatus)version.Status,
        Origin.PlateBarcode!,
        version.RunKey,
        AssayName,
        (RunVerdict)Run.Verdict,
        Instant.FromMicroseconds(version.CreateTime),
        (ResultStatus)version.Status == ResultStatus.Preliminary ? null : version.SupersedesVersion,
        version.Reason,
        HashOf(version),
        RunMapping.ToResult(Results.Single(result => result.ResultKey == version.ResultKey), version));
}

using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Results;
using Biomarkers.Storage.Copies;
using Biomarkers.Storage.Seals;
using Biomarkers.Storage.Tables;

namespace Biomarkers.Storage.Verification;

/// <summary>Computes a run again from its inputs and compares it with what is stored, bit for bit.</summary>
internal static class Recomputation
{
    // What a run computes of a version of a result; the rest of its columns is its life.
    private static readonly HashSet<string> ComputedOfVersion =
    [
        "ordinal", "unit", "range_status", "concentration", "limit_value", "lower_bound", "upper_bound", "cv_percent", "extrapolated_concentration", "mean_response", "response_variance",
        "ln_concentration_gradient", "wells", "flag_codes", "specimen",
    ];

    private static readonly HashSet<string> KeptByACancellation = ["ordinal", "unit", "wells", "specimen"];

    /// <summary>The first value that differs, as <c>table row column</c>; null where all are the same.</summary>
    /// <param name="stored">The run as it is stored.</param>
    /// <param name="inputs">What it rests on.</param>
    public static string? Difference(RunContents stored, AnalysisInputs inputs)
    {
        AnalyticalRun run = PlateAnalyzer.Analyze(inputs);
        long key = stored.Run.RunKey;
        return RunDifference(stored.Run, run)
            ?? Differences(stored.Curves, [.. run.Curves.Select((curve, i) => RunMapping.ToRow(key, i, curve))])
            ?? Differences(stored.Controls, [.. run.Controls.Select((control, i) => RunMapping.ToRow(key, i, control))])
            ?? Differences(stored.Lots, [.. inputs.Layout.Lots.Select((lot, i) => RunMapping.ToRow(key, i, lot))])
            ?? Differences(stored.Flags, [.. run.Flags.Select((flag, i) => RunMapping.ToRow(key, i, flag))])
            ?? ResultDifference(stored, run);
    }

    private static string? RunDifference(AnalyticalRunTable stored, AnalyticalRun run)
    {
        (string Column, bool IsSame)[] columns =
        [
            ("verdict", stored.Verdict == (int)run.Verdict), ("criteria", stored.Criteria == RowMapping.ToJson(run.Criteria)), ("rule_pack", stored.RulePack == run.RulePack),
            ("result_count", stored.ResultCount == run.Results.Count), ("flag_count", stored.FlagCount == run.Flags.Count),
        ];
        return columns.FirstOrDefault(column => !column.IsSame).Column is { } other ? $"{RowColumns<AnalyticalRunTable>.Table} {other}" : null;
    }

    private static string? ResultDifference(RunContents stored, AnalyticalRun run)
    {
        foreach (ResultVersionTable version in stored.Versions)
        {
            if (version.Ordinal < 0 || version.Ordinal >= run.Results.Count)
            {
                return $"result_version {version.VersionKey} ordinal";
            }

            SampleResult result = run.Results[version.Ordinal];
            ResultTable? identity = stored.Results.FirstOrDefault(row => row.ResultKey == version.ResultKey);
            if (identity is null || (identity.SampleId, identity.Analyte, identity.DilutionFactor) != (result.SampleId, result.Analyte, result.DilutionFactor))
            {
                return $"result {version.ResultKey}";
            }

            ResultVersionTable computed = RunMapping.ToRow(version.VersionKey, version.ResultKey, version.Version, version.RunKey, version.Ordinal, result, version.CreateTime);
            // A version that was cancelled shows no values; those of its run are in the version before it.
            Func<string, bool> isCompared = version.Status == (int)ResultStatus.Cancelled ? KeptByACancellation.Contains : ComputedOfVersion.Contains;
            if (Difference(version, computed, isCompared) is { } column)
            {
                return $"result_version {version.VersionKey} {column}";
            }
        }

        int computedOnce = stored.Versions.Select(version => version.Ordinal).Distinct().Count();
        return computedOnce == run.Results.Count ? null : "result_version";
    }

    private static string? Differences<T>(IReadOnlyList<T> stored, IReadOnlyList<T> computed)
    {
        if (stored.Count != computed.Count)
        {
            return $"{RowColumns<T>.Table} has {stored.Count} rows, not {computed.Count}";
        }

        for (int i = 0; i < stored.Count; i++)
        {
            if (Difference(stored[i], computed[i], _ => true) is { } column)
            {
                return $"{RowColumns<T>.Table} {i} {column}";
            }
        }

        return null;
    }

    private static string? Difference<T>(T stored, T computed, Func<string, bool> isCompared) =>
        RowColumns<T>.All.FirstOrDefault(column => isCompared(column.Name) && !IsSame(column.Value(stored), column.Value(computed))).Name;

    private static bool IsSame(object? one, object? other) => (one, other) switch
    {
        (byte[] bytes, byte[] others) => bytes.AsSpan().SequenceEqual(others),
        (double number, double another) => BitConverter.DoubleToInt64Bits(number) == BitConverter.DoubleToInt64Bits(another),
        _ => Equals(one, other),
    };
}

using Biomarkers.Immunoassay.Curves.Weights;

namespace Biomarkers.Cli.Learning;

/// <summary>What was learned: the shape of <c>biomarkers variance --json</c>.</summary>
/// <param name="Assay">Assay and version whose plates were used.</param>
/// <param name="PlateCount">Plates.</param>
/// <param name="Analytes">One per analyte.</param>
public sealed record VarianceReport(string Assay, int PlateCount, IReadOnlyList<LearnedAnalyte> Analytes);

/// <summary>The variance function of one analyte.</summary>
/// <param name="Analyte">Analyte.</param>
/// <param name="Weights">Weighting for the next version of the assay; absent when nothing could be learned.</param>
/// <param name="A">SD of a well at response 0, unit of the response.</param>
/// <param name="B">Factor of |f|^theta: the relative SD when theta is 1.</param>
/// <param name="Theta">Power of the response.</param>
/// <param name="ThetaStandardError">Of theta; absent when it is held or on a bound.</param>
/// <param name="PooledDegreesOfFreedom">Sum over the groups.</param>
/// <param name="EffectiveDegreesOfFreedom">Of the function, on average over the groups.</param>
/// <param name="GroupCount">Groups of replicates.</param>
/// <param name="ZeroVarianceCount">Groups whose wells were equal to the last digit.</param>
/// <param name="LargestRelativeErrorPercent">Largest standard error of the SD of a well, in percent of it.</param>
/// <param name="LowestResponse">Lowest |mean response| that was seen.</param>
/// <param name="HighestResponse">Highest, likewise.</param>
/// <param name="Determined">Whether the plates determine the function; otherwise the prior speaks.</param>
/// <param name="ParametersAtBound">Names; empty for none.</param>
/// <param name="Outlying">Groups that scatter beyond all chance, as plate and content; they are in, unless <c>--without-outlying</c> left them out.</param>
/// <param name="ArtefactSha256">Hash of what <c>--out</c> writes; absent when nothing could be learned.</param>
/// <param name="Failure">Why nothing could be learned; absent otherwise.</param>
public sealed record LearnedAnalyte(
    string Analyte,
    string? Weights,
    double? A,
    double? B,
    double? Theta,
    double? ThetaStandardError,
    int? PooledDegreesOfFreedom,
    double? EffectiveDegreesOfFreedom,
    int GroupCount,
    int? ZeroVarianceCount,
    double? LargestRelativeErrorPercent,
    double? LowestResponse,
    double? HighestResponse,
    bool Determined,
    IReadOnlyList<string> ParametersAtBound,
    IReadOnlyList<string> Outlying,
    string? ArtefactSha256,
    string? Failure)
{
    /// <summary>Whether the outlying groups were left out.</summary>
    public bool LeftOutOutlying { get; init; }

    /// <summary>The function without the outlying groups; absent without any, and where they are left out already.</summary>
    public VarianceWithoutOutlying? WithoutOutlying { get; init; }

    internal static LearnedAnalyte Of(string analyte, LearnedVarianceFunction learned, IReadOnlyList<string> names, VarianceFunctionArtefact artefact) => new(
        analyte,
        learned.Weighting.Id,
        learned.Function.A,
        learned.Function.B,
        learned.Function.Theta,
        learned.ThetaStandardError,
        learned.PooledDegreesOfFreedom,
        learned.EffectiveDegreesOfFreedom,
        learned.GroupCount,
        learned.ZeroVarianceCount,
        100 * learned.LargestRelativeError,
        learned.LowestResponse,
        learned.HighestResponse,
        learned.IsDetermined,
        learned.ParametersAtBound,
        [.. learned.OutlyingGroups.Select(place => names[place])],
        artefact.ComputeHash().Hex,
        null)
    {
        LeftOutOutlying = learned.LeftOutOutlyingGroups,
    };

    internal static LearnedAnalyte Failed(string analyte, int groupCount, string failure) => new(
        analyte, null, null, null, null, null, null, null, groupCount, null, null, null, null, false, [], [], null, failure);
}

/// <summary>A variance function learned without the groups of outlying scatter.</summary>
/// <param name="Weights">Weighting for the next version of the assay.</param>
/// <param name="A">SD of a well at response 0.</param>
/// <param name="B">Factor of |f|^theta.</param>
/// <param name="Theta">Power of the response.</param>
/// <param name="PooledDegreesOfFreedom">Sum over the groups that stay.</param>
/// <param name="EffectiveDegreesOfFreedom">Of the function, on average over them.</param>
/// <param name="Determined">Whether they determine the function.</param>
/// <param name="LeftOut">The groups that were left out, as plate and content in the order of the plates: often more than outlie at first, since the worst hide others.</param>
/// <param name="IsAllLeftOut">Whether surely no outlying group stays; false where a tenth of all groups, the most that is left out, was reached.</param>
public sealed record VarianceWithoutOutlying(
    string Weights,
    double A,
    double B,
    double Theta,
    int PooledDegreesOfFreedom,
    double EffectiveDegreesOfFreedom,
    bool Determined,
    IReadOnlyList<string> LeftOut,
    bool IsAllLeftOut)
{
    internal static VarianceWithoutOutlying Of(LearnedVarianceFunction learned, IReadOnlyList<string> names, int groupCount) => new(
        learned.Weighting.Id,
        learned.Function.A,
        learned.Function.B,
        learned.Function.Theta,
        learned.PooledDegreesOfFreedom,
        learned.EffectiveDegreesOfFreedom,
        learned.IsDetermined,
        [.. learned.OutlyingGroups.Select(place => names[place])],
        learned.OutlyingGroups.Count < groupCount / 10);
}

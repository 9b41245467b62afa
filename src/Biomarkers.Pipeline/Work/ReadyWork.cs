using System.Diagnostics;
using Biomarkers.Immunoassay.Analysis;

namespace Biomarkers.Pipeline.Work;

/// <summary>What a write leaves to do.</summary>
public interface IMakesWork
{
    /// <summary>Analyses that it made possible.</summary>
    IReadOnlyList<ReadyWork> Works { get; }
}

/// <summary>An analysis that can be made: a row of <c>work_item</c> that this server holds.</summary>
/// <param name="WorkKey">Key of the row.</param>
/// <param name="Generation">Rises with every change of holder; saving requires it.</param>
/// <param name="Inputs">What is analysed.</param>
public sealed record ReadyWork(long WorkKey, long Generation, AnalysisInputs Inputs)
{
    /// <summary>Whether two attempts did not come to an end: the next is counted by itself and made alone. False by default.</summary>
    public bool RunsAlone { get; init; }

    /// <summary>The trace that it belongs to; none by default.</summary>
    public ActivityContext Trace { get; init; }
}

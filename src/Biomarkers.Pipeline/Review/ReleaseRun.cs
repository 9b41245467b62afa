using System.Globalization;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Review;

namespace Biomarkers.Pipeline.Review;

/// <summary>Releases the results of a run where its assay asks for that and nothing stands against it, in the transaction that saves the run: a run is saved once,
/// by whichever server, and so is what comes of it.</summary>
/// <param name="Saved">The run as it was saved.</param>
/// <param name="Inputs">What it rests on.</param>
/// <param name="Run">Its contents.</param>
/// <param name="NeedsSignature">Whether nothing leaves this server without a signature.</param>
internal sealed record ReleaseRun(SavedRun Saved, AnalysisInputs Inputs, AnalyticalRun Run, bool NeedsSignature)
{
    private const string Actor = "server";

    private string Reason => $"automatic release, as assay {Inputs.Assay.Name} says";

    /// <summary>Releases what can be, and records of each other result what stands against it.</summary>
    public async Task ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        if (Inputs.Assay.Release != ResultRelease.Automatic)
        {
            return;
        }

        if (await FindResultsAsync(context, cancellationToken) is not { } results)
        {
            return;
        }

        bool isLayoutChanged = (await context.Transaction.GetLayoutAsync(Saved.LayoutKey, cancellationToken)).Reason is not null;
        var adding = new List<VersionToAdd>();
        for (int i = 0; i < Run.Results.Count; i++)
        {
            ReviewedResult result = results[Saved.ResultKeys[i]];
            ReviewedVersion computed = result.Versions[^1];
            var candidate = new ReleaseCandidate(Run, Run.Results[i], result.Life, Inputs.Layout, isLayoutChanged, NeedsSignature);
            IReadOnlyList<ReleaseObstacle> obstacles = AutomaticRelease.ObstaclesOf(candidate);
            if (obstacles.Count > 0)
            {
                Withhold(context, string.Create(CultureInfo.InvariantCulture, $"{ReviewedResults.NameOf(result.ResultKey)}@{computed.Version}"), obstacles);
                continue;
            }

            NextVersion next = result.Life.Take(ReviewStep.Release, computed.Version, "results").ValueOrThrow();
            adding.Add(new VersionToAdd(computed.VersionKey, computed.RunKey, next, Reason));
        }

        if (adding.Count > 0)
        {
            await ReviewedResults.AddAsync(context, adding, ReviewStep.Release, Actor, cancellationToken);
        }
    }

    // The results with all their versions, by key; null where an earlier run of the plate is damaged. The new one is saved all the same, and a person looks.
    private async Task<Dictionary<long, ReviewedResult>?> FindResultsAsync(WriteContext context, CancellationToken cancellationToken)
    {
        try
        {
            return (await context.Transaction.LockResultsAsync(Saved.ResultKeys, cancellationToken)).ToDictionary(result => result.ResultKey);
        }
        catch (StoredDataDamagedException damage)
        {
            string target = string.Create(CultureInfo.InvariantCulture, $"analyticalRuns/{Saved.RunKey}");
            Withhold(context, target, [new ReleaseObstacle(ReleaseObstacles.DataDamaged, [damage.Target])]);
            return null;
        }
    }

    private void Withhold(WriteContext context, string target, IReadOnlyList<ReleaseObstacle> obstacles) =>
        context.Record(Actor, AuditActions.ReleaseWithheld, target, Reason, string.Join(", ", obstacles));
}

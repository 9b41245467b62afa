using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Review;

namespace Biomarkers.Pipeline.Review;

/// <summary>The version of a result that a person looked at and means.</summary>
/// <param name="ResultKey">The result.</param>
/// <param name="Version">The version.</param>
/// <param name="Field">Field of the request that named it.</param>
public sealed record NamedVersion(long ResultKey, int Version, string Field);

/// <summary>What became of a step of review.</summary>
/// <param name="Faults">Why nothing was changed; empty where all was.</param>
/// <param name="MissingKey">The first result that does not exist; null where all do.</param>
/// <param name="Versions">The versions that it made, or that were signed, in the order of the request.</param>
public sealed record Reviewed(IReadOnlyList<Fault> Faults, long? MissingKey, IReadOnlyList<VersionName> Versions)
{
    internal static Reviewed Refused(IReadOnlyList<Fault> faults) => new(faults, null, []);

    internal static Reviewed Missing(long key) => new([], key, []);
}

/// <summary>Releases, corrects or withdraws results: all that are named, or none.</summary>
/// <param name="Step">The step.</param>
/// <param name="Named">Versions that the reviewer means, each result once.</param>
/// <param name="Reason">Why; null where the step explains itself.</param>
/// <param name="Actor">Who decides.</param>
/// <param name="Signing">A signature under what leaves; null for none.</param>
/// <param name="NeedsSignature">Whether nothing leaves without one.</param>
public sealed record TakeReviewStep(
    ReviewStep Step, IReadOnlyList<NamedVersion> Named, string? Reason, string Actor, Signing? Signing, bool NeedsSignature) : IStoreWrite<Reviewed>
{
    /// <inheritdoc/>
    public async Task<Reviewed> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        if (NeedsSignature && Signing is null)
        {
            return Reviewed.Refused([new Fault("signing", ReviewReasons.SignatureRequired, "Nothing leaves here without a signature; expected its meaning and the signer's proof.")]);
        }

        (Dictionary<long, ReviewedResult> results, long? missing) = await ReviewedResults.LockAsync(context, Named, cancellationToken);
        if (missing is { } key)
        {
            return Reviewed.Missing(key);
        }

        var faults = new List<Fault>();
        var adding = new List<VersionToAdd>();
        foreach (NamedVersion named in Named)
        {
            ReviewedResult result = results[named.ResultKey];
            Checked<NextVersion> next = result.Life.Take(Step, named.Version, named.Field);
            faults.AddRange(next.Faults);
            if (next.Value is { } version)
            {
                ReviewedVersion basis = result.At(version.Basis);
                adding.Add(new VersionToAdd(basis.VersionKey, basis.RunKey, version, Reason));
            }
        }

        if (faults.Count == 0 && Signing is not null)
        {
            faults.AddRange(await Signing.CheckAsync(context, Actor, [.. adding.Select(version => version.RunKey)], cancellationToken));
        }

        if (faults.Count > 0)
        {
            return Reviewed.Refused(faults);
        }

        IReadOnlyList<VersionName> added = await ReviewedResults.AddAsync(context, adding, Step, Actor, cancellationToken);
        if (Signing is not null)
        {
            await Signing.SignAsync(context, Actor, added, cancellationToken);
        }

        await ReviewedResults.TouchPlatesAsync(context, results.Values, cancellationToken);
        return new Reviewed([], null, added);
    }
}

/// <summary>What the steps of review have in common.</summary>
internal static class ReviewedResults
{
    /// <summary>The results that are named, by key, or the key of the first that does not exist.</summary>
    public static async Task<(Dictionary<long, ReviewedResult> Results, long? Missing)> LockAsync(
        WriteContext context, IEnumerable<NamedVersion> named, CancellationToken cancellationToken)
    {
        long[] keys = [.. named.Select(version => version.ResultKey)];
        Dictionary<long, ReviewedResult> results =
            (await context.Transaction.LockResultsAsync(keys, cancellationToken)).ToDictionary(result => result.ResultKey);
        return (results, keys.Where(key => !results.ContainsKey(key)).Select(key => (long?)key).FirstOrDefault());
    }

    /// <summary>Adds versions that leave, each with its audit event and its place in the change feed.</summary>
    public static async Task<IReadOnlyList<VersionName>> AddAsync(
        WriteContext context, IReadOnlyList<VersionToAdd> adding, ReviewStep step, string actor, CancellationToken cancellationToken)
    {
        IReadOnlyList<VersionName> added = await context.Transaction.AddVersionsAsync(adding, context.Now, cancellationToken);
        for (int i = 0; i < added.Count; i++)
        {
            string superseded = adding[i].Next.Supersedes is { } before ? $", supersedes @{before}" : "";
            context.Record(
                actor,
                ActionOf(step),
                NameOf(added[i]),
                adding[i].Reason,
                $"{adding[i].Next.Status} of @{adding[i].Next.Basis}{superseded}, SHA-256 {added[i].Hash}",
                new FeedChange(FeedKind.ResultVersionLeft, added[i].VersionKey));
        }

        return added;
    }

    /// <summary>Whoever watches their plates looks at them again.</summary>
    public static async Task TouchPlatesAsync(WriteContext context, IEnumerable<ReviewedResult> results, CancellationToken cancellationToken)
    {
        foreach (long plateKey in results.Select(result => result.PlateKey).Distinct().Order())
        {
            await context.Transaction.SettlePlateAsync(plateKey, context.Now, cancellationToken);
        }
    }

    public static string NameOf(VersionName version) => FormattableString.Invariant($"results/{version.ResultKey}@{version.Version}");

    public static string NameOf(long resultKey) => FormattableString.Invariant($"results/{resultKey}");

    private static string ActionOf(ReviewStep step) => step switch
    {
        ReviewStep.Release => AuditActions.ResultReleased,
        ReviewStep.Correct => AuditActions.ResultCorrected,
        _ => AuditActions.ResultWithdrawn,
    };
}

using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;
using Biomarkers.Results.Review;

namespace Biomarkers.Pipeline.Review;

/// <summary>A person's will to sign, proven at this moment.</summary>
/// <param name="SignerName">Name of the person, as printed.</param>
/// <param name="Meaning">What the signature means.</param>
/// <param name="Method">How the person proved who signs.</param>
public sealed record Signing(string SignerName, SignatureMeaning Meaning, SigningMethod Method)
{
    // Whoever left wells out of a run has a say in its numbers, and a second person answers for them.
    internal static async Task<IReadOnlyList<Fault>> CheckAsync(WriteContext context, string actor, IReadOnlyCollection<long> runKeys, CancellationToken cancellationToken)
    {
        IReadOnlySet<string> excluders = await context.Transaction.FindExcludersAsync(runKeys, cancellationToken);
        return excluders.Contains(actor)
            ? [new Fault("signing", ReviewReasons.SignerExcluded, $"'{actor}' left wells out of a run of these results; expected another person to sign.")]
            : [];
    }

    internal async Task SignAsync(WriteContext context, string actor, IReadOnlyList<VersionName> versions, CancellationToken cancellationToken)
    {
        Signature[] signatures = [.. versions.Select(version => new Signature(actor, SignerName, Meaning, Method, context.Now, version.Hash))];
        long firstKey = await context.Transaction.InsertSignaturesAsync([.. versions.Zip(signatures, (version, signature) => (version.VersionKey, signature))], cancellationToken);
        for (int i = 0; i < versions.Count; i++)
        {
            context.Record(actor, AuditActions.ResultSigned, ReviewedResults.NameOf(versions[i]), detail: CoveredContent.Describe(firstKey + i, signatures[i]));
        }
    }
}

/// <summary>Signs versions of results: all that are named, or none.</summary>
/// <param name="Named">The versions, each result once.</param>
/// <param name="Actor">Who signs.</param>
/// <param name="Signing">The signature.</param>
public sealed record SignResults(IReadOnlyList<NamedVersion> Named, string Actor, Signing Signing) : IStoreWrite<Reviewed>
{
    /// <inheritdoc/>
    public async Task<Reviewed> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        (Dictionary<long, ReviewedResult> results, long? missing) = await ReviewedResults.LockAsync(context, Named, cancellationToken);
        if (missing is { } key)
        {
            return Reviewed.Missing(key);
        }

        // What was seen and is no longer the newest is not signed by mistake.
        Fault[] stale =
        [
            .. from named in Named
               let newest = results[named.ResultKey].Versions.Count
               where named.Version != newest
               select new Fault(named.Field, ReviewReasons.VersionChanged, $"Version {named.Version} is not the newest; expected @{newest}. Look at it again."),
        ];
        if (stale.Length > 0)
        {
            return Reviewed.Refused(stale);
        }

        ReviewedVersion[] versions = [.. Named.Select(named => results[named.ResultKey].At(named.Version))];
        IReadOnlyList<Fault> faults = await Signing.CheckAsync(context, Actor, [.. versions.Select(version => version.RunKey)], cancellationToken);
        if (faults.Count > 0)
        {
            return Reviewed.Refused(faults);
        }

        IReadOnlyList<VersionName> signed = await context.Transaction.HashVersionsAsync(versions, cancellationToken);
        await Signing.SignAsync(context, Actor, signed, cancellationToken);
        return new Reviewed([], null, signed);
    }
}

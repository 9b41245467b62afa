using System.Globalization;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Seals;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage.Verification;

/// <summary>Holds the change feed against the ledger: it names what the audit events say, at their places.</summary>
internal sealed class FeedCheck(DataConnection connection, LedgerIndex index)
{
    private readonly List<Tampering> findings = [];

    /// <summary>What was found.</summary>
    public IReadOnlyList<Tampering> Findings => findings;

    /// <summary>Checks all of it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var rows = await (
            from row in connection.GetTable<ChangeFeedTable>()
            from version in connection.GetTable<ResultVersionTable>().LeftJoin(version => row.Kind == (int)FeedKind.ResultVersionLeft && version.VersionKey == row.TargetKey)
            orderby row.Sequence
            select new { row.Sequence, row.Kind, row.TargetKey, ResultKey = (long?)version.ResultKey, Version = (int?)version.Version }).ToListAsync(cancellationToken);
        var expected = new Dictionary<long, (FeedKind Kind, string Name)>(index.Feed);
        foreach (var row in rows)
        {
            string name = NameOf((FeedKind)row.Kind, row.TargetKey, row.ResultKey, row.Version);
            if (!expected.Remove(row.Sequence, out (FeedKind Kind, string Name) known))
            {
                Add(TamperingKind.Inserted, name, row.Sequence, "is in the change feed at a place where no audit event changed it");
            }
            else if (known != ((FeedKind)row.Kind, name))
            {
                Add(TamperingKind.Changed, known.Name, row.Sequence, "is not what the change feed names at the place of its audit event");
            }
        }

        foreach ((long sequence, (FeedKind _, string name)) in expected)
        {
            Add(TamperingKind.Deleted, name, sequence, "is not in the change feed");
        }
    }

    private static string NameOf(FeedKind kind, long key, long? resultKey, int? version) => kind switch
    {
        FeedKind.RunSaved => SealedRuns.NameOf(key),
        FeedKind.ResultVersionLeft => string.Create(CultureInfo.InvariantCulture, $"results/{resultKey}@{version}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"resultHolds/{key}"),
    };

    private void Add(TamperingKind kind, string name, long sequence, string text) => findings.Add(new Tampering(kind, name, sequence, $"{name} {text}"));
}

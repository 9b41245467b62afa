using Biomarkers.Results;
using Biomarkers.Results.Review;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;

namespace Biomarkers.Storage;

/// <summary>Results that repeat others.</summary>
internal sealed partial class SqlStoreTransaction
{
    private ITable<RepeatLinkTable> RepeatLinks => connection.GetTable<RepeatLinkTable>();

    private ITable<RepeatUnlinkTable> RepeatUnlinks => connection.GetTable<RepeatUnlinkTable>();

    public async Task<IReadOnlyList<RepeatLink>> ListOriginalsAsync(long resultKey, CancellationToken cancellationToken)
    {
        var links = new List<RepeatLink>();
        // Each plate is kept before its result's link is read: of two servers that would close a circle from two sides one waits for the other.
        var seen = new HashSet<long>();
        for (long current = resultKey; seen.Add(current);)
        {
            long plateKey = await connection.GetTable<ResultTable>().Where(row => row.ResultKey == current).Select(row => row.PlateKey).SingleAsync(cancellationToken);
            await database.LockRowAsync(connection, "plate", "plate_key", plateKey, cancellationToken);
            RepeatLinkTable? row = await RepeatLinks
                .Where(link => link.RepeatKey == current && !RepeatUnlinks.Any(unlink => unlink.LinkKey == link.LinkKey))
                .OrderBy(link => link.LinkKey)
                .FirstOrDefaultAsync(cancellationToken);
            if (row is null)
            {
                break;
            }

            links.Add(ReviewMapping.ToLink(row, null));
            current = row.OriginalKey;
        }

        return links;
    }

    public async Task<RepeatLink> InsertRepeatLinkAsync(
        long repeatKey, long originalKey, string reason, string actor, DateTimeOffset time, CancellationToken cancellationToken)
    {
        var row = new RepeatLinkTable
        {
            LinkKey = await NextKeyAsync("repeat_link", cancellationToken),
            RepeatKey = repeatKey,
            OriginalKey = originalKey,
            Reason = reason,
            Actor = actor,
            LinkTime = Instant.ToMicroseconds(time),
        };
        await connection.InsertAsync(row, token: cancellationToken);
        return ReviewMapping.ToLink(row, null);
    }

    public async Task<RepeatLink?> FindRepeatLinkAsync(long linkKey, CancellationToken cancellationToken)
    {
        RepeatLinkTable? row = await RepeatLinks.FirstOrDefaultAsync(link => link.LinkKey == linkKey, cancellationToken);
        return row is null ? null : ReviewMapping.ToLink(row, await RepeatUnlinks.FirstOrDefaultAsync(unlink => unlink.LinkKey == linkKey, cancellationToken));
    }

    public Task InsertRepeatUnlinkAsync(long linkKey, RepeatUnlink unlink, CancellationToken cancellationToken) => connection.InsertAsync(
        new RepeatUnlinkTable { LinkKey = linkKey, Reason = unlink.Reason, Actor = unlink.Actor, UnlinkTime = Instant.ToMicroseconds(unlink.Time) }, token: cancellationToken);
}

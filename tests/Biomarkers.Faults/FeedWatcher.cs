using System.Data.Common;

namespace Biomarkers.Faults;

/// <summary>A row of the change feed.</summary>
internal readonly record struct FeedRow(long Sequence, long Kind, long TargetKey);

/// <summary>Follows ledger and change feed with cursors over the tables, as whoever reads them without the server would, through every break.</summary>
internal sealed class FeedWatcher(StoreUnderTest store)
{
    private const int RowsAtATime = 1000;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan PauseAfterBreak = TimeSpan.FromMilliseconds(100);

    private readonly List<FeedRow> feed = [];
    private readonly List<long> ledger = [];

    /// <summary>Rows of the change feed, as they came.</summary>
    public IReadOnlyList<FeedRow> Feed => feed;

    /// <summary>Sequences of the audit events, as they came.</summary>
    public IReadOnlyList<long> Ledger => ledger;

    /// <summary>Connections that broke.</summary>
    public int Breaks { get; private set; }

    /// <summary>Follows until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await using DbConnection connection = await store.OpenAsync(cancellationToken);
                while (true)
                {
                    if (!await ReadOnAsync(connection, cancellationToken))
                    {
                        await Task.Delay(Poll, cancellationToken);
                    }
                }
            }
            catch (DbException)
            {
                Breaks++;
                await Task.Delay(PauseAfterBreak, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Reads what comes after the cursors.</summary>
    /// <returns>Whether there was anything.</returns>
    public async Task<bool> ReadOnAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        List<FeedRow> rows = await connection.ReadAsync(
            $"SELECT sequence, kind, target_key FROM change_feed WHERE sequence > @after ORDER BY sequence LIMIT {RowsAtATime}",
            row => new FeedRow(row.GetInt64(0), Convert.ToInt64(row.GetValue(1)), row.GetInt64(2)),
            cancellationToken,
            ("after", feed.Count > 0 ? feed[^1].Sequence : 0L));
        feed.AddRange(rows);
        List<long> sequences = await connection.ReadAsync(
            $"SELECT sequence FROM audit_event WHERE sequence > @after ORDER BY sequence LIMIT {RowsAtATime}",
            row => row.GetInt64(0),
            cancellationToken,
            ("after", ledger.Count > 0 ? ledger[^1] : 0L));
        ledger.AddRange(sequences);
        return rows.Count + sequences.Count > 0;
    }
}

using System.Data.Common;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Biomarkers.Faults.Clocks;

/// <summary>Compares what a database says of the server's clock with how it was moved.</summary>
internal static partial class ClockCheck
{
    // A jump is measured as it is found; at a start it is measured from the newest audit event, and nobody wrote while the server was away.
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ToleranceAtStart = TimeSpan.FromSeconds(60);

    // Everything that a server stamps with its clock by itself.
    private const string AllStamps = "SELECT receive_time FROM stream_event UNION ALL SELECT event_time FROM audit_event UNION ALL SELECT start_time FROM work_holder";

    /// <summary>Reads stamps and audit events.</summary>
    /// <param name="connection">To a database that no server uses.</param>
    /// <param name="moves">How the clock of one server was moved.</param>
    /// <param name="isAlone">Whether no other server, whose clock was right, wrote too.</param>
    /// <param name="findings">Takes what is wrong.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Jumps that the audit log tells.</returns>
    public static async Task<int> RunAsync(DbConnection connection, IReadOnlyList<MadeMove> moves, bool isAlone, List<string> findings, CancellationToken cancellationToken)
    {
        List<DateTimeOffset> stamps = await connection.ReadAsync(AllStamps, row => DateTimeOffset.UnixEpoch.AddMicroseconds(row.GetInt64(0)), cancellationToken);
        findings.AddRange(moves
            .Where(move => !stamps.Exists(stamp => stamp - move.Offset >= move.Began && stamp - move.Offset <= move.Ended))
            .Select(move => $"{move.Name}: nothing is stamped by that clock"));

        List<TimeSpan> told = await connection.ReadAsync("SELECT detail FROM audit_event WHERE action = 'CLOCK_JUMP' ORDER BY sequence", row => JumpIn(row.GetString(0)), cancellationToken);
        int count = told.Count;
        foreach (MadeMove move in moves.OrderByDescending(move => move.WhileRunning))
        {
            foreach ((TimeSpan jump, bool mayBeUntold) in JumpsOf(move, isAlone))
            {
                TimeSpan tolerance = move.WhileRunning ? Tolerance : ToleranceAtStart;
                int at = told.FindIndex(other => (other - jump).Duration() <= tolerance);
                if (at >= 0)
                {
                    told.RemoveAt(at);
                }
                else if (!mayBeUntold)
                {
                    findings.Add($"{move.Name}: the audit log tells no jump by {jump}");
                }
            }
        }

        findings.AddRange(told.Select(jump => $"the audit log tells a jump by {jump} that was not made"));
        long ended = (await connection.ReadAsync("SELECT COUNT(*) FROM audit_event WHERE action = 'HOLDER_ENDED'", row => row.GetInt64(0), cancellationToken)).Single();
        if (ended > 0)
        {
            findings.Add($"{ended} times a server that lived, or ended as asked, was taken for dead");
        }

        return count;
    }

    // At a start a clock that is ahead of the newest audit event may be right; one that is behind it can't be. A server that is not alone may have written none of them.
    private static IEnumerable<(TimeSpan Jump, bool MayBeUntold)> JumpsOf(MadeMove move, bool isAlone) => move switch
    {
        { WhileRunning: true } => [(move.Offset, false), (-move.Offset, false)],
        { Offset.Ticks: < 0 } => [(move.Offset, false)],
        _ => [(-move.Offset, !isAlone)],
    };

    private static TimeSpan JumpIn(string detail)
    {
        Match match = Jump().Match(detail);
        return match.Success
            ? Time(match.Groups["after"]) - Time(match.Groups["before"])
            : throw new InvalidOperationException($"The detail of a jump is '{detail}'.");

        static DateTimeOffset Time(Group group) => DateTimeOffset.Parse(group.Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("from (?<before>[^ ]+Z) to (?<after>[^ ]+Z), [0-9.]+ s (back|ahead)$")]
    private static partial Regex Jump();
}

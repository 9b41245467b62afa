using System.Globalization;
using Biomarkers.Immunoassay;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;

namespace Biomarkers.Faults.Tampering;

/// <summary>Tamperings with the audit log itself.</summary>
/// <param name="events">The ledger as it is.</param>
/// <param name="vouched">The event up to which the last checkpoint vouches.</param>
/// <param name="random">Chooses.</param>
#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
internal sealed class LedgerTampers(IReadOnlyList<StoredAuditEvent> events, long vouched, Random random)
{
    private static readonly string[] Columns = ["event_time", "actor", "action", "target", "reason", "detail", "previous_hash", "hash"];

    private long Last => events.Count;

    /// <summary>Any of them.</summary>
    public Tamper Next()
    {
        return random.Next(10) switch
        {
            0 => Change(Any(1, Last)),
            1 => Delete(Any(1, Last)),
            2 => DeleteAndNumber(Any(1, Last - 1)),
            3 => Insert(Any(1, Last), isRight: false),
            4 => Insert(Any(2, Last), isRight: true),
            5 => Swap(),
            6 => Cut(Any(1, Last - 1)),
            7 => Recompute(Any(1, Last)),
            8 => Rewrite(),
            _ => Head(),
        };
    }

    private long Any(long from, long to) => random.NextInt64(from, to + 1);

    private Tamper Change(long sequence)
    {
        string column = Columns[random.Next(Columns.Length)];
        AuditEvent audit = events[(int)sequence - 1].Audit;
        string value = column switch
        {
            "event_time" => $"event_time + {Number(random.NextInt64(1, 1L << 40))}",
            "reason" => audit.Reason is null ? "''" : "NULL",
            "detail" => audit.Detail is null ? "'x'" : "detail || ' '",
            "previous_hash" or "hash" => Bytes(ContentHash.Of(BitConverter.GetBytes(random.NextInt64()))),
            _ => $"{column} || 'x'",
        };
        return At("audit event changed", sequence, $"UPDATE audit_event SET {column} = {value} WHERE sequence = {Number(sequence)}");
    }

    private static Tamper Delete(long sequence) => At("audit event deleted", sequence, $"DELETE FROM audit_event WHERE sequence = {Number(sequence)}");

    private static Tamper DeleteAndNumber(long sequence) =>
        At("audit event deleted, the rest numbered anew", sequence, [$"DELETE FROM audit_event WHERE sequence = {Number(sequence)}", .. Shift(sequence + 1, -1)]);

    private Tamper Insert(long sequence, bool isRight)
    {
        StoredAuditEvent here = events[(int)sequence - 1];
        var audit = new AuditEvent(here.Audit.Time, "mallory", AuditActions.KeyCreated, "keys/x", null, null);
        ContentHash hash = isRight ? AuditChain.HashOf(here.Previous, sequence, audit) : ContentHash.Of(BitConverter.GetBytes(random.NextInt64()));
        return At(
            isRight ? "audit event inserted with its hash" : "audit event inserted",
            sequence,
            [.. Shift(sequence, 1), InsertOf(new StoredAuditEvent(sequence, audit, here.Previous, hash))]);
    }

    private Tamper Swap()
    {
        long one = Any(1, Last - 1);
        long other = Any(one + 1, Last);
        return At(
            "audit events swapped", one,
            [
                $"UPDATE audit_event SET sequence = -1 WHERE sequence = {Number(one)}", $"UPDATE audit_event SET sequence = {Number(one)} WHERE sequence = {Number(other)}",
                $"UPDATE audit_event SET sequence = {Number(other)} WHERE sequence = -1",
            ]);
    }

    // With the head: only a checkpoint tells, or what the events that are gone vouched for.
    private Tamper Cut(long last)
    {
        bool withHead = random.Next(2) == 0;
        string cut = $"DELETE FROM audit_event WHERE sequence > {Number(last)}";
        string head = $"UPDATE ledger_head SET sequence = {Number(last)}, hash = {Bytes(events[(int)last - 1].Hash)}";
        return !withHead
            ? At("tail cut", last + 1, cut)
            : At("tail cut with its head", last + 1, cut, head) with { IsBeyond = last >= vouched };
    }

    private Tamper Recompute(long from)
    {
        List<string> statements = Rewritten(from, Last, out ContentHash hash);
        statements.Add($"UPDATE ledger_head SET hash = {Bytes(hash)}");
        return At("chain made anew without the key", from, [.. statements]) with { MayBeRange = true, IsBeyond = from > vouched };
    }

    private Tamper Rewrite()
    {
        long from = Any(1, Last);
        List<string> statements = Rewritten(from, Math.Min(Last, from + random.Next(3)), out _);
        return At("audit events rewritten with their hashes", from, [.. statements]) with { MayBeRange = true };
    }

    private Tamper Head() => random.Next(3) switch
    {
        0 => At("head of the ledger changed", Last + 1, "UPDATE ledger_head SET sequence = sequence + 1"),
        1 => At("head of the ledger changed", Last, "UPDATE ledger_head SET sequence = sequence - 1"),
        _ => At("head of the ledger changed", Last, $"UPDATE ledger_head SET hash = {Bytes(ContentHash.Of(BitConverter.GetBytes(random.NextInt64())))}") with { MayBeRange = true },
    };

    private List<string> Rewritten(long from, long to, out ContentHash previous)
    {
        var statements = new List<string>();
        previous = from == 1 ? default : events[(int)from - 2].Hash;
        for (long sequence = from; sequence <= to; sequence++)
        {
            AuditEvent audit = events[(int)sequence - 1].Audit;
            audit = sequence == from ? audit with { Actor = "mallory" } : audit;
            ContentHash hash = AuditChain.HashOf(previous, sequence, audit);
            statements.Add($"UPDATE audit_event SET actor = {Text(audit.Actor)}, previous_hash = {Bytes(previous)}, hash = {Bytes(hash)} WHERE sequence = {Number(sequence)}");
            previous = hash;
        }

        return statements;
    }

    private static Tamper At(string kind, long sequence, params string[] statements) => new(kind, statements) { Sequences = new HashSet<long> { sequence } };

    private static string[] Shift(long from, int by) =>
        [$"UPDATE audit_event SET sequence = -sequence WHERE sequence >= {Number(from)}", $"UPDATE audit_event SET sequence = -sequence + {Number(by)} WHERE sequence < 0"];

    private static string InsertOf(StoredAuditEvent stored) =>
        "INSERT INTO audit_event (sequence, event_time, actor, action, target, previous_hash, hash) VALUES "
        + $"({Number(stored.Sequence)}, {Number(Instant.ToMicroseconds(stored.Audit.Time))}, {Text(stored.Audit.Actor)}, {Text(stored.Audit.Action)}, {Text(stored.Audit.Target)}, {Bytes(stored.Previous)}, {Bytes(stored.Hash)})";

    private static string Bytes(ContentHash hash) => $"x'{hash.Hex}'";

    private static string Text(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
#pragma warning restore CA5394

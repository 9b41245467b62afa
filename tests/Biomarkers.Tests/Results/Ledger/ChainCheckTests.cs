using System.Buffers.Binary;
using System.Security.Cryptography;
using Biomarkers.Immunoassay;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;
using Xunit;

namespace Biomarkers.Tests.Results.Ledger;

/// <summary>What was done to a ledger of twelve events, and where it was done first.</summary>
public sealed class ChainCheckTests
{
    private const int Count = 12;

    private static readonly StoredAuditEvent[] Whole = Make();

    [Fact]
    public void HashOf_AnEvent_IsSha256OfItsBytesAsTheyAreWrittenDown()
    {
        var audit = new AuditEvent(DateTimeOffset.UnixEpoch.AddMicroseconds(5), "kim", "A", "plates/ä", null, "");
        byte[] bytes =
        [
            .. new byte[32], .. Number(1), .. Number(5), .. Number(3), .. "kim"u8, .. Number(1), .. "A"u8, .. Number(9), .. "plates/ä"u8, .. Number(-1), .. Number(0),
        ];

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), AuditChain.HashOf(default, 1, audit).Hex);
    }

    [Fact]
    public void Take_WholeLedger_FitsToItsHead()
    {
        var chain = new ChainCheck();

        Assert.All(Whole, stored => Assert.True(chain.Take(stored)));

        Assert.Null(chain.CheckHead(Count, Whole[^1].Hash));
    }

    /// <summary>Each row changes the ledger as its name says, at the event whose number stands beside it.</summary>
    [Theory]
    [InlineData("an actor", 5, TamperingKind.Changed)]
    [InlineData("a reason that was absent", 5, TamperingKind.Changed)]
    [InlineData("a time", 1, TamperingKind.Changed)]
    [InlineData("a hash", 5, TamperingKind.Changed)]
    [InlineData("a hash", 12, TamperingKind.Changed)]
    [InlineData("a previous hash", 5, TamperingKind.Changed)]
    [InlineData("deleted", 5, TamperingKind.Deleted)]
    [InlineData("deleted", 1, TamperingKind.Deleted)]
    [InlineData("deleted and numbered anew", 5, TamperingKind.Deleted)]
    [InlineData("inserted", 5, TamperingKind.Inserted)]
    [InlineData("inserted with the right hash", 5, TamperingKind.Inserted)]
    [InlineData("swapped with the ninth", 5, TamperingKind.Reordered)]
    [InlineData("swapped with the ninth", 8, TamperingKind.Reordered)]
    [InlineData("moved to the end", 5, TamperingKind.Reordered)]
    public void Explain_LedgerThatWasTamperedWith_SaysWhatAndWhereFirst(string what, int sequence, TamperingKind kind)
    {
        Tampering found = CheckAll(Tamper(what, sequence), Count, Whole[^1].Hash)!;

        Assert.Equal((kind, (long?)sequence, (long?)null), (found.Kind, found.Sequence, found.LatestSequence));
    }

    /// <summary>Whoever computes hashes anew leaves no trace at the event itself: the first that was left as it was tells that one before it was rewritten.</summary>
    [Theory]
    [InlineData(5, 5)]
    [InlineData(5, 8)]
    public void Explain_EventsRewrittenWithTheirHashes_AreSaidToLieBefore(int first, int last)
    {
        StoredAuditEvent[] ledger = [.. Whole];
        for (int i = first - 1; i < last; i++)
        {
            AuditEvent audit = i == first - 1 ? ledger[i].Audit with { Target = "plates/other" } : ledger[i].Audit;
            ContentHash previous = ledger[i - 1].Hash;
            ledger[i] = new StoredAuditEvent(i + 1, audit, previous, AuditChain.HashOf(previous, i + 1, audit));
        }

        Tampering found = CheckAll(ledger, Count, Whole[^1].Hash)!;

        Assert.Equal((TamperingKind.Changed, (long?)1, (long?)last), (found.Kind, found.Sequence, found.LatestSequence));
        Assert.Equal((Whole[last - 1].Hash, ledger[last - 1].Hash), (found.Expected!.Value, found.Actual!.Value));
    }

    [Theory]
    [InlineData(12, TamperingKind.Truncated, 10)]
    [InlineData(7, TamperingKind.Inserted, 8)]
    public void CheckHead_OtherNumberOfEvents_IsTruncatedOrInserted(int head, TamperingKind kind, int sequence)
    {
        Tampering found = CheckAll(Whole[..9], head, Whole[head - 1].Hash)!;

        Assert.Equal((kind, (long?)sequence), (found.Kind, found.Sequence));
    }

    /// <summary>The head alone, or every event with its hash, may be another one.</summary>
    [Fact]
    public void CheckHead_OtherHash_IsChangedSomewhereUpToTheNewestEvent()
    {
        Tampering found = CheckAll(Whole, Count, Whole[3].Hash)!;

        Assert.Equal((TamperingKind.Changed, (long?)1, (long?)Count, true), (found.Kind, found.Sequence, found.LatestSequence, found.IsAtHead));
    }

    private static Tampering? CheckAll(StoredAuditEvent[] ledger, long head, ContentHash hash)
    {
        var chain = new ChainCheck();
        foreach (StoredAuditEvent stored in ledger)
        {
            if (!chain.Take(stored))
            {
                return chain.Explain(stored, ledger.Where(row => row.Sequence >= stored.Sequence));
            }
        }

        return chain.CheckHead(head, hash);
    }

    private static StoredAuditEvent[] Tamper(string what, int sequence)
    {
        List<StoredAuditEvent> ledger = [.. Whole];
        int i = sequence - 1;
        StoredAuditEvent row = ledger[i];
        var other = new AuditEvent(row.Audit.Time, "mallory", "B", "plates/no", "why", null);
        switch (what)
        {
            case "an actor":
                ledger[i] = row with { Audit = row.Audit with { Actor = "mallory" } };
                break;
            case "a reason that was absent":
                ledger[i] = row with { Audit = row.Audit with { Reason = "" } };
                break;
            case "a time":
                ledger[i] = row with { Audit = row.Audit with { Time = row.Audit.Time.AddMicroseconds(1) } };
                break;
            case "a hash":
                ledger[i] = row with { Hash = ContentHash.Of([1]) };
                break;
            case "a previous hash":
                ledger[i] = row with { Previous = ContentHash.Of([1]) };
                break;
            case "deleted":
                ledger.RemoveAt(i);
                break;
            case "deleted and numbered anew":
                ledger.RemoveAt(i);
                return [.. ledger.Select((stored, place) => stored with { Sequence = place + 1 })];
            case "inserted":
                ledger.Insert(i, new StoredAuditEvent(0, other, row.Previous, ContentHash.Of([2])));
                return [.. ledger.Select((stored, place) => stored with { Sequence = place + 1 })];
            case "inserted with the right hash":
                ledger.Insert(i, new StoredAuditEvent(0, other, row.Previous, AuditChain.HashOf(row.Previous, sequence, other)));
                return [.. ledger.Select((stored, place) => stored with { Sequence = place + 1 })];
            case "swapped with the ninth":
                (ledger[i], ledger[8]) = (ledger[8] with { Sequence = sequence }, row with { Sequence = 9 });
                break;
            case "moved to the end":
                ledger.RemoveAt(i);
                ledger.Add(row with { Sequence = 1000 });
                break;
            default:
                throw new ArgumentException($"'{what}' is unknown.", nameof(what));
        }

        return [.. ledger];
    }

    private static StoredAuditEvent[] Make()
    {
        var ledger = new List<StoredAuditEvent>();
        ContentHash previous = default;
        for (int i = 1; i <= Count; i++)
        {
            var audit = new AuditEvent(DateTimeOffset.UnixEpoch.AddSeconds(i), "keys/kim", "LAYOUT_SUBMITTED", $"plates/P-{i}", null, $"version {i}");
            ContentHash hash = AuditChain.HashOf(previous, i, audit);
            ledger.Add(new StoredAuditEvent(i, audit, previous, hash));
            previous = hash;
        }

        return [.. ledger];
    }

    private static byte[] Number(long number)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        return bytes;
    }
}

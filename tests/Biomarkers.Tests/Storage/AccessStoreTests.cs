using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Access;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Tests.Pipeline;
using Xunit;

namespace Biomarkers.Tests.Storage;

/// <summary>Keys, instruments and denials on every engine.</summary>
public abstract class AccessStoreTests : StoreContract
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [StoreFact]
    public async Task Keys_MadeRotatedUsedAndRevoked_AreKeptAsTheyAre()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        AccessKey first = (await host.Writer.WriteAsync(Creation("k1", "o'Neill"), CancellationToken.None)).ValueOrThrow();
        AccessKey second = (await host.Writer.WriteAsync(new RotateKey("k1", "k2", HashOf("k2"), 0.5 * Day, 2 * Day, "keys/local", null), CancellationToken.None))!.ValueOrThrow();
        Checked<AccessKey> third = await host.Writer.WriteAsync(Creation("k3", "o'Neill"), CancellationToken.None);
        DateTimeOffset use = first.CreateTime + TimeSpan.FromHours(1);
        await host.Writer.WriteAsync(new NoteKeyUse(new Dictionary<string, DateTimeOffset> { ["k2"] = use, ["gone"] = use }), CancellationToken.None);
        await host.Writer.WriteAsync(new NoteKeyUse(new Dictionary<string, DateTimeOffset> { ["k2"] = use.AddMinutes(-5) }), CancellationToken.None);
        AccessKey revoked = (await host.Writer.WriteAsync(new RevokeKey("k1", "keys/local", "old"), CancellationToken.None))!;
        AccessKey again = (await host.Writer.WriteAsync(new RevokeKey("k1", "keys/local", "old"), CancellationToken.None))!;

        Page<AccessKey> all = await host.Store.Queries.ListKeysAsync(null, new PageRequest(1), CancellationToken.None);
        Page<AccessKey> rest = await host.Store.Queries.ListKeysAsync(null, new PageRequest(1, all.Next), CancellationToken.None);
        Page<AccessKey> active = await host.Store.Queries.ListKeysAsync(first.CreateTime, new PageRequest(10), CancellationToken.None);

        Assert.Equal("LIMIT_EXCEEDED", Assert.Single(third.Faults).Reason);
        Assert.Equal(("k2", use), (all.Rows.Single().KeyId, all.Rows.Single().LastUseTime));
        Assert.Equal(("k1", revoked.RevokeTime, again.RevokeTime), (rest.Rows.Single().KeyId, rest.Rows.Single().RevokeTime, revoked.RevokeTime));
        Assert.Equal(second.CreateTime + (0.5 * Day), rest.Rows.Single().ExpireTime);
        Assert.Equal(["k2"], active.Rows.Select(key => key.KeyId));
        Assert.Equal(HashOf("k2"), active.Rows[0].SecretHash);
        Assert.Equal(["analyst", "auditor"], active.Rows[0].Roles);
        Assert.Null(rest.Next);
        Assert.Null(await host.Writer.WriteAsync(new RevokeKey("none", "keys/local", "x"), CancellationToken.None));
        Assert.Equal(3, await Database.CountAsync("SELECT COUNT(*) FROM audit_event WHERE action LIKE 'KEY_%'"));
    }

    [StoreFact]
    public async Task AccessList_OfKeysThatEnded_LeavesOutTheOldOnes()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        AccessKey old = (await host.Writer.WriteAsync(Creation("old", "a"), CancellationToken.None)).ValueOrThrow();
        await host.Writer.WriteAsync(Creation("new", "b"), CancellationToken.None);
        await host.Writer.WriteAsync(new RevokeKey("old", "keys/local", "x"), CancellationToken.None);

        AccessList lately = await host.Store.Queries.GetAccessListAsync(old.CreateTime - Day, CancellationToken.None);
        AccessList later = await host.Store.Queries.GetAccessListAsync(old.CreateTime + (0.5 * Day), CancellationToken.None);
        AccessList last = await host.Store.Queries.GetAccessListAsync(old.CreateTime + (2 * Day), CancellationToken.None);

        Assert.Equal([["new", "old"], ["new"], []], new[] { lately, later, last }.Select(list => list.Keys.Select(key => key.KeyId).Order().ToArray()));
    }

    [StoreFact]
    public async Task Instrument_Retired_LosesItsKeysInTheSameTransaction()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        Checked<AccessKey> early = await host.Writer.WriteAsync(Creation("k0", "r", "reader-1"), CancellationToken.None);
        await host.Writer.WriteAsync(new EnrollInstrument("reader-1", "", "keys/local", null), CancellationToken.None);
        await host.Writer.WriteAsync(new EnrollInstrument("reader-2", "Room 2", "keys/local", null), CancellationToken.None);
        await host.Writer.WriteAsync(Creation("k1", "r", "reader-1"), CancellationToken.None);
        await host.Writer.WriteAsync(Creation("k2", "s", "reader-2"), CancellationToken.None);
        await host.Writer.WriteAsync(new RevokeCertificate("reader-1", new string('A', 64), "keys/local", "x"), CancellationToken.None);
        Checked<EnrolledInstrument>? others = await host.Writer.WriteAsync(new RevokeCertificate("reader-2", new string('A', 64), "keys/local", "x"), CancellationToken.None);
        await host.Writer.WriteAsync(new RetireInstrument("reader-1", "keys/local", "sold"), CancellationToken.None);
        Checked<AccessKey>? rotated = await host.Writer.WriteAsync(new RotateKey("k1", "k3", HashOf("k3"), Day, Day, "keys/local", null), CancellationToken.None);

        AccessList list = await host.Store.Queries.GetAccessListAsync(DateTimeOffset.UnixEpoch, CancellationToken.None);
        IReadOnlyList<EnrolledInstrument> instruments = await host.Store.Queries.ListInstrumentsAsync(null, 10, CancellationToken.None);

        Assert.Equal("INSTRUMENT_UNKNOWN", Assert.Single(early.Faults).Reason);
        Assert.Equal("OUT_OF_RANGE", Assert.Single(rotated!.Faults).Reason);
        Assert.Equal("DUPLICATE", Assert.Single(others!.Faults).Reason);
        Assert.Equal(["reader-2"], list.Instruments);
        Assert.Equal([new string('A', 64)], list.RevokedCertificates);
        Assert.Equal([("k1", false), ("k2", true)], list.Keys.OrderBy(key => key.KeyId).Select(key => (key.KeyId, key.RevokeTime is null)));
        Assert.Equal([("reader-1", 1, false), ("reader-2", 0, true)], instruments.Select(row => (row.InstrumentId, row.RevokedCertificates.Count, row.RetireTime is null)));
        Assert.Equal(["reader-2"], (await host.Store.Queries.ListInstrumentsAsync("reader-1", 10, CancellationToken.None)).Select(row => row.InstrumentId));
        await LedgerLine.VerifyAsync(Database);
    }

    [StoreFact]
    public async Task Denials_Recorded_ComeBackNewestFirst()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        Denial[] denials = [new("keys/a (kim)", "biomarkers.v1.X/Y", "PERMISSION_DENIED", 3, "::1"), new("anonymous", "others", "UNAUTHENTICATED", long.MaxValue, "")];
        await host.Writer.WriteAsync(new RecordDenials(denials), CancellationToken.None);

        Page<RecordedDenial> first = await host.Store.Queries.ListDenialsAsync(new PageRequest(1), CancellationToken.None);
        Page<RecordedDenial> second = await host.Store.Queries.ListDenialsAsync(new PageRequest(1, first.Next), CancellationToken.None);

        Assert.Equal(denials.Reverse(), first.Rows.Concat(second.Rows).Select(row => row.Denial));
        Assert.Null(second.Next);
    }

    private static CreateKey Creation(string id, string name, string? instrument = null) => new(id, name, HashOf(id), ["analyst", "auditor"], instrument, Day, "keys/local", null);

    private static ContentHash HashOf(string text) => ContentHash.Of(System.Text.Encoding.UTF8.GetBytes(text));
}

[OnSqlite]
public sealed class SqliteAccessStoreTests : AccessStoreTests;

[OnPostgres]
public sealed class PostgresAccessStoreTests : AccessStoreTests;

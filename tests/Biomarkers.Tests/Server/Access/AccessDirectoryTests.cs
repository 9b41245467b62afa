using Biomarkers.Pipeline.Access;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Server.Access;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Biomarkers.Tests.Server.Access;

/// <summary>How old a server's view of who may call can be, and what it costs the store.</summary>
public sealed class AccessDirectoryTests : IAccessQueries
{
    private readonly FakeTimeProvider time = new();
    private readonly AccessOptions options = new();
    private int asked;
    private Exception? fault;

    [Fact]
    public async Task ReadAsync_ManyCalls_AsksOnceUntilTheViewIsOld()
    {
        using var directory = new AccessDirectory(this, options, time);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => directory.ReadAsync(CancellationToken.None).AsTask()));
        time.Advance(options.ViewLife - TimeSpan.FromTicks(1));
        await directory.ReadAsync(CancellationToken.None);
        Assert.Equal(1, asked);

        time.Advance(TimeSpan.FromTicks(1));
        await directory.ReadAsync(CancellationToken.None);
        Assert.Equal(2, asked);
        // A change by this server shows at once.
        directory.Changed();
        await directory.ReadAsync(CancellationToken.None);
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task ReadForAsync_MadeUpKeys_AsksOncePerPause()
    {
        using var directory = new AccessDirectory(this, options, time);
        for (int i = 0; i < 1000; i++)
        {
            await directory.ReadAsync(CancellationToken.None);
            await directory.ReadForAsync(_ => false, CancellationToken.None);
        }

        Assert.Equal(1, asked);
        time.Advance(options.UnknownKeyPause);
        await directory.ReadForAsync(_ => false, CancellationToken.None);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task ReadAsync_StoreOutOfReach_IsToldToAllAndTriedOncePerPause()
    {
        using var directory = new AccessDirectory(this, options, time);
        fault = new IOException("away");
        for (int i = 0; i < 10; i++)
        {
            await Assert.ThrowsAsync<IOException>(() => directory.ReadAsync(CancellationToken.None).AsTask());
        }

        Assert.Equal(1, asked);
        fault = null;
        time.Advance(options.UnknownKeyPause);
        Assert.Empty((await directory.ReadAsync(CancellationToken.None)).Keys);
    }

    [Fact]
    public async Task Caller_WhoseCredentialEnded_IsSaidSo()
    {
        using var directory = new AccessDirectory(this, options, time);
        AccessView view = await directory.ReadAsync(CancellationToken.None);
        DateTimeOffset now = time.GetUtcNow();
        var certificate = new Caller("certificates/A", [Roles.Instrument], "reader-1") { Thumbprint = "A", ExpireTime = now };

        Assert.Null(Caller.Owner.EndedBy(view, now));
        Assert.Null((certificate with { ExpireTime = now.AddTicks(1) }).EndedBy(view, now));
        Assert.Contains("expired", certificate.EndedBy(view, now), StringComparison.Ordinal);
        Assert.Contains("retired", (certificate with { Instrument = "reader-2" }).EndedBy(view, now), StringComparison.Ordinal);
        Assert.Contains("revoked", (certificate with { Thumbprint = "B" }).EndedBy(view, now), StringComparison.Ordinal);
        Assert.Contains("revoked", new Caller("keys/k", [Roles.Analyst], null) { KeyId = "k" }.EndedBy(view, now), StringComparison.Ordinal);
    }

    Task<AccessList> IAccessQueries.GetAccessListAsync(DateTimeOffset endedSince, CancellationToken cancellationToken)
    {
        asked++;
        return fault is null ? Task.FromResult(new AccessList([], ["reader-1"], ["B"])) : Task.FromException<AccessList>(fault);
    }

    Task<Page<AccessKey>> IAccessQueries.ListKeysAsync(DateTimeOffset? activeAt, PageRequest page, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<IReadOnlyList<EnrolledInstrument>> IAccessQueries.ListInstrumentsAsync(string? afterId, int limit, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    Task<Page<RecordedDenial>> IAccessQueries.ListDenialsAsync(PageRequest page, CancellationToken cancellationToken) => throw new NotSupportedException();
}

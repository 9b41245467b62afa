using Biomarkers.Storage;
using Xunit;

namespace Biomarkers.Tests.Storage;

public sealed class SqliteDatabaseTests : IAsyncDisposable
{
    private readonly SqliteTestDatabase database = new();

    public ValueTask DisposeAsync() => database.DisposeAsync();

    [Fact]
    public async Task Open_FileThatIsNoDatabase_IsRefusedWithItsPath()
    {
        await File.WriteAllTextAsync(database.File, string.Concat(Enumerable.Repeat("this is no database. ", 100)));

        var refused = await Assert.ThrowsAsync<StoreException>(async () => await SqlStore.OpenAsync(database.Connect(), TimeProvider.System, CancellationToken.None));

        Assert.Contains(database.File, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_NewDatabase_IsWalFullAndItsOwnersOnly()
    {
        await (await SqlStore.OpenAsync(database.Connect(), TimeProvider.System, CancellationToken.None)).DisposeAsync();

        Assert.Equal("wal", (await database.ReadAsync("PRAGMA journal_mode", reader => reader.GetString(0)))[0]);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(database.File));
        }
    }
}

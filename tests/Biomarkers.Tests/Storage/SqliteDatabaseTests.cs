using Biomarkers.Pipeline.Store;
using Biomarkers.Storage;
using Microsoft.Data.Sqlite;
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

    // A sync that failed may have left in memory what the log seems to hold.
    [Fact]
    public async Task Open_LogOfAnEarlierServer_IsWrittenIntoTheDatabaseFirst()
    {
        await (await SqlStore.OpenAsync(database.Connect(), TimeProvider.System, CancellationToken.None)).DisposeAsync();
        byte[] before = await File.ReadAllBytesAsync(database.File);
        byte[] log;
        await using (var earlier = new SqliteConnection($"Data Source={database.File};Pooling=False"))
        {
            await earlier.OpenAsync();
            await using SqliteCommand command = earlier.CreateCommand();
            command.CommandText = "UPDATE database_identity SET generation = 7";
            await command.ExecuteNonQueryAsync();
            log = await ReadSharedAsync(database.File + "-wal");
        }

        // As if that connection had never closed.
        await File.WriteAllBytesAsync(database.File, before);
        await File.WriteAllBytesAsync(database.File + "-wal", log);
        Assert.NotEmpty(log);

        await using SqlStore store = await SqlStore.OpenAsync(database.Connect(), TimeProvider.System, CancellationToken.None);

        Assert.Equal(0, new FileInfo(database.File + "-wal").Length);
        Assert.Equal(7, (await database.ReadAsync("SELECT generation FROM database_identity", reader => reader.GetInt64(0)))[0]);
    }

    [Fact]
    public async Task IsFull_NoRoomInTheFileItsIndexOrAtTheCommit_IsToldAndIsNoFatalFault()
    {
        await using SqlStore store = await SqlStore.OpenAsync(database.Connect(), TimeProvider.System, CancellationToken.None);
        var full = new SqliteException("database or disk is full", 13);
        Exception[] faults = [full, new SqliteException("disk I/O error", 10, 10 | (19 << 8)), new StoreConflictException("not committed", full)];

        Assert.All(faults, fault => Assert.True(store.IsFull(fault) && store.IsTransient(fault) && !store.IsFatal(fault)));
        Assert.All(
            [new SqliteException("disk I/O error", 10, 10 | (4 << 8)), new SqliteException("database is locked", 5), new StoreConflictException("another was faster")],
            (Exception fault) => Assert.False(store.IsFull(fault)));
    }

    private static async Task<byte[]> ReadSharedAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes);
        return bytes;
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

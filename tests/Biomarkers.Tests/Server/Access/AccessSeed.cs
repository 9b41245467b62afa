using Biomarkers.Pipeline.Access;
using Biomarkers.Pipeline.Store;
using Biomarkers.Server.Access;
using Biomarkers.Storage;

namespace Biomarkers.Tests.Server.Access;

/// <summary>Instruments and keys in a database before its server starts: also keys that expired long ago, which no server would make.</summary>
internal static class AccessSeed
{
    /// <summary>Enrolls instruments and adds keys.</summary>
    public static async Task PlantAsync(string folder, IEnumerable<string> instruments, IEnumerable<AccessKey> keys)
    {
        Directory.CreateDirectory(folder);
        await using SqlStore store = await SqlStore.OpenAsync(new SqliteDatabase(Path.Combine(folder, "biomarkers.db")), TimeProvider.System, CancellationToken.None);
        await using IStoreTransaction transaction = await store.BeginAsync(CancellationToken.None);
        foreach (string instrument in instruments)
        {
            await transaction.SaveInstrumentAsync(
                new EnrolledInstrument(instrument, "", TimeProvider.System.GetUtcNow(), "test", null, []), isNew: true, CancellationToken.None);
        }

        foreach (AccessKey key in keys)
        {
            await transaction.InsertKeyAsync(key, CancellationToken.None);
        }

        await transaction.CommitAsync();
    }

    /// <summary>A key and its text.</summary>
    public static (AccessKey Key, string Text) Key(string role, string? instrument = null, bool expired = false, bool revoked = false)
    {
        (string keyId, string text) = KeyText.Make();
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        string? scope = instrument is null ? null : EnrolledInstrument.ScopeOf(instrument);
        var key = new AccessKey(
            keyId, $"{role}-{keyId}", KeyText.HashOf(text), [role], scope, "test", now.AddDays(-2), now.AddDays(expired ? -1 : 1), revoked ? now.AddHours(-1) : null);
        return (key, text);
    }
}

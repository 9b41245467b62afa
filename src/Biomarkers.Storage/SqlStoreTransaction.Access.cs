using Biomarkers.Pipeline.Access;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;

namespace Biomarkers.Storage;

/// <summary>Instruments, keys and certificates that are refused.</summary>
internal sealed partial class SqlStoreTransaction
{
    private ITable<AccessKeyTable> Keys => connection.GetTable<AccessKeyTable>();

    private ITable<InstrumentTable> Instruments => connection.GetTable<InstrumentTable>();

    private ITable<RevokedCertificateTable> RevokedCertificates => connection.GetTable<RevokedCertificateTable>();

    public async Task<EnrolledInstrument?> FindInstrumentAsync(string instrumentId, CancellationToken cancellationToken)
    {
        await database.LockRowAsync(connection, "instrument", "instrument_id", instrumentId, cancellationToken);
        InstrumentTable? row = await Instruments.FirstOrDefaultAsync(known => known.InstrumentId == instrumentId, cancellationToken);
        return row is null
            ? null
            : AccessMapping.InstrumentOf(row, await RevokedCertificates.Where(certificate => certificate.InstrumentId == instrumentId).ToListAsync(cancellationToken));
    }

    public Task<int> CountInstrumentsAsync(CancellationToken cancellationToken) => Instruments.CountAsync(row => row.RetireTime == null, cancellationToken);

    public async Task SaveInstrumentAsync(EnrolledInstrument instrument, bool isNew, CancellationToken cancellationToken)
    {
        InstrumentTable row = AccessMapping.RowOf(instrument);
        if (isNew)
        {
            await connection.InsertAsync(row, token: cancellationToken);
        }
        else
        {
            await connection.UpdateAsync(row, token: cancellationToken);
        }
    }

    public Task<int> CountRevokedCertificatesAsync(CancellationToken cancellationToken) => RevokedCertificates.CountAsync(cancellationToken);

    public async Task<bool> InsertRevokedCertificateAsync(string instrumentId, string thumbprint, string actor, DateTimeOffset time, CancellationToken cancellationToken)
    {
        if (await RevokedCertificates.AnyAsync(known => known.Thumbprint == thumbprint, cancellationToken))
        {
            return false;
        }

        var row = new RevokedCertificateTable { Thumbprint = thumbprint, InstrumentId = instrumentId, Actor = actor, RevokeTime = Instant.ToMicroseconds(time) };
        await connection.InsertAsync(row, token: cancellationToken);
        return true;
    }

    public async Task<AccessKey?> FindKeyAsync(string keyId, CancellationToken cancellationToken)
    {
        await database.LockRowAsync(connection, "access_key", "key_id", keyId, cancellationToken);
        AccessKeyTable? row = await Keys.FirstOrDefaultAsync(known => known.KeyId == keyId, cancellationToken);
        return row is null ? null : AccessMapping.KeyOf(row);
    }

    public async Task<(int OfName, int All)> CountActiveKeysAsync(string name, DateTimeOffset time, CancellationToken cancellationToken)
    {
        IQueryable<AccessKeyTable> active = ActiveKeys(time);
        return (await active.CountAsync(row => row.Name == name, cancellationToken), await active.CountAsync(cancellationToken));
    }

    public async Task<IReadOnlyList<AccessKey>> ListActiveKeysAsync(string scope, DateTimeOffset time, CancellationToken cancellationToken)
    {
        List<AccessKeyTable> rows = await ActiveKeys(time).Where(row => row.Scope == scope).OrderBy(row => row.KeyId).ToListAsync(cancellationToken);
        return [.. rows.Select(AccessMapping.KeyOf)];
    }

    public async Task InsertKeyAsync(AccessKey key, CancellationToken cancellationToken) =>
        await connection.InsertAsync(AccessMapping.RowOf(await NextKeyAsync("access_key", cancellationToken), key), token: cancellationToken);

    public async Task SetKeyEndAsync(string keyId, DateTimeOffset expireTime, DateTimeOffset? revokeTime, CancellationToken cancellationToken)
    {
        long expire = Instant.ToMicroseconds(expireTime);
        long? revoke = Instant.ToMicroseconds(revokeTime);
        await Keys.Where(row => row.KeyId == keyId).Set(row => row.ExpireTime, expire).Set(row => row.RevokeTime, revoke).UpdateAsync(cancellationToken);
    }

    public async Task NoteKeyUseAsync(string keyId, DateTimeOffset time, CancellationToken cancellationToken)
    {
        long use = Instant.ToMicroseconds(time);
        await Keys.Where(row => row.KeyId == keyId && (row.LastUseTime == null || row.LastUseTime < use)).Set(row => row.LastUseTime, use).UpdateAsync(cancellationToken);
    }

    private IQueryable<AccessKeyTable> ActiveKeys(DateTimeOffset time)
    {
        long now = Instant.ToMicroseconds(time);
        return Keys.Where(row => row.RevokeTime == null && row.ExpireTime > now);
    }
}

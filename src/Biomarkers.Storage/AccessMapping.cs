using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Access;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;

namespace Biomarkers.Storage;

/// <summary>Rows of the access rules to records and back.</summary>
internal static class AccessMapping
{
    public static AccessKey KeyOf(AccessKeyTable row) => new(
        row.KeyId,
        row.Name,
        ContentHash.FromBytes(row.SecretHash),
        RowMapping.Words(row.Roles),
        row.Scope,
        row.Actor,
        Instant.FromMicroseconds(row.CreateTime),
        Instant.FromMicroseconds(row.ExpireTime),
        Instant.FromMicroseconds(row.RevokeTime),
        Instant.FromMicroseconds(row.LastUseTime));

    public static AccessKeyTable RowOf(long key, AccessKey access) => new()
    {
        Key = key,
        KeyId = access.KeyId,
        Name = access.Name,
        SecretHash = access.SecretHash.ToBytes(),
        Roles = string.Join(' ', access.Roles),
        Scope = access.Scope,
        Actor = access.Actor,
        CreateTime = Instant.ToMicroseconds(access.CreateTime),
        ExpireTime = Instant.ToMicroseconds(access.ExpireTime),
        RevokeTime = Instant.ToMicroseconds(access.RevokeTime),
        LastUseTime = Instant.ToMicroseconds(access.LastUseTime),
    };

    public static EnrolledInstrument InstrumentOf(InstrumentTable row, IEnumerable<RevokedCertificateTable> revoked) => new(
        row.InstrumentId,
        row.DisplayName,
        Instant.FromMicroseconds(row.EnrollTime),
        row.Actor,
        Instant.FromMicroseconds(row.RetireTime),
        [.. revoked.Where(known => known.InstrumentId == row.InstrumentId).OrderBy(known => known.RevokeTime).Select(known => known.Thumbprint)]);

    public static InstrumentTable RowOf(EnrolledInstrument instrument) => new()
    {
        InstrumentId = instrument.InstrumentId,
        DisplayName = instrument.DisplayName,
        EnrollTime = Instant.ToMicroseconds(instrument.EnrollTime),
        Actor = instrument.Actor,
        RetireTime = Instant.ToMicroseconds(instrument.RetireTime),
    };

    public static RecordedDenial DenialOf(AuditEventTable row)
    {
        DenialDetail detail = RowMapping.FromJson<DenialDetail>(row.Detail ?? throw new InvalidDataException($"Audit event {row.Sequence} counts no calls. The store is damaged."));
        return new RecordedDenial(
            row.Sequence, Instant.FromMicroseconds(row.EventTime), new Denial(row.Actor, row.Target, row.Reason ?? "", detail.CallCount, detail.Peer));
    }
}

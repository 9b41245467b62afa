using LinqToDB.Mapping;

namespace Biomarkers.Storage.Tables;

[Table("instrument")]
internal sealed class InstrumentTable
{
    [Column("instrument_id"), PrimaryKey] public string InstrumentId { get; set; } = "";
    [Column("display_name")] public string DisplayName { get; set; } = "";
    [Column("enroll_time")] public long EnrollTime { get; set; }
    [Column("actor")] public string Actor { get; set; } = "";
    [Column("retire_time")] public long? RetireTime { get; set; }
}

[Table("access_key")]
internal sealed class AccessKeyTable
{
    [Column("access_key"), PrimaryKey] public long Key { get; set; }
    [Column("key_id")] public string KeyId { get; set; } = "";
    [Column("name")] public string Name { get; set; } = "";
    [Column("secret_hash")] public byte[] SecretHash { get; set; } = [];
    [Column("roles")] public string Roles { get; set; } = "";
    [Column("scope")] public string? Scope { get; set; }
    [Column("actor")] public string Actor { get; set; } = "";
    [Column("create_time")] public long CreateTime { get; set; }
    [Column("expire_time")] public long ExpireTime { get; set; }
    [Column("revoke_time")] public long? RevokeTime { get; set; }
    [Column("last_use_time")] public long? LastUseTime { get; set; }
}

[Table("revoked_certificate")]
internal sealed class RevokedCertificateTable
{
    [Column("thumbprint"), PrimaryKey] public string Thumbprint { get; set; } = "";
    [Column("instrument_id")] public string InstrumentId { get; set; } = "";
    [Column("actor")] public string Actor { get; set; } = "";
    [Column("revoke_time")] public long RevokeTime { get; set; }
}

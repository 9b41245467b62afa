using LinqToDB.Mapping;

namespace Biomarkers.Storage.Tables;

[Table("subscription")]
internal sealed class SubscriptionTable
{
    [Column("subscription_key"), PrimaryKey] public long SubscriptionKey { get; set; }
    [Column("subscription_id")] public string SubscriptionId { get; set; } = "";
    [Column("owner")] public string Owner { get; set; } = "";
    [Column("studies")] public string Studies { get; set; } = "";
    [Column("analytes")] public string Analytes { get; set; } = "";
    [Column("statuses")] public string Statuses { get; set; } = "";
    [Column("lease_seconds")] public int LeaseSeconds { get; set; }
    [Column("fed_sequence")] public long FedSequence { get; set; }
    [Column("create_time")] public long CreateTime { get; set; }
    [Column("delete_time")] public long? DeleteTime { get; set; }
}

[Table("delivery_item")]
internal sealed class DeliveryItemTable
{
    public const int Waiting = 1;
    public const int Leased = 2;
    public const int Acknowledged = 3;
    public const int Parked = 4;

    [Column("subscription_key"), PrimaryKey(0)] public long SubscriptionKey { get; set; }
    [Column("sequence"), PrimaryKey(1)] public long Sequence { get; set; }
    [Column("version_key")] public long VersionKey { get; set; }
    [Column("sample_id")] public string SampleId { get; set; } = "";
    [Column("analyte")] public string Analyte { get; set; } = "";
    [Column("state")] public int State { get; set; }
    [Column("attempt_count")] public int AttemptCount { get; set; }
    [Column("delivery_id")] public long? DeliveryId { get; set; }
    [Column("lease_time")] public long? LeaseTime { get; set; }
    [Column("lease_expire_time")] public long? LeaseExpireTime { get; set; }
    [Column("not_before_time")] public long? NotBeforeTime { get; set; }
    [Column("reason")] public string? Reason { get; set; }
}

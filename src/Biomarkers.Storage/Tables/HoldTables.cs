using LinqToDB.Mapping;

namespace Biomarkers.Storage.Tables;

[Table("held_read")]
internal sealed class HeldReadTable
{
    [Column("held_key"), PrimaryKey] public long HeldKey { get; set; }
    [Column("stream_key")] public long StreamKey { get; set; }
    [Column("event_offset")] public long EventOffset { get; set; }
    [Column("event_hash")] public byte[] EventHash { get; set; } = [];
    [Column("plate_key")] public long? PlateKey { get; set; }
    [Column("plate_barcode")] public string PlateBarcode { get; set; } = "";
    [Column("read_id")] public string ReadId { get; set; } = "";
    [Column("operator_name")] public string? OperatorName { get; set; }
    [Column("read_time")] public long? ReadTime { get; set; }
    [Column("content")] public byte[] Content { get; set; } = [];
    [Column("content_hash")] public byte[] ContentHash { get; set; } = [];
    [Column("layout")] public string? Layout { get; set; }
    [Column("hold_reason")] public string HoldReason { get; set; } = "";
    [Column("explanation")] public string Explanation { get; set; } = "";
    [Column("receive_time")] public long ReceiveTime { get; set; }
}

[Table("held_read_resolution")]
internal sealed class HeldReadResolutionTable
{
    [Column("held_key"), PrimaryKey] public long HeldKey { get; set; }
    [Column("kind")] public int Kind { get; set; }
    [Column("plate_barcode")] public string? PlateBarcode { get; set; }
    [Column("reason")] public string Reason { get; set; } = "";
    [Column("actor")] public string Actor { get; set; } = "";
    [Column("resolve_time")] public long ResolveTime { get; set; }
}

[Table("quarantine_resolution")]
internal sealed class QuarantineResolutionTable
{
    [Column("quarantine_key"), PrimaryKey] public long QuarantineKey { get; set; }
    [Column("kind")] public int Kind { get; set; }
    [Column("stream_key")] public long? StreamKey { get; set; }
    [Column("event_offset")] public long? EventOffset { get; set; }
    [Column("plate_barcode")] public string? PlateBarcode { get; set; }
    [Column("reason")] public string Reason { get; set; } = "";
    [Column("actor")] public string Actor { get; set; } = "";
    [Column("resolve_time")] public long ResolveTime { get; set; }
}

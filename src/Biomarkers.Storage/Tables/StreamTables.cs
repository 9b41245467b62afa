using LinqToDB.Mapping;

namespace Biomarkers.Storage.Tables;

[Table("database_identity")]
internal sealed class DatabaseIdentityTable
{
    [Column("id"), PrimaryKey] public int Id { get; set; }
    [Column("generation")] public long Generation { get; set; }
}

[Table("key_sequence")]
internal sealed class KeySequenceTable
{
    [Column("name"), PrimaryKey] public string Name { get; set; } = "";
    [Column("next_key")] public long NextKey { get; set; }
}

[Table("ledger_head")]
internal sealed class LedgerHeadTable
{
    [Column("id"), PrimaryKey] public int Id { get; set; }
    [Column("sequence")] public long Sequence { get; set; }
    [Column("hash")] public byte[] Hash { get; set; } = [];
}

[Table("audit_event")]
internal sealed class AuditEventTable
{
    [Column("sequence"), PrimaryKey] public long Sequence { get; set; }
    [Column("event_time")] public long EventTime { get; set; }
    [Column("actor")] public string Actor { get; set; } = "";
    [Column("action")] public string Action { get; set; } = "";
    [Column("target")] public string Target { get; set; } = "";
    [Column("reason")] public string? Reason { get; set; }
    [Column("detail")] public string? Detail { get; set; }
    [Column("previous_hash")] public byte[] PreviousHash { get; set; } = [];
    [Column("hash")] public byte[] Hash { get; set; } = [];
}

[Table("change_feed")]
internal sealed class ChangeFeedTable
{
    [Column("sequence"), PrimaryKey] public long Sequence { get; set; }
    [Column("kind")] public int Kind { get; set; }
    [Column("target_key")] public long TargetKey { get; set; }
}

[Table("read_stream")]
internal sealed class ReadStreamTable
{
    [Column("stream_key"), PrimaryKey] public long StreamKey { get; set; }
    [Column("instrument_id")] public string InstrumentId { get; set; } = "";
    [Column("stream_id")] public string StreamId { get; set; } = "";
    [Column("epoch")] public long Epoch { get; set; }
    [Column("next_offset")] public long NextOffset { get; set; }
    [Column("chain_hash")] public byte[] ChainHash { get; set; } = [];
    [Column("open_time")] public long OpenTime { get; set; }
    [Column("last_event_time")] public long? LastEventTime { get; set; }
    [Column("clock_offset")] public long? ClockOffset { get; set; }
}

[Table("stream_event")]
internal sealed class StreamEventTable
{
    [Column("stream_key"), PrimaryKey(0)] public long StreamKey { get; set; }
    [Column("event_offset"), PrimaryKey(1)] public long EventOffset { get; set; }
    [Column("epoch")] public long Epoch { get; set; }
    [Column("content")] public byte[] Content { get; set; } = [];
    [Column("content_hash")] public byte[] ContentHash { get; set; } = [];
    [Column("chain_hash")] public byte[] ChainHash { get; set; } = [];
    [Column("receive_time")] public long ReceiveTime { get; set; }
    [Column("send_time")] public long? SendTime { get; set; }
}

[Table("quarantined_event")]
internal sealed class QuarantinedEventTable
{
    [Column("quarantine_key"), PrimaryKey] public long QuarantineKey { get; set; }
    [Column("stream_key")] public long StreamKey { get; set; }
    [Column("event_offset")] public long EventOffset { get; set; }
    [Column("content_hash")] public byte[] ContentHash { get; set; } = [];
    [Column("content")] public byte[]? Content { get; set; }
    [Column("reason")] public string Reason { get; set; } = "";
    [Column("faults")] public string Faults { get; set; } = "";
    [Column("receive_time")] public long ReceiveTime { get; set; }
    [Column("epoch")] public long Epoch { get; set; }
    [Column("send_time")] public long? SendTime { get; set; }
}

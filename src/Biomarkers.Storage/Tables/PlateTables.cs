using LinqToDB.Mapping;

namespace Biomarkers.Storage.Tables;

[Table("assay")]
internal sealed class AssayTable
{
    [Column("assay_key"), PrimaryKey] public long AssayKey { get; set; }
    [Column("assay_id")] public string AssayId { get; set; } = "";
    [Column("version")] public int Version { get; set; }
    [Column("content_hash")] public byte[] ContentHash { get; set; } = [];
    [Column("definition")] public string Definition { get; set; } = "";
    [Column("create_time")] public long CreateTime { get; set; }
    [Column("actor")] public string Actor { get; set; } = "";
}

[Table("rule_pack")]
internal sealed class RulePackTable
{
    [Column("name"), PrimaryKey] public string Name { get; set; } = "";
    [Column("content_hash")] public byte[] ContentHash { get; set; } = [];
    [Column("definition")] public string Definition { get; set; } = "";
}

[Table("plate")]
internal sealed class PlateTable
{
    [Column("plate_key"), PrimaryKey] public long PlateKey { get; set; }
    [Column("barcode")] public string Barcode { get; set; } = "";
    [Column("state")] public int State { get; set; }
    [Column("layout_key")] public long? LayoutKey { get; set; }
    [Column("run_key")] public long? RunKey { get; set; }
    [Column("change_key")] public long ChangeKey { get; set; }
    [Column("create_time")] public long CreateTime { get; set; }
    [Column("update_time")] public long UpdateTime { get; set; }
}

[Table("plate_layout")]
internal sealed class PlateLayoutTable
{
    [Column("layout_key"), PrimaryKey] public long LayoutKey { get; set; }
    [Column("plate_key")] public long PlateKey { get; set; }
    [Column("version")] public int Version { get; set; }
    [Column("assay_key")] public long AssayKey { get; set; }
    [Column("content_hash")] public byte[] ContentHash { get; set; } = [];
    [Column("definition")] public string Definition { get; set; } = "";
    [Column("submit_time")] public long SubmitTime { get; set; }
    [Column("actor")] public string Actor { get; set; } = "";
    [Column("reason")] public string? Reason { get; set; }
}

[Table("pending_read")]
internal sealed class PendingReadTable
{
    [Column("stream_key"), PrimaryKey(0)] public long StreamKey { get; set; }
    [Column("read_id"), PrimaryKey(1)] public string ReadId { get; set; } = "";
    [Column("plate_key")] public long? PlateKey { get; set; }
    [Column("plate_barcode")] public string PlateBarcode { get; set; } = "";
    [Column("well_count")] public int WellCount { get; set; }
    [Column("response_kind")] public int ResponseKind { get; set; }
    [Column("operator_name")] public string? OperatorName { get; set; }
    [Column("read_time")] public long? ReadTime { get; set; }
    [Column("part_count")] public int PartCount { get; set; }
    [Column("layout")] public string? Layout { get; set; }
    [Column("start_time")] public long? StartTime { get; set; }
}

[Table("pending_read_part")]
internal sealed class PendingReadPartTable
{
    [Column("stream_key"), PrimaryKey(0)] public long StreamKey { get; set; }
    [Column("read_id"), PrimaryKey(1)] public string ReadId { get; set; } = "";
    [Column("event_offset"), PrimaryKey(2)] public long EventOffset { get; set; }
    [Column("content")] public byte[] Content { get; set; } = [];
}

[Table("plate_read")]
internal sealed class PlateReadTable
{
    [Column("read_key"), PrimaryKey] public long ReadKey { get; set; }
    [Column("plate_key")] public long PlateKey { get; set; }
    [Column("read_id")] public string ReadId { get; set; } = "";
    [Column("content")] public byte[] Content { get; set; } = [];
    [Column("content_hash")] public byte[] ContentHash { get; set; } = [];
    [Column("instrument_id")] public string InstrumentId { get; set; } = "";
    [Column("operator_name")] public string? OperatorName { get; set; }
    [Column("read_time")] public long? ReadTime { get; set; }
    [Column("receive_time")] public long ReceiveTime { get; set; }
    [Column("stream_key")] public long StreamKey { get; set; }
    [Column("event_offset")] public long EventOffset { get; set; }
    [Column("same_content_as")] public long? SameContentAs { get; set; }
}

[Table("joined_read")]
internal sealed class JoinedReadTable
{
    [Column("read_key"), PrimaryKey] public long ReadKey { get; set; }
    [Column("measurement_key")] public long MeasurementKey { get; set; }
    [Column("reference_key")] public long ReferenceKey { get; set; }
}

[Table("work_item")]
internal sealed class WorkItemTable
{
    /// <summary>Waits for its analysis.</summary>
    public const int Open = 1;

    /// <summary>There is a run.</summary>
    public const int Done = 2;

    /// <summary>Given up.</summary>
    public const int Parked = 3;

    /// <summary>Newer work of the same read was made before this was done.</summary>
    public const int Superseded = 4;

    [Column("work_key"), PrimaryKey] public long WorkKey { get; set; }
    [Column("inputs_hash")] public byte[] InputsHash { get; set; } = [];
    [Column("plate_key")] public long PlateKey { get; set; }
    [Column("read_key")] public long ReadKey { get; set; }
    [Column("layout_key")] public long LayoutKey { get; set; }
    [Column("assay_key")] public long AssayKey { get; set; }
    [Column("rule_pack")] public string RulePack { get; set; } = "";
    [Column("state")] public int State { get; set; }
    [Column("holder")] public string Holder { get; set; } = "";
    [Column("generation")] public long Generation { get; set; }
    [Column("attempts")] public int Attempts { get; set; }
    [Column("last_error")] public string? LastError { get; set; }
    [Column("run_key")] public long? RunKey { get; set; }
    [Column("create_time")] public long CreateTime { get; set; }
    [Column("update_time")] public long UpdateTime { get; set; }
}

[Table("work_holder")]
internal sealed class WorkHolderTable
{
    [Column("holder"), PrimaryKey] public string Holder { get; set; } = "";
    [Column("host_name")] public string HostName { get; set; } = "";
    [Column("start_time")] public long StartTime { get; set; }
    [Column("beat")] public long Beat { get; set; }
    [Column("end_time")] public long? EndTime { get; set; }
}

using LinqToDB.Mapping;

namespace Biomarkers.Storage.Tables;

[Table("result_hold")]
internal sealed class ResultHoldTable
{
    [Column("hold_key"), PrimaryKey] public long HoldKey { get; set; }
    [Column("result_key")] public long ResultKey { get; set; }
    [Column("reason")] public string Reason { get; set; } = "";
    [Column("actor")] public string Actor { get; set; } = "";
    [Column("place_time")] public long PlaceTime { get; set; }
}

[Table("result_hold_lift")]
internal sealed class ResultHoldLiftTable
{
    [Column("hold_key"), PrimaryKey] public long HoldKey { get; set; }
    [Column("reason")] public string Reason { get; set; } = "";
    [Column("actor")] public string Actor { get; set; } = "";
    [Column("lift_time")] public long LiftTime { get; set; }
}

[Table("repeat_link")]
internal sealed class RepeatLinkTable
{
    [Column("link_key"), PrimaryKey] public long LinkKey { get; set; }
    [Column("repeat_key")] public long RepeatKey { get; set; }
    [Column("original_key")] public long OriginalKey { get; set; }
    [Column("reason")] public string Reason { get; set; } = "";
    [Column("actor")] public string Actor { get; set; } = "";
    [Column("link_time")] public long LinkTime { get; set; }
}

[Table("repeat_unlink")]
internal sealed class RepeatUnlinkTable
{
    [Column("link_key"), PrimaryKey] public long LinkKey { get; set; }
    [Column("reason")] public string Reason { get; set; } = "";
    [Column("actor")] public string Actor { get; set; } = "";
    [Column("unlink_time")] public long UnlinkTime { get; set; }
}

[Table("result_signature")]
internal sealed class ResultSignatureTable
{
    [Column("signature_key"), PrimaryKey] public long SignatureKey { get; set; }
    [Column("version_key")] public long VersionKey { get; set; }
    [Column("version_hash")] public byte[] VersionHash { get; set; } = [];
    [Column("actor")] public string Actor { get; set; } = "";
    [Column("signer_name")] public string SignerName { get; set; } = "";
    [Column("meaning")] public int Meaning { get; set; }
    [Column("method")] public int Method { get; set; }
    [Column("sign_time")] public long SignTime { get; set; }
}

[Table("signing_pin")]
internal sealed class SigningPinTable
{
    [Column("key_id"), PrimaryKey] public string KeyId { get; set; } = "";
    [Column("salt")] public byte[] Salt { get; set; } = [];
    [Column("pin_hash")] public byte[] PinHash { get; set; } = [];
    [Column("iteration_count")] public int IterationCount { get; set; }
    [Column("failure_count")] public int FailureCount { get; set; }
    [Column("set_time")] public long SetTime { get; set; }
}

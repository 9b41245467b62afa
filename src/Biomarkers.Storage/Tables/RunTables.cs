using LinqToDB.Mapping;

namespace Biomarkers.Storage.Tables;

[Table("analytical_run")]
internal sealed class AnalyticalRunTable
{
    [Column("run_key"), PrimaryKey] public long RunKey { get; set; }
    [Column("plate_key")] public long PlateKey { get; set; }
    [Column("read_key")] public long ReadKey { get; set; }
    [Column("layout_key")] public long LayoutKey { get; set; }
    [Column("assay_key")] public long AssayKey { get; set; }
    [Column("assay_id")] public string AssayId { get; set; } = "";
    [Column("inputs_hash")] public byte[] InputsHash { get; set; } = [];
    [Column("read_hash")] public byte[] ReadHash { get; set; } = [];
    [Column("layout_hash")] public byte[] LayoutHash { get; set; } = [];
    [Column("assay_hash")] public byte[] AssayHash { get; set; } = [];
    [Column("rule_pack_hash")] public byte[] RulePackHash { get; set; } = [];
    [Column("rule_pack")] public string RulePack { get; set; } = "";
    [Column("engine_version")] public string EngineVersion { get; set; } = "";
    [Column("verdict")] public int Verdict { get; set; }
    [Column("criteria")] public string Criteria { get; set; } = "";
    [Column("result_count")] public int ResultCount { get; set; }
    [Column("flag_count")] public int FlagCount { get; set; }
    [Column("save_time")] public long SaveTime { get; set; }
}

[Table("standard_curve")]
internal sealed class StandardCurveTable
{
    [Column("run_key"), PrimaryKey(0)] public long RunKey { get; set; }
    [Column("ordinal"), PrimaryKey(1)] public int Ordinal { get; set; }
    [Column("analyte")] public string Analyte { get; set; } = "";
    [Column("unit")] public string Unit { get; set; } = "";
    [Column("model")] public string Model { get; set; } = "";
    [Column("weights")] public string Weights { get; set; } = "";
    [Column("parameters")] public byte[] Parameters { get; set; } = [];
    [Column("covariance")] public byte[]? Covariance { get; set; }
    [Column("weighted_sum_of_squares")] public double? WeightedSumOfSquares { get; set; }
    [Column("degrees_of_freedom")] public int DegreesOfFreedom { get; set; }
    [Column("termination")] public int Termination { get; set; }
    [Column("iteration_count")] public int IterationCount { get; set; }
    [Column("condition_number")] public double? ConditionNumber { get; set; }
    [Column("parameters_at_bound")] public string ParametersAtBound { get; set; } = "";
    [Column("failure")] public string? Failure { get; set; }
    [Column("is_accepted")] public bool IsAccepted { get; set; }
    [Column("lloq")] public double? Lloq { get; set; }
    [Column("uloq")] public double? Uloq { get; set; }
    [Column("blank_mean_response")] public double? BlankMeanResponse { get; set; }
    [Column("calibrators")] public string Calibrators { get; set; } = "";
}

[Table("control_point")]
internal sealed class ControlPointTable
{
    [Column("run_key"), PrimaryKey(0)] public long RunKey { get; set; }
    [Column("ordinal"), PrimaryKey(1)] public int Ordinal { get; set; }
    [Column("analyte")] public string Analyte { get; set; } = "";
    [Column("level_name")] public string Level { get; set; } = "";
    [Column("set_number")] public int SetNumber { get; set; }
    [Column("lot_number")] public string? LotNumber { get; set; }
    [Column("nominal")] public double? Nominal { get; set; }
    [Column("mean_response")] public double? MeanResponse { get; set; }
    [Column("concentration")] public double? Concentration { get; set; }
    [Column("recovery_percent")] public double? RecoveryPercent { get; set; }
    [Column("cv_percent")] public double? CvPercent { get; set; }
    [Column("is_accepted")] public bool? IsAccepted { get; set; }
    [Column("wells")] public string Wells { get; set; } = "";
}

[Table("control_series")]
internal sealed class ControlSeriesTable
{
    [Column("series_key"), PrimaryKey] public long SeriesKey { get; set; }
    [Column("assay_id")] public string AssayId { get; set; } = "";
    [Column("analyte")] public string Analyte { get; set; } = "";
    [Column("level_name")] public string Level { get; set; } = "";
    [Column("lot_number")] public string LotNumber { get; set; } = "";
    [Column("point_count")] public long PointCount { get; set; }
}

[Table("control_series_point")]
internal sealed class ControlSeriesPointTable
{
    [Column("series_key"), PrimaryKey(0)] public long SeriesKey { get; set; }
    [Column("position"), PrimaryKey(1)] public long Position { get; set; }
    [Column("run_key")] public long RunKey { get; set; }
    [Column("ordinal")] public int Ordinal { get; set; }
}

[Table("run_lot")]
internal sealed class RunLotTable
{
    [Column("run_key"), PrimaryKey(0)] public long RunKey { get; set; }
    [Column("ordinal"), PrimaryKey(1)] public int Ordinal { get; set; }
    [Column("kind")] public int Kind { get; set; }
    [Column("lot_number")] public string LotNumber { get; set; } = "";
    [Column("expiry_date")] public string? ExpiryDate { get; set; }
}

[Table("qc_flag")]
internal sealed class QcFlagTable
{
    [Column("run_key"), PrimaryKey(0)] public long RunKey { get; set; }
    [Column("ordinal"), PrimaryKey(1)] public int Ordinal { get; set; }
    [Column("code")] public string Code { get; set; } = "";
    [Column("level")] public int Level { get; set; }
    [Column("severity")] public int Severity { get; set; }
    [Column("rule")] public string Rule { get; set; } = "";
    [Column("analyte")] public string? Analyte { get; set; }
    [Column("subject")] public string? Subject { get; set; }
    [Column("observed")] public double? Observed { get; set; }
    [Column("limit_value")] public double? LimitValue { get; set; }
    [Column("clause")] public string? Clause { get; set; }
    [Column("wells")] public string Wells { get; set; } = "";
    [Column("text")] public string Text { get; set; } = "";
}

[Table("result")]
internal sealed class ResultTable
{
    [Column("result_key"), PrimaryKey] public long ResultKey { get; set; }
    [Column("plate_key")] public long PlateKey { get; set; }
    [Column("sample_id")] public string SampleId { get; set; } = "";
    [Column("analyte")] public string Analyte { get; set; } = "";
    [Column("dilution_factor")] public double DilutionFactor { get; set; }
}

[Table("result_version")]
internal sealed class ResultVersionTable
{
    [Column("version_key"), PrimaryKey] public long VersionKey { get; set; }
    [Column("result_key")] public long ResultKey { get; set; }
    [Column("version")] public int Version { get; set; }
    [Column("run_key")] public long RunKey { get; set; }
    [Column("ordinal")] public int Ordinal { get; set; }
    [Column("status")] public int Status { get; set; }
    [Column("supersedes_version")] public int? SupersedesVersion { get; set; }
    [Column("reason")] public string? Reason { get; set; }
    [Column("unit")] public string Unit { get; set; } = "";
    [Column("range_status")] public int RangeStatus { get; set; }
    [Column("concentration")] public double? Concentration { get; set; }
    [Column("limit_value")] public double? LimitValue { get; set; }
    [Column("lower_bound")] public double? LowerBound { get; set; }
    [Column("upper_bound")] public double? UpperBound { get; set; }
    [Column("cv_percent")] public double? CvPercent { get; set; }
    [Column("extrapolated_concentration")] public double? ExtrapolatedConcentration { get; set; }
    [Column("mean_response")] public double? MeanResponse { get; set; }
    [Column("response_variance")] public double? ResponseVariance { get; set; }
    [Column("ln_concentration_gradient")] public byte[]? LnConcentrationGradient { get; set; }
    [Column("wells")] public string Wells { get; set; } = "";
    [Column("flag_codes")] public string FlagCodes { get; set; } = "";
    [Column("specimen")] public string? Specimen { get; set; }
    [Column("create_time")] public long CreateTime { get; set; }
}

[Table("run_seal")]
internal sealed class RunSealTable
{
    [Column("run_key"), PrimaryKey(0)] public long RunKey { get; set; }
    [Column("ordinal"), PrimaryKey(1)] public int Ordinal { get; set; }
    [Column("row_count")] public int RowCount { get; set; }
    [Column("content_hash")] public byte[] ContentHash { get; set; } = [];
}

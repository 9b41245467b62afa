using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Results;
using Biomarkers.Results.Delivery;
using Biomarkers.Tests.Interchange;
using Xunit;

namespace Biomarkers.Tests.Results.Delivery;

/// <summary>What can leave, and what can't be said.</summary>
public sealed class ReportedResultTests
{
    private static readonly SampleResults Sample = new();

    public static TheoryData<ResultStatus> Released => [ResultStatus.Final, ResultStatus.Corrected, ResultStatus.Withdrawn, ResultStatus.Cancelled];

    [Theory]
    [MemberData(nameof(Released))]
    public void Create_ReleasedVersion_IsMade(ResultStatus status) => Assert.Equal(status, Sample.As(status).Make().Version.Status);

    [Fact]
    public void Create_Preliminary_DoesNotLeave() => AssertFault(Sample.As(ResultStatus.Preliminary), "status", FaultReasons.OutOfRange);

    // Numbers that are none, in every field that has one.
    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void Create_NumberThatIsNone_DoesNotLeave(double number)
    {
        ReportedMeasurement measurement = Sample.Measurement;
        ReportedMeasurement beyond = Sample.Beyond(RangeStatus.AboveUloq, number).Measurement;
        AssertFault(Sample with { Measurement = measurement with { Concentration = number } }, "concentration", FaultReasons.NonFinite);
        AssertFault(Sample with { Measurement = beyond }, "limit", FaultReasons.NonFinite);
        AssertFault(Sample with { Measurement = measurement with { Lower = number } }, "lower", FaultReasons.NonFinite);
        AssertFault(Sample with { Measurement = measurement with { Upper = number } }, "upper", FaultReasons.NonFinite);
        AssertFault(Sample with { Measurement = measurement with { CvPercent = number } }, "cv_percent", FaultReasons.NonFinite);
        AssertFault(Sample with { Measurement = measurement with { MeanResponse = number } }, "mean_response", FaultReasons.NonFinite);
        AssertFault(Sample with { Sample = Sample.Sample with { DilutionFactor = number } }, "dilution_factor", FaultReasons.NonFinite);
        AssertFault(Sample.WithSpecimen(specimen => specimen with { HaemolysisIndex = number }), "specimen.haemolysis_index", FaultReasons.NonFinite);
    }

    [Theory]
    [InlineData(RangeStatus.BelowLloq)] // beyond the range: the limit is said, never a number
    [InlineData(RangeStatus.AboveUloq)]
    [InlineData(RangeStatus.NotDetermined)]
    public void Create_NumberOutsideTheRange_DoesNotLeave(RangeStatus status) =>
        AssertFault(Sample with { Measurement = new ReportedMeasurement { RangeStatus = status, Concentration = 3, Limit = 0.32, FlagCodes = [] } }, "concentration", FaultReasons.OutOfRange);

    [Fact]
    public void Create_QuantifiedWithoutNumberOrWithLimit_DoesNotLeave()
    {
        AssertFault(Sample with { Measurement = Sample.Measurement with { Concentration = null } }, "concentration", FaultReasons.Required);
        AssertFault(Sample with { Measurement = Sample.Measurement with { Limit = 0.32 } }, "limit", FaultReasons.OutOfRange);
    }

    [Fact]
    public void Create_BeyondTheRangeWithoutLimitOrWithInterval_DoesNotLeave()
    {
        ReportedMeasurement beyond = Sample.Beyond(RangeStatus.BelowLloq, 0.32).Measurement;
        AssertFault(Sample with { Measurement = beyond with { Limit = null } }, "limit", FaultReasons.Required);
        AssertFault(Sample with { Measurement = beyond with { Upper = 0.5 } }, "lower", FaultReasons.OutOfRange);
    }

    /// <summary>The ends of an interval are computed by another way than the number, and lie beside it in the last digits where wells agree to the last one.</summary>
    [Theory]
    [InlineData(1 + 1e-15, true)]
    [InlineData(1 + 1e-6, false)]
    public void Create_IntervalThatBeginsAboveTheNumber_LeavesWhereRoundingAloneSaysSo(double factor, bool leaves)
    {
        ReportedMeasurement measurement = Sample.Measurement;
        SampleResults above = Sample with { Measurement = measurement with { Lower = measurement.Concentration * factor } };
        SampleResults below = Sample with { Measurement = measurement with { Upper = measurement.Concentration / factor } };
        Assert.All([above, below], sample =>
        {
            if (leaves)
            {
                Assert.Equal(measurement.Concentration, sample.Make().Measurement.Concentration);
            }
            else
            {
                AssertFault(sample, "lower", FaultReasons.OutOfRange);
            }
        });
    }

    [Theory]
    [InlineData(ResultStatus.Withdrawn)]
    [InlineData(ResultStatus.Cancelled)]
    public void Create_ValueOfAVersionThatHasNone_DoesNotLeave(ResultStatus status) =>
        AssertFault(Sample.As(status) with { Measurement = Sample.Measurement }, "range_status", FaultReasons.OutOfRange);

    [Theory]
    [InlineData(ResultStatus.Final)]
    [InlineData(ResultStatus.Corrected)]
    public void Create_ReleasedVersionOfARejectedRunOrWithoutValue_DoesNotLeave(ResultStatus status)
    {
        AssertFault(Sample.As(status).WithFlags("S_REP_CV", "R_REJECTED"), "flag_codes", FaultReasons.OutOfRange);
        AssertFault(Sample.As(status) with { Measurement = new ReportedMeasurement { RangeStatus = RangeStatus.NotDetermined, FlagCodes = [] } }, "range_status", FaultReasons.OutOfRange);
    }

    [Theory]
    [InlineData("S_BELOW_LLOQ")] // a comparator of another version must not stay behind
    [InlineData("S_ABOVE_ULOQ")]
    public void Create_FlagThatContradictsTheRange_DoesNotLeave(string code) => AssertFault(Sample.WithFlags(code), "flag_codes", FaultReasons.OutOfRange);

    [Theory]
    [InlineData(ResultStatus.Corrected)]
    [InlineData(ResultStatus.Withdrawn)]
    public void Create_CorrectionThatNamesNothingOrNoReason_DoesNotLeave(ResultStatus status)
    {
        AssertFault(Sample.As(status, superseded: null), "superseded_version", FaultReasons.Required);
        AssertFault(Sample.As(status, superseded: 2), "superseded_version", FaultReasons.OutOfRange);
        AssertFault(Sample.As(status, reason: null), "reason", FaultReasons.ReasonRequired);
    }

    /// <summary>The first release of a rejected run: its flags say why there is no value.</summary>
    [Fact]
    public void Create_CancelledThatReplacesNothing_NeedsNoReason()
    {
        Assert.Null(Sample.WithFlags("R_REJECTED").As(ResultStatus.Cancelled, reason: null, superseded: null).Make().Version.Reason);
        AssertFault(Sample.As(ResultStatus.Cancelled, reason: null), "reason", FaultReasons.ReasonRequired);
    }

    [Fact]
    public void Create_FinalThatReplaces_DoesNotLeaveAsFinal() =>
        AssertFault(Sample with { Version = Sample.Version with { SupersededVersion = 1 } }, "superseded_version", FaultReasons.OutOfRange);

    public static TheoryData<string, string> BadTexts => new()
    {
        { "", FaultReasons.Required },
        { "  ", FaultReasons.InvalidText }, // blank: FHIR has no such text
        { "S-1\r", FaultReasons.InvalidText }, // ends a segment
        { new string('x', 129), FaultReasons.InvalidText },
    };

    [Theory]
    [MemberData(nameof(BadTexts))]
    public void Create_TextThatCantBeEchoed_DoesNotLeave(string text, string reason) => AssertFault(Sample with { Sample = Sample.Sample with { SampleId = text } }, "sample_id", reason);

    /// <summary>Half of a character has no UTF-8.</summary>
    [Fact]
    public void Create_HalfOfACharacter_DoesNotLeave() => AssertFault(Sample with { Sample = Sample.Sample with { SampleId = "S-\ud83d" } }, "sample_id", FaultReasons.InvalidText);

    [Fact]
    public void Create_EverythingWrong_TellsAllFaults()
    {
        Checked<ReportedResult> made = ReportedResult.Create(
            new ReportedVersion("17", 0, (ResultStatus)9, null, ""),
            new ReportedSample("", "", [WellPosition.Parse("B01"), WellPosition.Parse("A01")], 0.5, new Specimen(SubjectId: "", FreezeThawCount: -1)),
            new ReportedAnalyte("", "", "26881", ConcentrationUnit.PgPerMl, 0),
            new ReportedMeasurement { RangeStatus = (RangeStatus)9, FlagCodes = ["low", "S_A", "S_A"] },
            new ReportedOrigin("", "", "runs/5", "il-6", default, [new LotReference((LotKind)9, "", null)]),
            Sample.Times,
            new ReportedAssurance(new ReportedSignature("", default, ""), new VerificationToken(0, default), [new HoldNotice(default, "")]));
        string[] fields =
        [
            "name", "version", "status", "reason", "sample_id", "plate_barcode", "wells[1]", "dilution_factor", "specimen.subject_id", "specimen.freeze_thaw_count", "analyte", "display_name", "loinc",
            "significant_digits", "range_status", "flag_codes", "flag_codes", "instrument", "operator", "run", "assay", "lots[0].lot_number", "lots[0].kind", "signature.name", "signature.meaning",
            "verification_token.sequence", "holds[0].reason",
        ];
        Assert.Equal(fields.Order(), made.Faults.Select(fault => fault.Field).Order());
    }

    private static void AssertFault(SampleResults sample, string field, string reason) =>
        Assert.Contains(sample.Check().Faults, fault => fault.Field == field && fault.Reason == reason);
}

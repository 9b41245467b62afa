using System.Collections;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Review;
using Biomarkers.Server.Wire;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Xunit;

namespace Biomarkers.Tests.Server.Wire;

public sealed class RunAndResultMapperTests
{
    private static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
    private static readonly WellPosition[] Wells = [WellPosition.Parse("A01"), WellPosition.Parse("B01")];

    [Fact]
    public void ToWire_EverythingThere_LeavesNoFieldOut()
    {
        List<string> unset = [];
        CollectUnset(AnalyticalRunMapper.ToWire(Run(full: true)), "run", unset);
        CollectUnset(ResultMapper.ToWire(Result(full: true)), "result", unset);
        CollectUnset(PlateMapper.ToWire(Plate(full: true)), "plate", unset);

        // A usable fit has no failure.
        Assert.Equal(["run.curves.failure"], unset.Distinct());
    }

    [Fact]
    public void ToWire_NothingOptionalThere_SetsNoNumberInItsPlace()
    {
        V1.AnalyticalRun run = AnalyticalRunMapper.ToWire(Run(full: false));
        V1.Result result = ResultMapper.ToWire(Result(full: false));
        V1.Plate plate = PlateMapper.ToWire(Plate(full: false));

        IMessage[] messages = [run.Curves[0], run.Curves[0].Calibrators[0], run.Controls[0], run.Flags[0], run.Criteria[0], result, plate];
        foreach (IMessage message in messages)
        {
            foreach (FieldDescriptor field in message.Descriptor.Fields.InDeclarationOrder().Where(field => field.HasPresence && field.FieldType != FieldType.Message))
            {
                Assert.False(field.Accessor.HasValue(message), field.FullName);
            }
        }

        Assert.Null(result.Specimen);
        Assert.Null(run.Curves[0].Range);
    }

    [Fact]
    public void ToWire_Run_NamesWhatItRestsOn()
    {
        V1.AnalyticalRun run = AnalyticalRunMapper.ToWire(Run(full: true));

        Assert.Equal(("analyticalRuns/5", "plates/P-1", "plates/P-1/reads/R-1", "assays/il-6@1"), (run.Name, run.Plate, run.Read, run.Assay));
        Assert.Equal(["A01", "B01"], run.Flags[0].Wells);
        Assert.Equal("pg/mL", run.Controls[0].Unit);
        V1.CurveParameter[] parameters = [.. run.Curves[0].Parameters];
        Assert.Equal(CurveModels.All[0].ParameterNames, parameters.Select(parameter => parameter.Name));
        // Standard errors are the roots of the covariance's diagonal.
        int p = parameters.Length;
        Assert.Equal(Enumerable.Range(0, p).Select(i => Math.Sqrt(run.Curves[0].Covariance[(i * p) + i])), parameters.Select(parameter => parameter.StandardError));
    }

    [Fact]
    public void ToFilter_BadConditions_SaysEach()
    {
        var faults = new List<Fault>();

        AnalyticalRunMapper.ToFilter(new V1.ListAnalyticalRunsRequest { Plate = "x", Assay = "assays/il-6@1", Verdict = (V1.RunVerdict)9 }, faults);
        ResultMapper.ToFilter(new V1.ListResultsRequest { AnalyticalRun = "5", Analyte = "IL 6", RangeStatus = (V1.RangeStatus)9 }, faults);
        PlateMapper.ToFilter(new V1.ListPlatesRequest { State = (V1.PlateState)99 }, faults);

        Assert.Equal(["plate", "assay", "verdict", "analytical_run", "analyte", "range_status", "state"], faults.Select(fault => fault.Field));
    }

    [Fact]
    public void ToFilter_NoConditions_IsEverything()
    {
        var faults = new List<Fault>();

        Assert.Equal(new RunFilter(), AnalyticalRunMapper.ToFilter(new V1.ListAnalyticalRunsRequest(), faults));
        Assert.Equal(new ResultFilter(), ResultMapper.ToFilter(new V1.ListResultsRequest(), faults));
        Assert.Equal(new PlateFilter(), PlateMapper.ToFilter(new V1.ListPlatesRequest(), faults));
        Assert.Empty(faults);
    }

    // Texts and lists must not be empty, optional fields must be there; a bool or number without presence may be its default.
    private static void CollectUnset(IMessage message, string path, List<string> unset)
    {
        foreach (FieldDescriptor field in message.Descriptor.Fields.InDeclarationOrder())
        {
            string place = $"{path}.{field.Name}";
            object? value = field.Accessor.GetValue(message);
            bool isSet = field.IsRepeated ? ((IList)value).Count > 0 : field.HasPresence ? field.Accessor.HasValue(message) : value is not "" and not 0 and not 0L;
            if (!isSet)
            {
                unset.Add(place);
            }
            else if (field.FieldType == FieldType.Message)
            {
                foreach (IMessage part in field.IsRepeated ? ((IList)value).Cast<IMessage>() : [(IMessage)value])
                {
                    CollectUnset(part, place, unset);
                }
            }
        }
    }

    private static StoredRun Run(bool full)
    {
        double? number = full ? 1.5 : null;
        string? text = full ? "text" : null;
        AcceptanceCriterion criterion = new("R_QC_67", text, CriterionOutcome.Passed, number, number, text, "sentence");
        var summary = new RunSummary(5, 6, "P-1", "R-1", 1, "reader-1", "il-6@1", "clinical@1", "1", RunVerdict.Accepted, [criterion], ContentHash.Of([1]), Time, 1, 1);
        var flag = new QcFlag("C_STD_RECOVERY", FlagLevel.Calibrator, FlagSeverity.Warning, "rule@1", text, text, number, number, text, Wells, "sentence");
        var calibrator = new CalibratorResult("CAL1", CalibratorKind.Anchor, 10, Wells, number, number, number, number, true, full ? true : null, [.. Wells.Select(_ => number)]);
        var control = new ControlResult("LQC", 1, text, "il-6", number, Wells, number, number, number, number, full ? false : null);
        var curve = new StandardCurve("il-6", ConcentrationUnit.PgPerMl, Fit(full), [calibrator], true, full ? new QuantificationRange(1, 2) : null, number);
        var run = new AnalyticalRun(summary.InputsHash, "1", "il-6@1", "clinical@1", RunVerdict.Accepted, [criterion], [curve], [control], [Result(full).Result], [flag]);
        return new StoredRun(summary, run, [Result(full)]);
    }

    private static CurveFit Fit(bool full)
    {
        CurveModel model = CurveModels.All[0];
        int p = model.ParameterCount;
        return new CurveFit
        {
            Model = model,
            Weighting = Weighting.OneOverY2,
            Parameters = full ? [.. Enumerable.Range(1, p).Select(i => (double)i)] : [],
            Covariance = full ? [.. Enumerable.Range(1, p * p).Select(i => (double)i)] : null,
            WeightedSumOfSquares = 2,
            DegreesOfFreedom = 3,
            Termination = full ? FitTermination.Converged : FitTermination.TooFewLevels,
            IterationCount = 4,
            ConditionNumber = full ? 5 : null,
            ParametersAtBound = full ? [model.ParameterNames[0]] : [],
            Failure = full ? null : "too few",
        };
    }

    private static StoredResult Result(bool full)
    {
        double? number = full ? 1.5 : null;
        var specimen = new Specimen("a", "b", "c", "d", "e", "f", Time.ToOffset(TimeSpan.FromHours(2)), 1, true, 2);
        var result = new SampleResult
        {
            SampleId = "S1",
            Analyte = "il-6",
            Unit = ConcentrationUnit.PgPerMl,
            DilutionFactor = 2,
            Wells = Wells,
            MeanResponse = number,
            ResponseVariance = number,
            RangeStatus = full ? RangeStatus.Quantified : RangeStatus.NotDetermined,
            Concentration = number,
            Limit = number,
            Lower = number,
            Upper = number,
            CvPercent = number,
            ExtrapolatedConcentration = number,
            LnConcentrationGradient = full ? [1, 2] : null,
            Specimen = full ? specimen : null,
            FlagCodes = full ? ["S_REP_CV"] : [],
        };
        var stored = new StoredResult(7, 1, 8, ResultStatus.Preliminary, "P-1", 5, "il-6@1", RunVerdict.Accepted, Time, full ? 1 : null, full ? "bubble" : null, ContentHash.Of([3]), result);
        return !full
            ? stored
            : stored with
            {
                CurrentVersion = 1,
                OpenHolds = [new ResultHold(2, 7, "people/kim", "haemolysed", Time, new HoldLift("people/ada", "drawn again", Time))],
                RepeatOf = new RepeatLink(3, 7, 4, "people/kim", "was above the range", Time, new RepeatUnlink("people/ada", "another draw", Time)),
                Repeats = [new RepeatLink(4, 9, 7, "people/kim", "was above the range", Time, new RepeatUnlink("people/ada", "another draw", Time))],
                Signatures = [new Signature("people/kim", "Kim Lee", SignatureMeaning.Approval, SigningMethod.KeyAndPin, Time, ContentHash.Of([3]))],
            };
    }

    private static PlateSummary Plate(bool full)
    {
        var read = new ReadSummary("R-2", "reader-1", full ? "Ada" : null, full ? Time : null, Time, ContentHash.Of([1]), full ? "R-1" : null, full ? ["R-0", "R-00"] : []);
        PendingReadSummary[] pending = full ? [new PendingReadSummary("reader-1", "main", "R-3", 2, Time)] : [];
        return new PlateSummary(
            "P-1", PlateState.Parked, 1, full ? "il-6@1" : null, full ? 1 : null, [read], full ? 5 : null, Time, Time, full ? "gave up" : null, pending, full ? [4] : []);
    }
}

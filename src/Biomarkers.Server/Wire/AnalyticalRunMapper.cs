using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Pipeline.Queries;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Server.Wire;

/// <summary>Runs to the wire, and the conditions of their lists from it.</summary>
public static class AnalyticalRunMapper
{
    /// <summary>Which runs; an empty condition is none, and faults are added for what is no condition.</summary>
    public static RunFilter ToFilter(V1.ListAnalyticalRunsRequest request, List<Fault> faults)
    {
        var words = new WireFaults();
        var filter = new RunFilter(
            request.Plate.Length == 0 ? null : ResourceNames.ParsePlate("plate", request.Plate, faults),
            request.Assay.Length == 0 ? null : ResourceNames.ParseAssayId("assay", request.Assay, faults),
            WireWords.ReadVerdict(request.Verdict, "verdict", words));
        faults.AddRange(words.List);
        return filter;
    }

    /// <summary>A run without its curves, controls and findings.</summary>
    public static V1.AnalyticalRun ToWire(RunSummary run) => new()
    {
        Name = ResourceNames.AnalyticalRun(run.RunKey),
        Plate = ResourceNames.Plate(run.PlateBarcode),
        Read = ResourceNames.Read(run.PlateBarcode, run.ReadId),
        Instrument = ResourceNames.Instrument(run.InstrumentId),
        LayoutVersion = run.LayoutVersion,
        Assay = ResourceNames.Assay(run.AssayName),
        RulePack = run.RulePack,
        EngineVersion = run.EngineVersion,
        InputsSha256 = run.InputsHash.Hex,
        Verdict = WireWords.Write(run.Verdict),
        Criteria = { run.Criteria.Select(ToWire) },
        ResultCount = run.ResultCount,
        FlagCount = run.FlagCount,
        CreateTime = run.SaveTime.ToTimestamp(),
    };

    /// <summary>A run with everything that explains it.</summary>
    public static V1.AnalyticalRun ToWire(StoredRun run)
    {
        V1.AnalyticalRun wire = ToWire(run.Summary);
        wire.Curves.AddRange(run.Run.Curves.Select(ToWire));
        wire.Controls.AddRange(run.Run.Controls.Select(control => ToWire(control, UnitOf(control.Analyte, run.Run))));
        wire.Flags.AddRange(run.Run.Flags.Select(ToWire));
        return wire;
    }

    /// <summary>One finding.</summary>
    public static V1.QcFlag ToWire(QcFlag flag)
    {
        var wire = new V1.QcFlag
        {
            Code = flag.Code,
            Level = WireWords.Write(flag.Level),
            Severity = WireWords.Write(flag.Severity),
            Rule = flag.Rule,
            Analyte = flag.Analyte ?? string.Empty,
            Subject = flag.Subject ?? string.Empty,
            Clause = flag.Clause ?? string.Empty,
            Wells = { flag.Wells.Select(Name) },
            Text = flag.Text,
        };
        WireOptional.Set(flag.Observed, value => wire.Observed = value);
        WireOptional.Set(flag.Limit, value => wire.Limit = value);
        return wire;
    }

    /// <summary>One acceptance criterion.</summary>
    public static V1.AcceptanceCriterion ToWire(AcceptanceCriterion criterion)
    {
        var wire = new V1.AcceptanceCriterion
        {
            Code = criterion.Code,
            Analyte = criterion.Analyte ?? string.Empty,
            Outcome = WireWords.Write(criterion.Outcome),
            Clause = criterion.Clause ?? string.Empty,
            Text = criterion.Text,
        };
        WireOptional.Set(criterion.Observed, value => wire.Observed = value);
        WireOptional.Set(criterion.Limit, value => wire.Limit = value);
        return wire;
    }

    /// <summary>The fitted curve of one analyte.</summary>
    public static V1.StandardCurve ToWire(StandardCurve curve)
    {
        CurveFit fit = curve.Fit;
        var wire = new V1.StandardCurve
        {
            Analyte = curve.Analyte,
            Unit = curve.Unit.Code,
            Model = fit.Model.Id,
            Weights = fit.Weighting.Id,
            Parameters = { ParametersOf(fit) },
            Covariance = { fit.Covariance ?? [] },
            DegreesOfFreedom = fit.DegreesOfFreedom,
            Termination = WireWords.Write(fit.Termination),
            Failure = fit.Failure ?? string.Empty,
            IterationCount = fit.IterationCount,
            Calibrators = { curve.Calibrators.Select(ToWire) },
            Accepted = curve.IsAccepted,
            Range = curve.Range is { } range ? new V1.QuantificationRange { Lloq = range.Lloq, Uloq = range.Uloq } : null,
        };
        // A fit that could not begin has no sum of squares; its 0 would read as a perfect fit.
        WireOptional.Set(fit.Parameters.Length > 0 ? fit.WeightedSumOfSquares : (double?)null, value => wire.WeightedSumOfSquares = value);
        WireOptional.Set(fit.ConditionNumber, value => wire.ConditionNumber = value);
        WireOptional.Set(curve.BlankMeanResponse, value => wire.BlankMeanResponse = value);
        return wire;
    }

    private static IEnumerable<V1.CurveParameter> ParametersOf(CurveFit fit)
    {
        double[]? errors = fit.StandardErrors;
        IReadOnlyList<string> names = fit.ParameterNames;
        for (int i = 0; i < fit.Parameters.Length; i++)
        {
            string name = names[i];
            var parameter = new V1.CurveParameter { Name = name, Value = fit.Parameters[i], AtBound = fit.ParametersAtBound.Contains(name) };
            WireOptional.Set(errors?[i], value => parameter.StandardError = value);
            yield return parameter;
        }
    }

    private static V1.CalibratorResult ToWire(CalibratorResult calibrator)
    {
        var wire = new V1.CalibratorResult
        {
            Name = calibrator.Name,
            Kind = WireWords.Write(calibrator.Kind),
            Nominal = calibrator.Nominal,
            Wells = { calibrator.Wells.Select(Name) },
            InFit = calibrator.InFit,
        };
        WireOptional.Set(calibrator.MeanResponse, value => wire.MeanResponse = value);
        WireOptional.Set(calibrator.ResponseCvPercent, value => wire.ResponseCvPercent = value);
        WireOptional.Set(calibrator.BackCalculated, value => wire.BackCalculated = value);
        WireOptional.Set(calibrator.RecoveryPercent, value => wire.RecoveryPercent = value);
        WireOptional.Set(calibrator.IsAccepted, value => wire.Accepted = value);
        wire.WellConcentrations.AddRange(calibrator.Wells.Zip(calibrator.WellConcentrations, (position, concentration) =>
        {
            var well = new V1.CalibratorWell { Well = Name(position) };
            WireOptional.Set(concentration, value => well.Concentration = value);
            return well;
        }));
        return wire;
    }

    private static V1.ControlResult ToWire(ControlResult control, string unit)
    {
        var wire = new V1.ControlResult
        {
            Level = control.Level,
            SetNumber = control.SetNumber,
            LotNumber = control.LotNumber ?? string.Empty,
            Analyte = control.Analyte,
            Unit = unit,
            Wells = { control.Wells.Select(Name) },
        };
        WireOptional.Set(control.Nominal, value => wire.Nominal = value);
        WireOptional.Set(control.MeanResponse, value => wire.MeanResponse = value);
        WireOptional.Set(control.Concentration, value => wire.Concentration = value);
        WireOptional.Set(control.RecoveryPercent, value => wire.RecoveryPercent = value);
        WireOptional.Set(control.CvPercent, value => wire.CvPercent = value);
        WireOptional.Set(control.IsAccepted, value => wire.Accepted = value);
        return wire;
    }

    // A run has a curve for every analyte of its assay, so every control has a unit.
    private static string UnitOf(string analyte, AnalyticalRun run) => run.Curves.First(curve => curve.Analyte == analyte).Unit.Code;

    private static string Name(WellPosition well) => well.ToString();
}

using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>The whole method on one screen.</summary>
public static class PlateAnalyzer
{
    /// <summary>Version of the computation: raised by every change that can alter a number.</summary>
    public const string EngineVersion = "2";

    /// <summary>From a plate read to concentrations, flags and a verdict.</summary>
    /// <param name="inputs">Checked inputs, see <see cref="AnalysisInputs.Check"/>.</param>
    /// <returns>The run. A curve that cannot be fitted, a missing well or a broken criterion is data in it, never an exception. A rejected run
    /// keeps its computed numbers for review, with <c>R_REJECTED</c> among the codes of each result; that none of them is released is a matter
    /// of release. Equal inputs give equal bits, whatever the order of columns and wells in the read and in the layout.</returns>
    /// <exception cref="ArgumentException">The inputs were not checked: an unknown curve model, weighting or rule, or a nominal concentration
    /// that counts another thing than the assay. A bug of the caller.</exception>
    public static AnalyticalRun Analyze(AnalysisInputs inputs)
    {
        ReplicateGroups groups = ReplicateGroups.Of(inputs.Layout);
        AnalyteEvidence[] analytes =
        [
            .. from analyte in inputs.Assay.Analytes
               let responses = ResponseReduction.Reduce(inputs.Read, inputs.Layout, analyte)
               select StandardCurveBuilder.Build(analyte, responses, groups.Calibrators, inputs.RulePack),
        ];
        ControlResult[] controls =
        [
            .. from control in groups.Controls
               from analyte in analytes
               select ControlMeasurement.Measure(control, analyte, inputs.RulePack),
        ];
        SampleEvidence[] samples =
        [
            .. from sample in groups.Samples
               from analyte in analytes
               select new SampleEvidence(SampleMeasurement.Measure(sample, analyte), sample.Wells),
        ];
        RunJudgement judgement = RunJudgement.Of(inputs.RulePack, new RunEvidence(analytes, controls, samples, inputs.Layout.Lots, inputs.ReadDate, []));
        var flags = new FlagIndex(judgement.Flags);
        return new AnalyticalRun(
            inputs.Hash,
            EngineVersion,
            inputs.Assay.Name,
            inputs.RulePack.Name,
            judgement.Verdict,
            judgement.Criteria,
            [.. analytes.Select(analyte => analyte.Curve)],
            controls,
            [.. samples.Select(flags.Flagged)],
            judgement.Flags);
    }
}

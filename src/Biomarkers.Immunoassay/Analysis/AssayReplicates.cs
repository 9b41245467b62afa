using Biomarkers.Immunoassay.Curves.Weights;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>Wells of one content and analyte on one plate, from which a variance function is learned.</summary>
/// <param name="Content">Calibrator, control or sample.</param>
/// <param name="Wells">Wells with a number, by position.</param>
/// <param name="Group">Their mean and variance.</param>
public sealed record ContentReplicates(string Content, IReadOnlyList<WellPosition> Wells, ReplicateGroup Group);

/// <summary>The replicates of one analyte on one plate.</summary>
/// <param name="Analyte">Analyte.</param>
/// <param name="Contents">Each content with two wells or more that have a number: calibrators, controls, then samples, in the order of the layout.</param>
public sealed record AnalyteReplicates(string Analyte, IReadOnlyList<ContentReplicates> Contents);

/// <summary>Takes out of a plate what <see cref="VarianceFunctionLearning"/> learns from.</summary>
public static class AssayReplicates
{
    /// <summary>The replicates of every analyte, responses reduced as those that a curve is fitted to. Wells without a number take no part.</summary>
    /// <param name="inputs">Checked inputs, see <see cref="AnalysisInputs.Check"/>.</param>
    public static IReadOnlyList<AnalyteReplicates> Of(AnalysisInputs inputs)
    {
        ReplicateGroups groups = ReplicateGroups.Of(inputs.Layout);
        (string Name, IReadOnlyList<WellPosition> Wells)[] contents =
        [
            .. groups.Calibrators.Select(group => (group.Calibrator.Name, group.Wells)),
            .. groups.Controls.Select(group => ($"{group.Control.Level}:{group.Control.SetNumber}", group.Wells)),
            .. groups.Samples.Select(group => (group.Sample.SampleId, group.Wells)),
        ];
        return
        [
            .. from analyte in inputs.Assay.Analytes
               let responses = ResponseReduction.Reduce(inputs.Read, inputs.Layout, analyte)
               select new AnalyteReplicates(
                   analyte.Analyte,
                   [
                       .. from content in contents
                          let measured = responses.Measured(content.Wells)
                          let replicates = ReplicateGroup.Of([.. measured.Select(well => well.Response!.Value)])
                          where replicates is not null
                          select new ContentReplicates(content.Name, [.. measured.Select(well => well.Position)], replicates.Value),
                   ]),
        ];
    }
}

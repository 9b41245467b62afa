using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>The wells of one calibrator level.</summary>
/// <param name="Calibrator">Level, role and assigned concentrations, as its first well gives them.</param>
/// <param name="Wells">By position.</param>
internal sealed record CalibratorGroup(Calibrator Calibrator, IReadOnlyList<WellPosition> Wells);

/// <summary>The wells of one level, set and dilution of a control.</summary>
/// <param name="Control">The control, as its first well gives it.</param>
/// <param name="Wells">By position.</param>
internal sealed record ControlGroup(Control Control, IReadOnlyList<WellPosition> Wells);

/// <summary>The wells of one sample at one dilution.</summary>
/// <param name="Sample">The sample, as its first well gives it.</param>
/// <param name="Wells">By position.</param>
internal sealed record SampleGroup(UnknownSample Sample, IReadOnlyList<WellPosition> Wells);

/// <summary>The wells of a layout by what is in them. Groups stand in the order of their first well.</summary>
internal sealed record ReplicateGroups(
    IReadOnlyList<CalibratorGroup> Calibrators, IReadOnlyList<ControlGroup> Controls, IReadOnlyList<SampleGroup> Samples)
{
    public static ReplicateGroups Of(PlateLayout layout) => new(
        [.. Group<Calibrator, string>(layout, calibrator => calibrator.Name).Select(group => new CalibratorGroup(group.First, group.Wells))],
        [.. Group<Control, (string, int, double)>(layout, control => (control.Level, control.SetNumber, control.DilutionFactor))
            .Select(group => new ControlGroup(group.First, group.Wells))],
        [.. Group<UnknownSample, (string, double)>(layout, sample => (sample.SampleId, sample.DilutionFactor))
            .Select(group => new SampleGroup(group.First, group.Wells))]);

    // GroupBy keeps the order of first appearance, and a layout's wells are by position.
    private static IEnumerable<(TContent First, IReadOnlyList<WellPosition> Wells)> Group<TContent, TKey>(PlateLayout layout, Func<TContent, TKey> keyOf)
        where TContent : WellContent =>
        from well in layout.Wells
        where well.Content is TContent
        group well by keyOf((TContent)well.Content) into wells
        select ((TContent)wells.First().Content, (IReadOnlyList<WellPosition>)[.. wells.Select(well => well.Position)]);
}

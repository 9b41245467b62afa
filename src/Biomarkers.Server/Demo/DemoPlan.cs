using Biomarkers.Immunoassay.Assays;
using Biomarkers.Simulation.Plates;

namespace Biomarkers.Server.Demo;

/// <summary>One simulated reader and the plates that it will read.</summary>
/// <param name="InstrumentId">Instrument.</param>
/// <param name="InParts">Whether it delivers while it reads, a few wells at a time.</param>
/// <param name="Plates">Its plates, in order.</param>
internal sealed record DemoReader(string InstrumentId, bool InParts, IReadOnlyList<SimulatedPlate> Plates);

/// <summary>What the demo shows: every assay has a reader of its own, clean plates, and one plate of each thing that goes wrong.</summary>
internal static class DemoPlan
{
    /// <summary>Clean plates of each assay beside one of each other scenario.</summary>
    private const int CleanPlates = 2;

    /// <summary>Draws the plates of a demo.</summary>
    /// <param name="seed">Equal seeds give equal plates.</param>
    public static IReadOnlyList<DemoReader> Create(ulong seed) =>
    [
        .. BuiltInAssays.All.Select((assay, reader) => new DemoReader(
            $"reader-{assay.Id}",
            // One reader shows the other way to deliver.
            InParts: reader == 0,
            [.. Scenarios().Select((scenario, i) => PlateSimulator.Create(assay, scenario, seed + (ulong)((reader * 100) + i), $"DEMO-{assay.Id}-{i + 1:00}".ToUpperInvariant()))])),
    ];

    private static IEnumerable<PlateScenario> Scenarios() =>
        Enumerable.Repeat(PlateScenario.Clean, CleanPlates).Concat(Enum.GetValues<PlateScenario>().Where(scenario => scenario != PlateScenario.Clean));
}

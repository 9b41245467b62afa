using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Simulation.Plates;

/// <summary>What a detector's numbers look like: orders of magnitude of common readers, not those of one product.</summary>
/// <param name="Lower">Response without analyte.</param>
/// <param name="Upper">Response at infinite concentration.</param>
/// <param name="FloorSd">Noise that is there without light, a of sd^2 = a^2 + (b f)^2, in response units.</param>
/// <param name="ShareAtLloq">Share of the way from lower to upper response at the LLOQ: enough above the noise to be quantified.</param>
/// <param name="StepsPerUnit">Printed numbers are whole multiples of its reciprocal.</param>
/// <param name="CountsBeads">Whether beads are counted.</param>
internal sealed record DetectorScale(double Lower, double Upper, double FloorSd, double ShareAtLloq, double StepsPerUnit, bool CountsBeads)
{
    public static DetectorScale Of(ResponseKind kind) => kind switch
    {
        ResponseKind.OpticalDensity => new(0.06, 3.2, 0.0015, 0.025, 10_000, false),
        ResponseKind.Luminescence => new(420, 2.4e6, 45, 0.0015, 1, false),
        ResponseKind.MedianFluorescence => new(14, 21_000, 1.5, 0.004, 2, true),
        ResponseKind.Electrochemiluminescence => new(95, 1.7e6, 9, 0.001, 1, false),
        ResponseKind.Fluorescence => new(130, 52_000, 8, 0.008, 1, false),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Expected a known response kind."),
    };
}

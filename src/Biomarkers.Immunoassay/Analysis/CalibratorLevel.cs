using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>One calibrator level of one analyte.</summary>
/// <param name="Name">Level.</param>
/// <param name="Kind">Calibrator, anchor or zero.</param>
/// <param name="Nominal">Assigned concentration in the analyte's unit.</param>
/// <param name="Wells">Wells with a number, by position, less those that a rule masked while others of the level stayed.</param>
/// <param name="IsMasked">Whether the instrument or an operator masked all its wells.</param>
/// <param name="IsMaskedByRule">Whether a rule took the whole level out of the fit.</param>
internal sealed record CalibratorLevel(
    string Name, CalibratorKind Kind, double Nominal, IReadOnlyList<WellResponse> Wells, bool IsMasked, bool IsMaskedByRule = false)
{
    public WellPosition[] Positions => [.. Wells.Select(well => well.Position)];

    public double[] Responses => [.. Wells.Select(well => well.Response!.Value)];

    public double? MeanResponse => Wells.Count > 0 ? ReplicateStatistics.Mean(Responses) : null;

    /// <summary>The levels of an analyte, by concentration. A level without an assigned concentration of it gives it none. One order of the levels gives the
    /// fit one set of bits.</summary>
    public static CalibratorLevel[] Of(AnalyteSpecification analyte, AnalyteResponses responses, IReadOnlyList<CalibratorGroup> groups) =>
    [
        .. from calibratorGroup in groups
           let nominal = calibratorGroup.Calibrator.Nominals.FirstOrDefault(candidate => candidate.Analyte == analyte.Analyte)
           where nominal is not null
           let concentration = nominal.Concentration.In(analyte.Unit).Value
           orderby concentration, calibratorGroup.Wells[0]
           select new CalibratorLevel(
               calibratorGroup.Calibrator.Name,
               calibratorGroup.Calibrator.Kind,
               concentration,
               responses.Measured(calibratorGroup.Wells),
               calibratorGroup.Wells.All(well => responses.Wells[well].Status == WellStatus.Masked)),
    ];

    /// <summary>The points that the level gives to a fit.</summary>
    public IEnumerable<CalibratorPoint> Points(FitBasis basis) => basis switch
    {
        _ when IsMaskedByRule || Wells.Count == 0 => [],
        FitBasis.Wells => Wells.Select(well => new CalibratorPoint(Name, Nominal, well.Response!.Value, [well.Position])),
        FitBasis.ReplicateMeans => [new CalibratorPoint(Name, Nominal, MeanResponse!.Value, Positions)],
        _ => throw new ArgumentOutOfRangeException(nameof(basis), basis, "The basis of the fit is not known."),
    };
}

/// <summary>One point of a fit: a well, or the mean of a level.</summary>
/// <param name="Level">Name of its level.</param>
/// <param name="Nominal">Assigned concentration.</param>
/// <param name="Response">Response, or mean response.</param>
/// <param name="Wells">The wells that it stands for.</param>
internal sealed record CalibratorPoint(string Level, double Nominal, double Response, IReadOnlyList<WellPosition> Wells);

using Biomarkers.Results;
using Hl7.Fhir.Model;

namespace Biomarkers.Interchange.Codes;

/// <summary>What a status is called elsewhere.</summary>
/// <param name="Lis2">LIS2-A2 R.9 and O.26. <c>W</c> means something else there than in HL7 and is never used.</param>
/// <param name="Observation">HL7 table 0085, OBX-11.</param>
/// <param name="Order">HL7 table 0123, OBR-25.</param>
/// <param name="Fhir">FHIR ObservationStatus.</param>
internal sealed record StatusCodes(string Lis2, string Observation, string Order, ObservationStatus Fhir)
{
    /// <summary>Codes of a status that leaves.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The status does not leave: a bug, since no such result can be made.</exception>
    public static StatusCodes Of(ResultStatus status) => status switch
    {
        ResultStatus.Final => new("F", "F", "F", ObservationStatus.Final),
        ResultStatus.Corrected => new("C", "C", "C", ObservationStatus.Corrected),
        ResultStatus.Withdrawn => new("X", "W", "C", ObservationStatus.EnteredInError),
        ResultStatus.Cancelled => new("X", "X", "X", ObservationStatus.Cancelled),
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "The status does not leave."),
    };
}

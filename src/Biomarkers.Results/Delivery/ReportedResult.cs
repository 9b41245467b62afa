using Biomarkers.Immunoassay;

namespace Biomarkers.Results.Delivery;

/// <summary>Everything of one released result version that leaves the system: what a LIMS is told. Immutable; checked when made, trusted after.</summary>
/// <remarks>What can't be said: a preliminary result; a number where the range status is not quantified; a limit inside the range; a value of a rejected run, of a
/// cancelled or of a withdrawn version; NaN and infinity. The comparator follows from this version's own range status, so that none is inherited from another version.</remarks>
public sealed record ReportedResult
{
    private ReportedResult(
        ReportedVersion version,
        ReportedSample sample,
        ReportedAnalyte analyte,
        ReportedMeasurement measurement,
        ReportedOrigin origin,
        ReportedTimes times,
        ReportedAssurance assurance)
    {
        Version = version;
        Sample = sample;
        Analyte = analyte;
        Measurement = measurement;
        Origin = origin;
        Times = times;
        Assurance = assurance;
    }

    /// <summary>Which version, as what, instead of which.</summary>
    public ReportedVersion Version { get; }

    /// <summary>Sample, plate and wells.</summary>
    public ReportedSample Sample { get; }

    /// <summary>Analyte, codes, unit and digits.</summary>
    public ReportedAnalyte Analyte { get; }

    /// <summary>Value, interval, scatter, flags.</summary>
    public ReportedMeasurement Measurement { get; }

    /// <summary>Instrument, run, assay and lots.</summary>
    public ReportedOrigin Origin { get; }

    /// <summary>When it was received, measured and reported.</summary>
    public ReportedTimes Times { get; }

    /// <summary>Signature, verification, holds.</summary>
    public ReportedAssurance Assurance { get; }

    /// <summary>When the specimen was drawn, the clinically relevant time; null when not known. The time of measurement never stands in for it.</summary>
    public DateTimeOffset? Collected => Sample.Specimen?.CollectionTime;

    /// <summary>Makes a reported result, or says everything that is wrong with it; what the parts say of their fields is what is checked.</summary>
    public static Checked<ReportedResult> Create(
        ReportedVersion version,
        ReportedSample sample,
        ReportedAnalyte analyte,
        ReportedMeasurement measurement,
        ReportedOrigin origin,
        ReportedTimes times,
        ReportedAssurance assurance)
    {
        var faults = new List<Fault>();
        ReportedResultChecks.CheckVersion(version, faults);
        ReportedResultChecks.CheckSample(sample, faults);
        ReportedResultChecks.CheckAnalyte(analyte, faults);
        ReportedMeasurementChecks.Check(measurement, version.Status, faults);
        ReportedResultChecks.CheckOrigin(origin, faults);
        ReportedResultChecks.CheckAssurance(assurance, faults);
        return faults.Count > 0 ? faults : new ReportedResult(version, sample, analyte, measurement, origin, times, assurance);
    }
}

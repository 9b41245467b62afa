using System.Text.Json.Serialization;

namespace Biomarkers.Immunoassay.Plates;

/// <summary>What was pipetted into a well. Wells of equal content are replicates.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "role")]
[JsonDerivedType(typeof(Calibrator), "calibrator")]
[JsonDerivedType(typeof(Control), "control")]
[JsonDerivedType(typeof(UnknownSample), "unknown")]
[JsonDerivedType(typeof(Blank), "blank")]
[JsonDerivedType(typeof(Unused), "unused")]
public abstract record WellContent;

/// <summary>How a calibrator takes part in the curve.</summary>
public enum CalibratorKind
{
    /// <summary>Shapes the curve and is judged by the acceptance rules.</summary>
    Calibrator,

    /// <summary>Lies outside the quantification range; shapes the curve and is not judged (ICH M10, glossary).</summary>
    Anchor,

    /// <summary>Calibrator diluent without analyte, concentration 0; shapes the lower end of the curve and is not judged.</summary>
    Zero,
}

/// <summary>Material of assigned concentration that shapes the curve.</summary>
/// <param name="Name">Level, such as <c>CAL1</c>; equal names are one level.</param>
/// <param name="Kind">How it takes part in the curve.</param>
/// <param name="Nominals">Assigned concentration per analyte; an analyte without one takes no point from this well.</param>
public sealed record Calibrator(string Name, CalibratorKind Kind, IReadOnlyList<NominalConcentration> Nominals) : WellContent;

/// <summary>Known sample that judges the run and never shapes the curve.</summary>
/// <param name="Level">Level, such as <c>LQC</c>, <c>MQC</c>, <c>HQC</c>.</param>
/// <param name="SetNumber">1-based number of the control set: wells of one level and set give one reportable value, and 4-6-20 counts sets.</param>
/// <param name="LotNumber">Lot of the control material; null when not stated.</param>
/// <param name="DilutionFactor">Final / sample volume, 1 or more, apart from the assay's minimum required dilution.</param>
/// <param name="Nominals">Assigned concentration per analyte; an analyte without one is measured and not judged.</param>
public sealed record Control(string Level, int SetNumber, string? LotNumber, double DilutionFactor, IReadOnlyList<NominalConcentration> Nominals) : WellContent;

/// <summary>Sample whose concentration is sought.</summary>
/// <param name="SampleId">The LIMS's identifier, echoed byte for byte.</param>
/// <param name="DilutionFactor">Final / sample volume, 1 or more, apart from the assay's minimum required dilution.</param>
/// <param name="Specimen">What is known of the specimen; null when nothing is.</param>
public sealed record UnknownSample(string SampleId, double DilutionFactor, Specimen? Specimen) : WellContent;

/// <summary>Matrix or buffer without analyte; its response may be subtracted where the assay says so.</summary>
/// <param name="Name">Name of the blank, such as <c>BLANK</c>.</param>
public sealed record Blank(string Name) : WellContent;

/// <summary>A well that is read and not used.</summary>
public sealed record Unused : WellContent;

/// <summary>The assigned concentration of one analyte in a calibrator or control.</summary>
/// <param name="Analyte">Identifier such as <c>il-6</c>.</param>
/// <param name="Value">Zero or more, finite.</param>
/// <param name="Unit">Unit of the value.</param>
public sealed record NominalConcentration(string Analyte, double Value, ConcentrationUnit Unit)
{
    /// <summary>Value and unit.</summary>
    [JsonIgnore]
    public Concentration Concentration => new(Value, Unit);
}

/// <summary>What a LIMS or a study knows of a specimen; every field is optional and carried through to the result.</summary>
/// <param name="StudyId">Study.</param>
/// <param name="SubjectId">Subject within the study.</param>
/// <param name="Visit">Visit, such as <c>week 13</c>.</param>
/// <param name="Timepoint">Nominal time point, such as <c>OGTT 30 min</c>.</param>
/// <param name="SpecimenType">Such as <c>serum</c>, <c>plasma</c>.</param>
/// <param name="Anticoagulant">Such as <c>EDTA</c>.</param>
/// <param name="CollectionTime">When it was drawn, with its zone.</param>
/// <param name="HaemolysisIndex">Index of the analyser, zero or more, dimensionless.</param>
/// <param name="Fasting">Whether the subject fasted.</param>
/// <param name="FreezeThawCount">Completed freeze-thaw cycles, zero or more.</param>
public sealed record Specimen(
    string? StudyId = null,
    string? SubjectId = null,
    string? Visit = null,
    string? Timepoint = null,
    string? SpecimenType = null,
    string? Anticoagulant = null,
    DateTimeOffset? CollectionTime = null,
    double? HaemolysisIndex = null,
    bool? Fasting = null,
    int? FreezeThawCount = null);

namespace Biomarkers.Simulation.Plates;

/// <summary>What goes wrong on a simulated plate.</summary>
public enum PlateScenario
{
    /// <summary>Nothing: every sample lies well inside the range.</summary>
    Clean,

    /// <summary>Four calibrator levels were dispensed wrongly: no curve fits them and the run is rejected.</summary>
    BadCalibrator,

    /// <summary>Both sets of the middle control read 60 % too high: half of the level's sets fail and the run is rejected.</summary>
    FailingControl,

    /// <summary>Some samples lie above the upper limit of quantification.</summary>
    AboveUloq,

    /// <summary>Some samples lie below the lower limit of quantification.</summary>
    BelowLloq,

    /// <summary>Some samples have replicates that differ grossly.</summary>
    HighReplicateCv,

    /// <summary>Some wells overflowed the detector.</summary>
    SaturatedWells,
}

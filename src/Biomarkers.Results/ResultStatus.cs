namespace Biomarkers.Results;

/// <summary>Where a result version is in its life.</summary>
public enum ResultStatus
{
    /// <summary>Computed; awaits review.</summary>
    Preliminary = 1,

    /// <summary>Reviewed and released.</summary>
    Final = 2,

    /// <summary>Released, and replaces an earlier released version.</summary>
    Corrected = 3,

    /// <summary>Taken back after its release.</summary>
    Withdrawn = 4,

    /// <summary>No value can be had.</summary>
    Cancelled = 5,
}

namespace Biomarkers.Results.Review;

/// <summary>What a reviewer does to a result; each makes a further version, and the versions before it stay as they are.</summary>
public enum ReviewStep
{
    /// <summary>The first version that leaves the laboratory: final, or cancelled where no value can be had.</summary>
    Release = 1,

    /// <summary>A newer computation takes the place of the version that left.</summary>
    Correct = 2,

    /// <summary>The version that left is taken back; nothing takes its place.</summary>
    Withdraw = 3,
}

/// <summary>Reasons for which a step of review, or a link of a repeat, is refused.</summary>
public static class ReviewReasons
{
    /// <summary>The step is not one of those that the result's life allows now.</summary>
    public const string StepNotAllowed = "STEP_NOT_ALLOWED";

    /// <summary>Somebody was faster: the version that was named is not the one that the step would rest on.</summary>
    public const string VersionChanged = "VERSION_CHANGED";

    /// <summary>A hold is open.</summary>
    public const string ResultHeld = "RESULT_HELD";

    /// <summary>A step leaves only with a signature here, and none came with it.</summary>
    public const string SignatureRequired = "SIGNATURE_REQUIRED";

    /// <summary>Who decides on what is left out of a run can't sign what comes of it.</summary>
    public const string SignerExcluded = "SIGNER_EXCLUDED_WELLS";

    /// <summary>A repeat and its original are of different samples.</summary>
    public const string SampleMismatch = "SAMPLE_MISMATCH";

    /// <summary>A repeat and its original are of different analytes.</summary>
    public const string AnalyteMismatch = "ANALYTE_MISMATCH";

    /// <summary>A repeat and its original are on one plate.</summary>
    public const string SamePlate = "SAME_PLATE";

    /// <summary>The repeat is linked to an original.</summary>
    public const string AlreadyLinked = "ALREADY_LINKED";

    /// <summary>The original is the repeat itself, or repeats it by way of others.</summary>
    public const string RepeatCycle = "REPEAT_CYCLE";
}

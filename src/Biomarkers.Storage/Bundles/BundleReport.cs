using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Verification;

namespace Biomarkers.Storage.Bundles;

/// <summary>Who says that the checkpoint of a bundle is the laboratory's.</summary>
public enum CheckpointTrust
{
    /// <summary>There is none that fits: the chain proves only that its parts belong together.</summary>
    None,

    /// <summary>The bundle itself, which brought the key: whoever made it may have made that as well.</summary>
    KeyOfTheBundle,

    /// <summary>Whoever verifies gave the key.</summary>
    GivenKey,
}

/// <summary>What was verified of a bundle, and what was found.</summary>
public sealed record BundleReport
{
    /// <summary>What the bundle says of itself.</summary>
    public required BundleManifest Manifest { get; init; }

    /// <summary>What the checks of a database said of its rows; null where these can't be read.</summary>
    public required VerificationReport? Rows { get; init; }

    /// <summary>The checkpoint in it; null where there is none, or it can't be read.</summary>
    public required Checkpoint? Checkpoint { get; init; }

    /// <summary>Who says whose it is.</summary>
    public required CheckpointTrust Trust { get; init; }

    /// <summary>Audit events about the plate.</summary>
    public required long EventsAboutPlateCount { get; init; }

    /// <summary>The newest of them.</summary>
    public required long NewestAboutPlate { get; init; }

    /// <summary>What is not as it was: of the rows first, in the order of <see cref="VerificationReport.Findings"/>, then of the parts; empty where everything is.</summary>
    public required IReadOnlyList<Tampering> Findings { get; init; }

    /// <summary>Whether everything is as it was, as far as can be seen.</summary>
    public bool IsIntact => Findings.Count == 0;

    /// <summary>Whether a fitting checkpoint vouches for all that was done about the plate.</summary>
    public bool IsVouchedFor => Rows is { } rows && rows.CheckpointedSequence >= NewestAboutPlate;
}

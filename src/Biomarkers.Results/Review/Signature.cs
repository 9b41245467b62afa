namespace Biomarkers.Results.Review;

/// <summary>What a signature means (21 CFR 11.50).</summary>
public enum SignatureMeaning
{
    /// <summary>The signer looked at the result and what it rests on.</summary>
    Review = 1,

    /// <summary>The signer lets the result count.</summary>
    Approval = 2,

    /// <summary>The signer answers for the result.</summary>
    Responsibility = 3,

    /// <summary>The signer made the result.</summary>
    Authorship = 4,
}

/// <summary>How a signer proved at the moment of signing to be who signs.</summary>
public enum SigningMethod
{
    /// <summary>An access key and the PIN that goes with it.</summary>
    KeyAndPin = 1,

    /// <summary>A login at the identity provider not long before.</summary>
    FreshLogin = 2,
}

/// <summary>A signature under exactly one version of a result.</summary>
/// <param name="Actor">The credential that signed, as in the audit log.</param>
/// <param name="SignerName">Name of the person, as printed.</param>
/// <param name="Meaning">What it means.</param>
/// <param name="Method">How the signer proved it.</param>
/// <param name="Time">When, by the server's clock.</param>
/// <param name="VersionHash">Hash of the version that was signed.</param>
public sealed record Signature(
    string Actor, string SignerName, SignatureMeaning Meaning, SigningMethod Method, DateTimeOffset Time, Immunoassay.ContentHash VersionHash);

/// <summary>A hold of a result: while it is open nothing of the result leaves; what left before stays, and whoever follows the feed is told.</summary>
/// <param name="HoldKey">Key.</param>
/// <param name="ResultKey">The result.</param>
/// <param name="Actor">Who placed it.</param>
/// <param name="Reason">Why.</param>
/// <param name="PlaceTime">When.</param>
/// <param name="Lift">How it ended; null while it is open.</param>
public sealed record ResultHold(long HoldKey, long ResultKey, string Actor, string Reason, DateTimeOffset PlaceTime, HoldLift? Lift = null);

/// <summary>The end of a hold.</summary>
/// <param name="Actor">Who lifted it.</param>
/// <param name="Reason">Why.</param>
/// <param name="Time">When.</param>
public sealed record HoldLift(string Actor, string Reason, DateTimeOffset Time);

using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Results.Review;
using Biomarkers.Storage.Tables;

namespace Biomarkers.Storage;

/// <summary>Holds, links of repeats, signatures and PINs to rows and back.</summary>
internal static class ReviewMapping
{
    public static ResultHold ToHold(ResultHoldTable row, ResultHoldLiftTable? lift) => new(
        row.HoldKey,
        row.ResultKey,
        row.Actor,
        row.Reason,
        Instant.FromMicroseconds(row.PlaceTime),
        lift is null ? null : new HoldLift(lift.Actor, lift.Reason, Instant.FromMicroseconds(lift.LiftTime)));

    public static RepeatLink ToLink(RepeatLinkTable row, RepeatUnlinkTable? unlink) => new(
        row.LinkKey,
        row.RepeatKey,
        row.OriginalKey,
        row.Actor,
        row.Reason,
        Instant.FromMicroseconds(row.LinkTime),
        unlink is null ? null : new RepeatUnlink(unlink.Actor, unlink.Reason, Instant.FromMicroseconds(unlink.UnlinkTime)));

    public static ResultSignatureTable ToRow(long key, long versionKey, Signature signature) => new()
    {
        SignatureKey = key,
        VersionKey = versionKey,
        VersionHash = signature.VersionHash.ToBytes(),
        Actor = signature.Actor,
        SignerName = signature.SignerName,
        Meaning = (int)signature.Meaning,
        Method = (int)signature.Method,
        SignTime = Instant.ToMicroseconds(signature.Time),
    };

    public static Signature ToSignature(ResultSignatureTable row) => new(
        row.Actor, row.SignerName, (SignatureMeaning)row.Meaning, (SigningMethod)row.Method, Instant.FromMicroseconds(row.SignTime), ContentHash.FromBytes(row.VersionHash));

    public static SigningPinTable ToRow(SigningPin pin) => new()
    {
        KeyId = pin.KeyId,
        Salt = pin.Salt,
        PinHash = pin.PinHash,
        IterationCount = pin.IterationCount,
        FailureCount = pin.FailureCount,
        SetTime = Instant.ToMicroseconds(pin.SetTime),
    };

    public static SigningPin ToPin(SigningPinTable row) =>
        new(row.KeyId, row.Salt, row.PinHash, row.IterationCount, row.FailureCount, Instant.FromMicroseconds(row.SetTime));
}

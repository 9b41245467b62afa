namespace Biomarkers.Cli.Servers;

/// <summary>A result that waits for a reviewer, beside the version that counts.</summary>
/// <param name="Before">The version that counts outside of the laboratory; absent where none left.</param>
/// <param name="After">The computed version that waits; absent where the newest run has no such result any more.</param>
/// <param name="Withheld">What stood against its automatic release; absent where its assay leaves releases to reviewers.</param>
public sealed record AffectedRow(ResultRow? Before, ResultRow? After, string? Withheld)
{
    internal static AffectedRow Of(V1.AffectedResult affected) => new(RowOf(affected.Before), RowOf(affected.After), Names.NullIfEmpty(affected.Withheld));

    private static ResultRow? RowOf(V1.Result? result) => result is null ? null : ResultRow.Of(result);
}

/// <summary>A hold of a result.</summary>
/// <param name="Name">Number of the hold.</param>
/// <param name="Result">The result.</param>
/// <param name="Reason">Why it was placed.</param>
/// <param name="Actor">Who placed it.</param>
/// <param name="PlaceTime">When.</param>
/// <param name="LiftReason">Why it was lifted; absent while it is open.</param>
/// <param name="LiftActor">Who lifted it; absent while it is open.</param>
/// <param name="LiftTime">When; absent while it is open.</param>
public sealed record HoldRow(
    string Name, string Result, string Reason, string Actor, DateTimeOffset? PlaceTime, string? LiftReason, string? LiftActor, DateTimeOffset? LiftTime)
{
    internal static HoldRow Of(V1.ResultHold hold) => new(
        Names.LastOf(hold.Name),
        Names.LastOf(hold.Result),
        hold.Reason,
        hold.Actor,
        hold.PlaceTime?.ToDateTimeOffset(),
        Names.NullIfEmpty(hold.LiftReason),
        Names.NullIfEmpty(hold.LiftActor),
        hold.LiftTime?.ToDateTimeOffset());
}

/// <summary>A link of a repeat.</summary>
/// <param name="Name">Number of the link.</param>
/// <param name="Repeat">The result that is the repeat.</param>
/// <param name="Original">What it repeats.</param>
/// <param name="Reason">Why they were linked.</param>
/// <param name="Actor">Who linked them.</param>
/// <param name="LinkTime">When.</param>
/// <param name="UnlinkReason">Why the link was removed; absent while it holds.</param>
/// <param name="UnlinkActor">Who removed it; absent while it holds.</param>
/// <param name="UnlinkTime">When; absent while it holds.</param>
public sealed record RepeatLinkRow(
    string Name,
    string Repeat,
    string Original,
    string Reason,
    string Actor,
    DateTimeOffset? LinkTime,
    string? UnlinkReason,
    string? UnlinkActor,
    DateTimeOffset? UnlinkTime)
{
    internal static RepeatLinkRow Of(V1.RepeatLink link) => new(
        Names.LastOf(link.Name),
        Names.LastOf(link.Repeat),
        Names.LastOf(link.Original),
        link.Reason,
        link.Actor,
        link.LinkTime?.ToDateTimeOffset(),
        Names.NullIfEmpty(link.UnlinkReason),
        Names.NullIfEmpty(link.UnlinkActor),
        link.UnlinkTime?.ToDateTimeOffset());
}

/// <summary>A signature under a version.</summary>
/// <param name="SignerName">Who.</param>
/// <param name="Meaning">What it means.</param>
/// <param name="SignTime">When.</param>
/// <param name="Actor">The credential.</param>
/// <param name="Method">How the signer proved it.</param>
/// <param name="VersionSha256">Hash of the version that was signed.</param>
public sealed record SignatureRow(string SignerName, string Meaning, DateTimeOffset? SignTime, string Actor, string Method, string VersionSha256)
{
    internal static SignatureRow Of(V1.Signature signature) => new(
        signature.SignerName,
        CommandConsole.WordOf(signature.Meaning),
        signature.SignTime?.ToDateTimeOffset(),
        signature.Actor,
        CommandConsole.WordOf(signature.Method),
        signature.VersionSha256);
}

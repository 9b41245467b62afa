using System.Globalization;
using System.Text.RegularExpressions;
using Biomarkers.Immunoassay;
using Biomarkers.Results.Review;

namespace Biomarkers.Results.Ledger;

/// <summary>What the audit event of a saved or reinstated run vouches for beside its own words.</summary>
/// <param name="Ordinal">Number of the run's newest seal, 1 for the first.</param>
/// <param name="Seal">SHA-256 of that seal, over all rows of the run.</param>
/// <param name="Read">SHA-256 over the stored plate read, its bytes by their hash.</param>
public sealed record RunCoverage(int Ordinal, ContentHash Seal, ContentHash Read);

/// <summary>The hashes by which details of audit events name what is stored beside the ledger, so that it is covered by the chain. One place writes and reads them.</summary>
/// <remarks>They end a detail, after texts that others chose, so that no text can stand for one.</remarks>
public static partial class CoveredContent
{
    /// <summary>A run, behind what the detail says else.</summary>
    public static string Describe(string detail, RunCoverage run) =>
        string.Create(CultureInfo.InvariantCulture, $"{detail}; read SHA-256 {run.Read}; seal {run.Ordinal} SHA-256 {run.Seal}");

    /// <summary>Content of any other kind, behind what the detail says else.</summary>
    public static string Describe(string detail, ContentHash content) => $"{detail}; SHA-256 {content}";

    /// <summary>A signature under a version of a result: with the time and the actor of its event, all of it.</summary>
    public static string Describe(long signatureKey, Signature signature) =>
        string.Create(CultureInfo.InvariantCulture, $"{NameOfSignature(signatureKey)}: {signature.Meaning} by {signature.SignerName}, {signature.Method}, SHA-256 {signature.VersionHash}");

    /// <summary>A link of a repeat: with the target, the reason, the time and the actor of its event, all of it.</summary>
    public static string Describe(RepeatLink link) => string.Create(CultureInfo.InvariantCulture, $"{NameOfRepeatLink(link.LinkKey)}: repeat of results/{link.OriginalKey}");

    /// <summary>What a detail says of its run; null where it is of a time before it did.</summary>
    public static RunCoverage? RunOf(AuditEvent audit)
    {
        Match match = RunEnd().Match(audit.Detail ?? string.Empty);
        return match.Success
            ? new RunCoverage((int)NumberOf(match, "ordinal"), ContentHash.Parse(match.Groups["seal"].Value), ContentHash.Parse(match.Groups["read"].Value))
            : null;
    }

    /// <summary>The hash that ends a detail; null where none does.</summary>
    public static ContentHash? ContentOf(AuditEvent audit) =>
        ContentEnd().Match(audit.Detail ?? string.Empty) is { Success: true } match ? ContentHash.Parse(match.Groups["hash"].Value) : null;

    /// <summary>The version that a detail of <see cref="AuditActions.LayoutSubmitted"/> names; null where none is named.</summary>
    public static int? LayoutVersionOf(AuditEvent audit) => LayoutVersion().Match(audit.Detail ?? string.Empty) is { Success: true } match ? (int)NumberOf(match, "version") : null;

    /// <summary>The generation that a detail of <see cref="AuditActions.DatabaseRestored"/> begins; null where none is named.</summary>
    public static long? GenerationOf(AuditEvent audit) => Generation().Match(audit.Detail ?? string.Empty) is { Success: true } match ? NumberOf(match, "to") : null;

    /// <summary>Name of a signature, by which a detail of <see cref="AuditActions.ResultSigned"/> begins.</summary>
    public static string NameOfSignature(long signatureKey) => string.Create(CultureInfo.InvariantCulture, $"signature {signatureKey}");

    /// <summary>The signature that a detail names; null where none is named.</summary>
    public static string? SignatureNameOf(AuditEvent audit) => SignatureBegin().Match(audit.Detail ?? string.Empty) is { Success: true } match ? match.Groups["name"].Value : null;

    /// <summary>Name of a link of a repeat, by which details of <see cref="AuditActions.RepeatLinked"/> and <see cref="AuditActions.RepeatUnlinked"/> begin.</summary>
    public static string NameOfRepeatLink(long linkKey) => string.Create(CultureInfo.InvariantCulture, $"repeatLinks/{linkKey}");

    /// <summary>The link of a repeat that a detail names; null where none is named.</summary>
    public static string? RepeatLinkNameOf(AuditEvent audit) => RepeatLinkBegin().Match(audit.Detail ?? string.Empty) is { Success: true } match ? match.Groups["name"].Value : null;

    private static long NumberOf(Match match, string group) => long.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"; read SHA-256 (?<read>[0-9a-f]{64}); seal (?<ordinal>[0-9]{1,9}) SHA-256 (?<seal>[0-9a-f]{64})\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RunEnd();

    [GeneratedRegex(@"\bSHA-256 (?<hash>[0-9a-f]{64})\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ContentEnd();

    [GeneratedRegex(@"\Aversion (?<version>[0-9]{1,9}), ", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LayoutVersion();

    [GeneratedRegex(@"\A(?<name>signature [0-9]{1,18}): ", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SignatureBegin();

    [GeneratedRegex(@"\A(?<name>repeatLinks/[0-9]{1,19}): ", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RepeatLinkBegin();

    // The source of a restore stands before it and is a text of the operator; the number of ended holders follows.
    [GeneratedRegex(@"; generation [0-9]{1,19} to (?<to>[0-9]{1,18}); [0-9]+ holders of work ended(?:; in place of a database of generation [0-9]{1,19})?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Generation();
}

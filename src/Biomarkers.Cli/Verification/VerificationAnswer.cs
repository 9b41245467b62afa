using System.Text.Json;
using Biomarkers.Cli.Servers;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Verification;

namespace Biomarkers.Cli.Verification;

/// <summary>One thing that is not as it was.</summary>
/// <param name="Kind"><c>CHANGED</c>, <c>DELETED</c>, <c>INSERTED</c>, <c>REORDERED</c>, <c>TRUNCATED</c>, <c>BAD_SIGNATURE</c> or <c>FORKED</c>.</param>
/// <param name="Target">What it was done to.</param>
/// <param name="Sequence">The first audit event that is wrong, or that vouches for what is; absent where no event does.</param>
/// <param name="LatestSequence">The last that may be the first wrong one, where a checkpoint alone tells.</param>
/// <param name="Offset">The first wrong event of a read stream.</param>
/// <param name="ExpectedSha256">The hash that was expected; absent where nothing says it.</param>
/// <param name="ActualSha256">The hash that was found; absent where nothing is there.</param>
/// <param name="Description">One sentence.</param>
public sealed record TamperingRow(
    string Kind, string Target, long? Sequence, long? LatestSequence, long? Offset, string? ExpectedSha256, string? ActualSha256, string Description)
{
    internal static TamperingRow Of(Tampering finding) => new(
        WordOf(finding.Kind), finding.Target, finding.Sequence, finding.LatestSequence, finding.Offset, finding.Expected?.Hex, finding.Actual?.Hex, finding.Text);

    internal static TamperingRow Of(V1.Tampering finding) => new(
        WordOf(finding.Kind),
        finding.Target,
        finding.Sequence > 0 ? finding.Sequence : null,
        finding.LatestSequence > 0 ? finding.LatestSequence : null,
        finding.HasOffset ? finding.Offset : null,
        Names.NullIfEmpty(finding.ExpectedSha256),
        Names.NullIfEmpty(finding.ActualSha256),
        finding.Description);

    private static string WordOf<T>(T kind)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseUpper.ConvertName(kind.ToString());
}

/// <summary>What a verification says, of whichever side it is.</summary>
/// <param name="IsIntact">Whether everything is as it was, as far as can be seen.</param>
/// <param name="EventCount">Audit events whose chain fits.</param>
/// <param name="Sha256">Hash of the newest of them.</param>
/// <param name="FirstTime">Time of the first of them.</param>
/// <param name="NewestTime">Time of the newest of them.</param>
/// <param name="CheckpointCount">Checkpoints that fit.</param>
/// <param name="CheckpointedSequence">The event up to which one vouches; 0 where none does.</param>
/// <param name="ReplacedCheckpointCount">Checkpoints of a history that a restored backup replaced.</param>
/// <param name="StreamCount">Read streams.</param>
/// <param name="StreamEventCount">Their events.</param>
/// <param name="RunCount">Runs.</param>
/// <param name="CoveredRunCount">Runs that the audit log vouches for.</param>
/// <param name="CoveredContentCount">Layouts, assays and decisions that it vouches for.</param>
/// <param name="UncoveredContentCount">Those of a time before it did.</param>
/// <param name="RecomputedRunCount">Runs that came out the same when computed again.</param>
/// <param name="OtherEngineRunCount">Runs that another version of the engine computed.</param>
/// <param name="Findings">What is not as it was.</param>
public sealed record VerificationAnswer(
    bool IsIntact,
    long EventCount,
    string? Sha256,
    DateTimeOffset? FirstTime,
    DateTimeOffset? NewestTime,
    int CheckpointCount,
    long CheckpointedSequence,
    int ReplacedCheckpointCount,
    int StreamCount,
    long StreamEventCount,
    int RunCount,
    int CoveredRunCount,
    int CoveredContentCount,
    int UncoveredContentCount,
    int RecomputedRunCount,
    int OtherEngineRunCount,
    IReadOnlyList<TamperingRow> Findings)
{
    internal static VerificationAnswer Of(VerificationReport report) => new(
        report.IsIntact, report.EventCount, report.NewestHash?.Hex, report.FirstTime, report.NewestTime,
        report.CheckpointCount, report.CheckpointedSequence, report.ReplacedCheckpointCount,
        report.StreamCount, report.StreamEventCount, report.RunCount, report.CoveredRunCount, report.CoveredContentCount, report.UncoveredContentCount, report.RecomputedRunCount,
        report.OtherEngineRunCount, [.. report.Findings.Select(TamperingRow.Of)]);

    internal static VerificationAnswer Of(V1.VerificationReport report) => new(
        report.Findings.Count == 0, report.EventCount, Names.NullIfEmpty(report.Sha256), report.FirstEventTime?.ToDateTimeOffset(), report.NewestEventTime?.ToDateTimeOffset(),
        report.CheckpointCount, report.CheckpointedSequence, report.ReplacedCheckpointCount, report.ReadStreamCount, report.ReadStreamEventCount, report.RunCount,
        report.CoveredRunCount, report.CoveredContentCount, report.UncoveredContentCount, report.RecomputedRunCount, report.OtherEngineRunCount,
        [.. report.Findings.Select(TamperingRow.Of)]);

    /// <summary>Prints it.</summary>
    /// <returns>The exit code: 0 intact, 1 not.</returns>
    internal int Print(CommandConsole console, bool isJson)
    {
        if (isJson)
        {
            console.WriteJson(this);
        }
        else
        {
            foreach (string line in Lines())
            {
                console.WriteLine(line);
            }
        }

        return IsIntact ? ExitCodes.Ok : ExitCodes.Negative;
    }

    /// <summary>What is not as it was, in lines.</summary>
    internal static IEnumerable<string> LinesOf(IEnumerable<TamperingRow> findings)
    {
        foreach (TamperingRow finding in findings)
        {
            string at = finding.LatestSequence is { } latest
                ? Say($", at audit event {finding.Sequence} to {latest}")
                : finding.Sequence is { } sequence ? Say($", at audit event {sequence}") : finding.Offset is { } offset ? Say($", at offset {offset}") : "";
            yield return $"{finding.Kind} {finding.Target}{at}: {finding.Description}";
            if (finding.ExpectedSha256 is not null || finding.ActualSha256 is not null)
            {
                yield return $"  expected SHA-256 {finding.ExpectedSha256 ?? "(unknown)"}, actual {finding.ActualSha256 ?? "(not there)"}";
            }
        }
    }

    /// <summary>How many runs were computed again, behind what is said of all of them; empty where none was.</summary>
    internal string Recomputed() =>
        RecomputedRunCount + OtherEngineRunCount > 0 ? Say($"; {RecomputedRunCount} recomputed bit for bit, {OtherEngineRunCount} of another engine left out") : "";

    private IEnumerable<string> Lines()
    {
        foreach (string line in LinesOf(Findings))
        {
            yield return line;
        }

        yield return Say($"{(IsIntact ? "Intact" : "TAMPERED")}: {EventCount} audit events{(FirstTime is null ? "" : $" from {ListTables.Time(FirstTime)} to {ListTables.Time(NewestTime)} UTC")}");
        yield return $"Newest SHA-256: {Sha256 ?? "(none)"}";
        long after = EventCount - Math.Min(CheckpointedSequence, EventCount);
        yield return Say($"Checkpoints: {CheckpointCount} fit, up to event {CheckpointedSequence}. The {after} events after it are proven by the chain alone: whoever holds the database could cut or rewrite them unseen.");
        if (ReplacedCheckpointCount > 0)
        {
            yield return Say($"{ReplacedCheckpointCount} checkpoints are of a history that a restored backup replaced; see DATABASE_RESTORED in the audit log.");
        }

        yield return Say($"Read streams: {StreamCount} with {StreamEventCount} events");
        yield return Say($"Runs: {RunCount}, of which the chain covers {CoveredRunCount}{Recomputed()}");
        yield return Say($"Layouts, assays, decisions: {CoveredContentCount} covered, {UncoveredContentCount} not covered (of a time before events named their hashes)");
    }

    private static string Say(FormattableString text) => FormattableString.Invariant(text);
}

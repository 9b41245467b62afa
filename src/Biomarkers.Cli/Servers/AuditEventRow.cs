namespace Biomarkers.Cli.Servers;

/// <summary>An event of the audit log.</summary>
/// <param name="Sequence">Its place.</param>
/// <param name="EventTime">When the server decided it.</param>
/// <param name="Actor">Who.</param>
/// <param name="Action">What.</param>
/// <param name="Target">Of what.</param>
/// <param name="Reason">Why; absent where the action explains itself.</param>
/// <param name="Detail">What it was and what it is; absent where the target says it all.</param>
/// <param name="Sha256">Hash over the event and the hash before it.</param>
public sealed record AuditEventRow(long Sequence, DateTimeOffset EventTime, string Actor, string Action, string Target, string? Reason, string? Detail, string Sha256)
{
    internal static AuditEventRow Of(V1.AuditEvent audit) => new(
        audit.Sequence,
        audit.EventTime.ToDateTimeOffset(),
        audit.Actor,
        audit.Action,
        audit.Target,
        Names.NullIfEmpty(audit.Reason),
        Names.NullIfEmpty(audit.Detail),
        audit.Sha256);
}

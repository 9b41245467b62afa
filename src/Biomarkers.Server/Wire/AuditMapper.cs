using System.Globalization;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Results.Ledger;
using Biomarkers.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Server.Wire;

/// <summary>Audit events, checkpoints and reports.</summary>
internal static class AuditMapper
{
    /// <summary>The conditions of a request; faults are added for texts that no event can have.</summary>
    public static AuditFilter ToFilter(ListAuditEventsRequest request, List<Fault> faults) => new(
        ReadText("actor", request.Actor, faults),
        ReadText("action", request.Action, faults),
        ReadText("target", request.Target, faults),
        WireTimes.Read(request.StartTime, "start_time", faults),
        WireTimes.Read(request.EndTime, "end_time", faults));

    /// <summary>An event of the list.</summary>
    public static AuditEvent ToWire(StoredAuditEvent stored) => new()
    {
        Name = string.Create(CultureInfo.InvariantCulture, $"auditEvents/{stored.Sequence}"),
        Sequence = stored.Sequence,
        EventTime = Timestamp.FromDateTimeOffset(stored.Audit.Time),
        Actor = stored.Audit.Actor,
        Action = stored.Audit.Action,
        Target = stored.Audit.Target,
        Reason = stored.Audit.Reason ?? "",
        Detail = stored.Audit.Detail ?? "",
        Sha256 = stored.Hash.Hex,
    };

    /// <summary>A checkpoint with the key that verifies it.</summary>
    public static V1.Checkpoint ToWire(SignedCheckpoint signed, string publicKey)
    {
        Results.Ledger.Checkpoint says = signed.ToCheckpoint();
        return new V1.Checkpoint
        {
            Statement = signed.Statement,
            Signature = ByteString.CopyFrom(signed.Signature),
            KeySha256 = signed.Key.Hex,
            PublicKey = publicKey,
            Sequence = says.Sequence,
            Sha256 = says.Hash.Hex,
            DatabaseGeneration = says.Generation,
            CreateTime = Timestamp.FromDateTimeOffset(says.Time),
        };
    }

    /// <summary>A report.</summary>
    public static VerificationReport ToWire(Storage.Verification.VerificationReport report) => new()
    {
        Findings = { report.Findings.Select(ToWire) },
        EventCount = report.EventCount,
        Sha256 = report.NewestHash?.Hex ?? "",
        FirstEventTime = TimeOf(report.FirstTime),
        NewestEventTime = TimeOf(report.NewestTime),
        CheckpointCount = report.CheckpointCount,
        CheckpointedSequence = report.CheckpointedSequence,
        ReplacedCheckpointCount = report.ReplacedCheckpointCount,
        ReadStreamCount = report.StreamCount,
        ReadStreamEventCount = report.StreamEventCount,
        RunCount = report.RunCount,
        CoveredRunCount = report.CoveredRunCount,
        CoveredContentCount = report.CoveredContentCount,
        UncoveredContentCount = report.UncoveredContentCount,
        RecomputedRunCount = report.RecomputedRunCount,
        OtherEngineRunCount = report.OtherEngineRunCount,
    };

    private static V1.Tampering ToWire(Results.Ledger.Tampering finding)
    {
        var tampering = new V1.Tampering
        {
            Kind = KindOf(finding.Kind),
            Target = finding.Target,
            Sequence = finding.Sequence ?? 0,
            LatestSequence = finding.LatestSequence ?? 0,
            ExpectedSha256 = finding.Expected?.Hex ?? "",
            ActualSha256 = finding.Actual?.Hex ?? "",
            Description = finding.Text,
        };
        if (finding.Offset is { } offset)
        {
            tampering.Offset = offset;
        }

        return tampering;
    }

    private static V1.TamperingKind KindOf(Results.Ledger.TamperingKind kind) => kind switch
    {
        Results.Ledger.TamperingKind.Changed => V1.TamperingKind.Changed,
        Results.Ledger.TamperingKind.Deleted => V1.TamperingKind.Deleted,
        Results.Ledger.TamperingKind.Inserted => V1.TamperingKind.Inserted,
        Results.Ledger.TamperingKind.Reordered => V1.TamperingKind.Reordered,
        Results.Ledger.TamperingKind.Truncated => V1.TamperingKind.Truncated,
        Results.Ledger.TamperingKind.BadSignature => V1.TamperingKind.BadSignature,
        Results.Ledger.TamperingKind.Forked => V1.TamperingKind.Forked,
        _ => throw new InvalidOperationException($"The kind {kind} has no word in the contract."),
    };

    private static string? ReadText(string field, string text, List<Fault> faults)
    {
        if (text.Length == 0)
        {
            return null;
        }

        Texts.CheckText(field, text, faults);
        return text;
    }

    private static Timestamp? TimeOf(DateTimeOffset? time) => time is { } known ? Timestamp.FromDateTimeOffset(known) : null;
}

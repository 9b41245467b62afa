using System.CommandLine;
using System.Globalization;
using Biomarkers.Cli.Servers;
using Biomarkers.Cli.Verification;
using Biomarkers.Immunoassay;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers audit</c>: the audit log of a server, for who has the role auditor or admin.</summary>
public static class AuditCommand
{
    private static readonly Option<string> ActorOption = new("--actor") { Description = "Only events of this actor, such as keys/local.", HelpName = "NAME" };

    private static readonly Option<string> ActionOption = new("--action") { Description = "Only events of this action, such as LAYOUT_SUBMITTED.", HelpName = "ACTION" };

    private static readonly Option<string> TargetOption = new("--target") { Description = "Only events of this target, such as plates/P-1.", HelpName = "NAME" };

    private static readonly Option<string> SinceOption = new("--since") { Description = "Only events at this time or later, such as 2026-11-23 or 2026-11-23T08:00:00Z.", HelpName = "TIME" };

    private static readonly Option<string> UntilOption = new("--until") { Description = "Only events before this time.", HelpName = "TIME" };

    private static readonly Option<bool> OldestFirstOption = new("--oldest-first") { Description = "The oldest first." };

    private static readonly Option<bool> RecomputeOption = new("--recompute") { Description = "Compute every run again from its inputs, and compare bit for bit." };

    private static readonly Option<string> OutOption = new("--out") { Description = "Folder to keep it in, with the public key, as 'biomarkers verify --checkpoints' takes it.", HelpName = "DIR" };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print JSON: one array for list, else one document." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var list = new Command("list", "List audit events, newest first.") { ActorOption, ActionOption, TargetOption, SinceOption, UntilOption, OldestFirstOption, Pages.Limit, JsonOption };
        ServerArguments.SetWork(list, ListAsync);
        var checkpoint = new Command("checkpoint", "Show the newest signed checkpoint, or keep it: whoever has it can prove later that nothing before it was changed.") { OutOption, JsonOption };
        ServerArguments.SetWork(checkpoint, CheckpointAsync);
        var verify = new Command("verify", "Have the server hold its database against its audit log. Who doubts the server runs 'biomarkers verify' on a stopped database or a backup.")
        {
            RecomputeOption, JsonOption,
        };
        ServerArguments.SetWork(verify, VerifyAsync);
        return new Command("audit", "See and prove the audit log of a server. Exit codes: 0 done or intact, 1 tampering was found, 2 wrong arguments or input, or no answer.") { list, checkpoint, verify };
    }

    private static Task<int> ListAsync(ServerCall call)
    {
        List<Fault> faults = [];
        Timestamp? since = ReadTime("--since", call.Parsed.GetValue(SinceOption), faults);
        Timestamp? until = ReadTime("--until", call.Parsed.GetValue(UntilOption), faults);
        return Pages.ListAsync(
            call,
            "biomarkers audit list",
            JsonOption,
            async (size, token) =>
            {
                var request = new V1.ListAuditEventsRequest
                {
                    PageSize = size,
                    PageToken = token,
                    Order = call.Parsed.GetValue(OldestFirstOption) ? V1.ListOrder.OldestFirst : V1.ListOrder.Unspecified,
                    Actor = call.Parsed.GetValue(ActorOption) ?? "",
                    Action = call.Parsed.GetValue(ActionOption) ?? "",
                    Target = call.Parsed.GetValue(TargetOption) ?? "",
                    StartTime = since,
                    EndTime = until,
                };
                V1.ListAuditEventsResponse page = await call.Connection.Audit.ListAuditEventsAsync(request, cancellationToken: call.CancellationToken);
                return new Page<V1.AuditEvent>(page.AuditEvents, page.NextPageToken);
            },
            AuditEventRow.Of,
            ListTables.Print,
            faults);
    }

    private static async Task<int> CheckpointAsync(ServerCall call)
    {
        V1.Checkpoint checkpoint = await call.Connection.Audit.GetCheckpointAsync(new V1.GetCheckpointRequest(), cancellationToken: call.CancellationToken);
        if (call.Parsed.GetValue(OutOption) is { } folder)
        {
            try
            {
                KeptCheckpoint kept = KeptCheckpoint.Write(folder, checkpoint);
                call.Console.Tell($"Kept in {kept.File}, its key in {kept.KeyFile}.");
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
            {
                return call.Console.Refuse(folder, [new Fault("", FaultReasons.InvalidFile, $"Unable to keep the checkpoint: {exception.Message}")]);
            }
        }

        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(new { checkpoint.Statement, Signature = checkpoint.Signature.ToBase64(), checkpoint.KeySha256, checkpoint.PublicKey });
        }
        else
        {
            foreach (string line in checkpoint.Statement.TrimEnd('\n').Split('\n'))
            {
                call.Console.WriteLine(line);
            }
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> VerifyAsync(ServerCall call)
    {
        var request = new V1.VerifyAuditLogRequest { Recompute = call.Parsed.GetValue(RecomputeOption) };
        using AsyncServerStreamingCall<V1.VerifyAuditLogResponse> answers = call.Connection.Audit.VerifyAuditLog(request, cancellationToken: call.CancellationToken);
        V1.VerificationReport? report = null;
        await foreach (V1.VerifyAuditLogResponse answer in answers.ResponseStream.ReadAllAsync(call.CancellationToken))
        {
            report = answer.Report;
            if (report is null && answer.RowCount > 0)
            {
                call.Console.Tell(string.Create(CultureInfo.InvariantCulture, $"{answer.RowCount} rows were looked at"));
            }
        }

        if (report is null)
        {
            call.Console.Tell("biomarkers audit verify: The server ended without a report.");
            return ExitCodes.BadInput;
        }

        return VerificationAnswer.Of(report).Print(call.Console, call.Parsed.GetValue(JsonOption));
    }

    private static Timestamp? ReadTime(string option, string? text, List<Fault> faults)
    {
        if (text is null)
        {
            return null;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
        {
            return Timestamp.FromDateTimeOffset(time);
        }

        faults.Add(new Fault(option, FaultReasons.InvalidText, $"'{text}' is no time; expected one such as 2026-11-23T08:00:00Z."));
        return null;
    }
}

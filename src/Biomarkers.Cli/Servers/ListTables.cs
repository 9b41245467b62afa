using System.Globalization;
using Biomarkers.Cli.Runs;
using static Biomarkers.Cli.CommandConsole;

namespace Biomarkers.Cli.Servers;

/// <summary>Lists of a server as tables and lines for people.</summary>
internal static class ListTables
{
    public static void Print(CommandConsole console, IReadOnlyList<PlateRow> plates) => console.WriteTable(
        Count(plates.Count, "plate"),
        ["Plate", "State", "Assay", "Layout", "Reads", "Run", "Changed (UTC)"],
        plates.Select(plate => (IReadOnlyList<string>)
        [
            plate.Plate, plate.ParkedError is null ? plate.State : $"{plate.State}: {plate.ParkedError}", plate.Assay ?? "", Whole(plate.LayoutVersion),
            Whole(plate.Reads.Count), Names.LastOf(plate.Run ?? ""), Time(plate.UpdateTime),
        ]));

    public static void Print(CommandConsole console, IReadOnlyList<RunRow> runs) => console.WriteTable(
        Count(runs.Count, "run"),
        ["Run", "Plate", "Assay", "Verdict", "Results", "Findings", "Read", "Instrument", "Saved (UTC)"],
        runs.Select(run => (IReadOnlyList<string>)
        [
            Names.LastOf(run.Name), run.Plate, run.Assay, WordOf(run.Verdict), Whole(run.ResultCount), Whole(run.FlagCount), run.ReadId, run.Instrument, Time(run.CreateTime),
        ]));

    public static void Print(CommandConsole console, IReadOnlyList<ResultRow> results) => console.WriteTable(
        Count(results.Count, "result"),
        ["Name", "Status", "Sample", "Run", "Result", "95 %", "CV %", "Flags"],
        results.Select(result => (IReadOnlyList<string>)
        [
            NameOf(result), result.Status, $"{result.SampleId} {result.Analyte}", $"{result.Plate} {Names.LastOf(result.Run)} {WordOf(result.Verdict)}",
            RunTables.ConcentrationOf(result), RunTables.IntervalOf(result), Percent(result.CvPercent), string.Join(' ', result.Flags),
        ]));

    public static void Print(CommandConsole console, IReadOnlyList<HeldRow> held) => console.WriteTable(
        Count(held.Count, "held read"),
        ["Held", "Plate", "Read", "Instrument", "Received (UTC)", "Why", "Decision"],
        held.Select(row => (IReadOnlyList<string>)
        [
            row.Name, row.Plate ?? "(none)", row.ReadId, row.ReadStream.Split('/')[1], Time(row.ReceiveTime), $"{row.Reason}: {row.Explanation}", DecisionOf(row.Resolution),
        ]));

    public static void Print(CommandConsole console, IReadOnlyList<QuarantinedRow> refused) => console.WriteTable(
        Count(refused.Count, "quarantined event"),
        ["Event", "Stream", "Offset", "Received (UTC)", "First fault", "Decision"],
        refused.Select(row => (IReadOnlyList<string>)
        [
            row.Name, row.ReadStream.Replace("instruments/", "", StringComparison.Ordinal).Replace("readStreams/", "", StringComparison.Ordinal),
            row.Offset.ToString(CultureInfo.InvariantCulture), Time(row.ReceiveTime), $"{row.Faults[0].Reason}: {row.Faults[0].Description}", DecisionOf(row.Resolution),
        ]));

    public static void Print(CommandConsole console, IReadOnlyList<InstrumentRow> instruments) => console.WriteTable(
        Count(instruments.Count, "instrument"),
        ["Instrument", "Name", "State", "Enrolled (UTC)", "Retired (UTC)", "Revoked certificates"],
        instruments.Select(instrument => (IReadOnlyList<string>)
        [
            Names.LastOf(instrument.Name), instrument.DisplayName ?? "", instrument.State, Time(instrument.EnrollTime), Time(instrument.RetireTime),
            string.Join(' ', instrument.RevokedCertificates),
        ]));

    public static void Print(CommandConsole console, IReadOnlyList<KeyRow> keys) => console.WriteTable(
        Count(keys.Count, "key"),
        ["Key", "Of", "Roles", "Instrument", "State", "Made (UTC)", "Ends (UTC)", "Last used (UTC)"],
        keys.Select(key => (IReadOnlyList<string>)
        [
            Names.LastOf(key.Name), key.DisplayName, string.Join(' ', key.Roles), Names.LastOf(key.Instrument ?? ""), key.State,
            Time(key.CreateTime), Time(key.RevokeTime ?? key.ExpireTime), Time(key.LastUseTime),
        ]));

    public static void Print(CommandConsole console, IReadOnlyList<DenialRow> denials) => console.WriteTable(
        Count(denials.Count, "denial"),
        ["Until (UTC)", "Who", "Method", "Reason", "Calls", "From"],
        denials.Select(denial => (IReadOnlyList<string>)
        [
            Time(denial.RecordTime), denial.Identity, denial.Method, denial.Reason, denial.CallCount.ToString(CultureInfo.InvariantCulture), denial.Peer,
        ]));

    public static void Print(CommandConsole console, IReadOnlyList<AffectedRow> affected) => console.WriteTable(
        Count(affected.Count, "waiting result"),
        ["Waits", "Sample", "Run", "Counts now", "Would count", "Flags", "Holds", "Withheld for"],
        affected.Select(row =>
        {
            ResultRow shown = row.After ?? row.Before!;
            return (IReadOnlyList<string>)
            [
                row.After is null ? "" : NameOf(row.After), $"{shown.SampleId} {shown.Analyte}", $"{Names.LastOf(shown.Run)} {WordOf(shown.Verdict)}",
                row.Before is null ? "" : $"{row.Before.Status} {NameOf(row.Before)} {RunTables.ConcentrationOf(row.Before)}",
                row.After is null ? "(no longer in the newest run)" : RunTables.ConcentrationOf(row.After),
                string.Join(' ', shown.Flags), string.Join(' ', shown.OpenHolds.Select(hold => hold.Name)), row.Withheld ?? "",
            ];
        }));

    public static void PrintVersions(CommandConsole console, IReadOnlyList<ResultRow> versions) => console.WriteTable(
        Count(versions.Count, "version"),
        ["Version", "Sample", "Status", "Result", "Run", "Made (UTC)", "In place of", "Why", "Signatures", "Holds", "Repeats"],
        versions.Select(row => (IReadOnlyList<string>)
        [
            NameOf(row), $"{row.SampleId} {row.Analyte}", row.Status, RunTables.ConcentrationOf(row), Names.LastOf(row.Run), Time(row.CreateTime),
            row.SupersedesVersion is { } before ? $"@{Whole(before)}" : "", row.Reason ?? "",
            string.Join("; ", row.Signatures.Select(signature => $"{signature.SignerName}, {signature.Meaning}, {Time(signature.SignTime)}")),
            string.Join("; ", row.OpenHolds.Select(hold => $"{hold.Name}: {hold.Reason}")),
            string.Join("; ", LinksOf(row)),
        ]));

    public static void Print(CommandConsole console, IReadOnlyList<RepeatLinkRow> links) => console.WriteTable(
        Count(links.Count, "link"),
        ["Link", "Repeat", "Of", "Linked (UTC)", "By", "Why", "Removed (UTC)", "By", "Why"],
        links.Select(link => (IReadOnlyList<string>)
        [
            link.Name, link.Repeat, link.Original, Time(link.LinkTime), link.Actor, link.Reason, Time(link.UnlinkTime), link.UnlinkActor ?? "", link.UnlinkReason ?? "",
        ]));

    public static void Print(CommandConsole console, IReadOnlyList<HoldRow> holds) => console.WriteTable(
        Count(holds.Count, "hold"),
        ["Hold", "Result", "Placed (UTC)", "By", "Why", "Lifted (UTC)", "By", "Why"],
        holds.Select(hold => (IReadOnlyList<string>)
        [
            hold.Name, hold.Result, Time(hold.PlaceTime), hold.Actor, hold.Reason, Time(hold.LiftTime), hold.LiftActor ?? "", hold.LiftReason ?? "",
        ]));

    private static IEnumerable<string> LinksOf(ResultRow row) =>
    [
        .. row.RepeatOf is { } original ? [$"{original.Name}: of {original.Original}, {original.Reason}"] : Array.Empty<string>(),
        .. row.Repeats.Select(link => $"{link.Name}: by {link.Repeat}, {link.Reason}"),
    ];

    private static string NameOf(ResultRow row) => $"{Names.LastOf(row.Name)}@{Whole(row.Version)}";

    public static void Print(CommandConsole console, IReadOnlyList<AuditEventRow> events) => console.WriteTable(
        Count(events.Count, "audit event"),
        ["No.", "Time (UTC)", "Who", "Action", "Target", "Reason", "Detail"],
        events.Select(audit => (IReadOnlyList<string>)
        [
            audit.Sequence.ToString(CultureInfo.InvariantCulture), Time(audit.EventTime), audit.Actor, audit.Action, audit.Target, audit.Reason ?? "", audit.Detail ?? "",
        ]));

    public static void Print(CommandConsole console, IReadOnlyList<SubscriptionRow> subscriptions) => console.WriteTable(
        Count(subscriptions.Count, "subscription"),
        ["Subscription", "Of", "Wants", "Wait", "Under way", "Parked", "Done", "Oldest (UTC)", "Made (UTC)"],
        subscriptions.Select(row => (IReadOnlyList<string>)
        [
            Names.LastOf(row.Name), row.Owner, string.Join(' ', row.Studies.Concat(row.Analytes).Concat(row.Statuses)) is { Length: > 0 } wants ? wants : "all",
            Whole(row.WaitingCount), Whole(row.LeasedCount), Whole(row.ParkedCount), row.AcknowledgedCount.ToString(CultureInfo.InvariantCulture),
            Time(row.OldestWaitingTime), Time(row.CreateTime),
        ]));

    public static void Print(CommandConsole console, IReadOnlyList<ParkedRow> parked) => console.WriteTable(
        Count(parked.Count, "parked version"),
        ["Version", "Sample", "Attempts", "Released (UTC)", "Said of it last"],
        parked.Select(row => (IReadOnlyList<string>)
        [
            Names.LastOf(row.Result), $"{row.SampleId} {row.Analyte}", Whole(row.Attempt), Time(row.ReleaseTime), row.Reason ?? "",
        ]));

    private static string DecisionOf(ResolutionRow? resolution) =>
        resolution is null ? "" : $"{resolution.Kind}{Also(resolution.Plate)} by {resolution.Actor}: {resolution.Reason}";

    /// <summary>A plate as one line.</summary>
    public static string LineOf(PlateRow plate) =>
        $"{Time(plate.UpdateTime)} {plate.Plate} {plate.State}{Also(plate.Assay)}{Also(plate.Run)}{Also(plate.ParkedError)}";

    /// <summary>A run as one line.</summary>
    public static string LineOf(RunRow run) =>
        $"{Time(run.CreateTime)} {run.Name} {run.Plate} {run.Assay} {WordOf(run.Verdict)}, {Count(run.ResultCount, "result")}, {Count(run.FlagCount, "finding")}";

    /// <summary>A number of things, such as <c>3 findings</c>.</summary>
    public static string Count(int count, string thing) => string.Create(CultureInfo.InvariantCulture, $"{count} {thing}{(count == 1 ? "" : "s")}");

    private static string Also(string? text) => text is null ? "" : $" {text}";

    private static string Whole(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";

    public static string Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "";
}

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
        ["Name", "Sample", "Run", "Result", "95 %", "CV %", "Flags"],
        results.Select(result => (IReadOnlyList<string>)
        [
            $"{Names.LastOf(result.Name)}@{Whole(result.Version)}", $"{result.SampleId} {result.Analyte}", $"{result.Plate} {Names.LastOf(result.Run)} {WordOf(result.Verdict)}",
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

    public static void Print(CommandConsole console, IReadOnlyList<AuditEventRow> events) => console.WriteTable(
        Count(events.Count, "audit event"),
        ["No.", "Time (UTC)", "Who", "Action", "Target", "Reason", "Detail"],
        events.Select(audit => (IReadOnlyList<string>)
        [
            audit.Sequence.ToString(CultureInfo.InvariantCulture), Time(audit.EventTime), audit.Actor, audit.Action, audit.Target, audit.Reason ?? "", audit.Detail ?? "",
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

using System.Globalization;
using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Results;
using Biomarkers.Storage.Seals;
using Biomarkers.Storage.Tables;
using static Biomarkers.Storage.Bundles.BundleTexts;

namespace Biomarkers.Storage.Bundles;

/// <summary>A bundle as one page of text: the run that was asked for in full, then what else was made of its plate, then who did what.</summary>
internal sealed class BundleSummary
{
    private readonly StringBuilder text = new();
    private readonly BundleContents bundle;

    private BundleSummary(BundleContents bundle) => this.bundle = bundle;

    /// <summary>Writes the page.</summary>
    public static string Write(BundleContents bundle)
    {
        var summary = new BundleSummary(bundle);
        summary.Line($"Analytical run {SealedRuns.NameOf(bundle.Subject.RunKey)} of {bundle.Subject.Plate}");
        summary.Line("Written from the rows of bundle.db beside this page; 'biomarkers verify --bundle FILE' proves them and holds this page against them. Times are UTC.");
        summary.WriteSources();
        foreach (RunContents run in bundle.Runs.OrderBy(run => run.Run.RunKey != bundle.Subject.RunKey).ThenBy(run => run.Run.RunKey))
        {
            summary.WriteRun(run);
        }

        summary.WriteVersions();
        summary.WriteEvents();
        return summary.text.ToString();
    }

    private void WriteSources()
    {
        Head("What was sent");
        foreach (PlateReadTable read in bundle.Reads)
        {
            Line($"Read '{read.ReadId}' by instrument {read.InstrumentId}, operator {read.OperatorName ?? "(not stated)"}, read {(read.ReadTime is { } time ? Time(time) : "(not stated)")}, received {Time(read.ReceiveTime)}");
            Line($"  responses (see responses.csv), encoded: {read.Content.Length} bytes, SHA-256 {ContentHash.Of(read.Content)}");
        }

        foreach ((string stream, StreamEventTable row) in bundle.Originals)
        {
            Line($"Original event {row.EventOffset} of {stream}: {row.Content.Length} bytes as received {Time(row.ReceiveTime)}, SHA-256 {ContentHash.Of(row.Content)}");
        }

        Head("Method");
        foreach (PlateLayoutTable layout in bundle.Layouts)
        {
            Line($"Layout version {layout.Version}, submitted {Time(layout.SubmitTime)} by {layout.Actor}{(layout.Reason is null ? "" : $": {layout.Reason}")}; SHA-256 {HashOf(layout.Definition)}");
            foreach (LayoutWell well in RowMapping.LayoutOf(layout.Definition)!.Wells.Where(well => well.Exclusion is not null))
            {
                Line($"  well {well.Position} left out: {well.Exclusion}");
            }
        }

        foreach (AssayTable assay in bundle.Assays)
        {
            Line($"Assay {assay.AssayId}@{assay.Version}, created {Time(assay.CreateTime)} by {assay.Actor}; SHA-256 {HashOf(assay.Definition)}");
        }

        foreach (RulePackTable pack in bundle.RulePacks)
        {
            Line($"Rule pack {pack.Name}; SHA-256 {HashOf(pack.Definition)}");
        }
    }

    private void WriteRun(RunContents run)
    {
        Head($"Run {run.Run.RunKey}{(run.Run.RunKey == bundle.Subject.RunKey ? "" : ", of the same plate")}");
        Line($"Read '{run.Origin.ReadId}', layout version {run.Origin.LayoutVersion}, assay {run.Origin.AssayId}@{run.Origin.AssayVersion}, rules {run.Run.RulePack}, engine version {run.Run.EngineVersion}");
        Line($"Saved {Time(run.Run.SaveTime)}; SHA-256 of its inputs {Convert.ToHexStringLower(run.Run.InputsHash)}");
        Line($"Verdict: {WordOf((RunVerdict)run.Run.Verdict)}");
        foreach (AcceptanceCriterion criterion in RowMapping.FromJson<IReadOnlyList<AcceptanceCriterion>>(run.Run.Criteria))
        {
            Line($"  {WordOf(criterion.Outcome)} {criterion.Code}{Of(criterion.Analyte)}: {criterion.Text}");
        }

        foreach (RunLotTable lot in run.Lots)
        {
            Line($"Lot of {WordOf((LotKind)lot.Kind)}: {lot.LotNumber}{(lot.ExpiryDate is null ? "" : $", last day {lot.ExpiryDate}")}");
        }

        foreach (StandardCurve curve in run.Curves.Select(RunMapping.ToCurve))
        {
            WriteCurve(curve);
        }

        foreach (ControlPointTable control in run.Controls)
        {
            string? unit = run.Curves.FirstOrDefault(curve => curve.Analyte == control.Analyte)?.Unit;
            Line($"Control {control.Level} set {control.SetNumber}{Of(control.Analyte)}, wells {control.Wells}: nominal {Or(control.Nominal)}, measured {Or(control.Concentration)} {unit}, "
                + $"recovery {Or(control.RecoveryPercent)} %, CV {Or(control.CvPercent)} %, {Judged(control.IsAccepted)}");
        }

        foreach (QcFlagTable flag in run.Flags)
        {
            Line($"Flag {flag.Code} ({WordOf((FlagSeverity)flag.Severity)}){Of(flag.Analyte)}{(flag.Subject is null ? "" : $" about {flag.Subject}")}{(flag.Wells.Length == 0 ? "" : $", wells {flag.Wells}")}: {flag.Text}");
        }
    }

    private void WriteCurve(StandardCurve curve)
    {
        string range = curve.Range is { } limits ? $"reports {Number(limits.Lloq)} to {Number(limits.Uloq)} {curve.Unit.Code}" : "reports nothing";
        Line($"Curve of {curve.Analyte}: {curve.Fit.Model.Id}, weights {curve.Fit.Weighting.Id}, {WordOf(curve.Fit.Termination)}, {(curve.IsAccepted ? "accepted" : "not accepted")}, {range}");
        for (int i = 0; i < curve.Fit.Parameters.Length; i++)
        {
            Line($"  {curve.Fit.ParameterNames[i]} {Number(curve.Fit.Parameters[i])}");
        }

        foreach (CalibratorResult calibrator in curve.Calibrators)
        {
            Line($"  {WordOf(calibrator.Kind)} {calibrator.Name}, wells {string.Join(' ', calibrator.Wells)}: nominal {Number(calibrator.Nominal)}, mean response {Or(calibrator.MeanResponse)}, "
                + $"back-calculated {Or(calibrator.BackCalculated)}, recovery {Or(calibrator.RecoveryPercent)} %, {(calibrator.InFit ? "in the fit" : "not in the fit")}, {Judged(calibrator.IsAccepted)}");
        }
    }

    private void WriteVersions()
    {
        Head("Results in all their versions");
        foreach (BundleResult row in bundle.Results)
        {
            ResultVersionTable version = row.Version;
            string superseded = version.Status != (int)ResultStatus.Preliminary && version.SupersedesVersion is { } before ? $" in place of @{before}" : "";
            Line($"results/{version.ResultKey}@{version.Version} {WordOf((ResultStatus)version.Status)}{superseded}: sample {row.Identity.SampleId} {row.Identity.Analyte}, "
                + $"dilution {Number(row.Identity.DilutionFactor)}, {ValueOf(version)}, run {version.RunKey}, made {Time(version.CreateTime)}{(version.Reason is null ? "" : $", because {version.Reason}")}"
                + $"{(version.FlagCodes.Length == 0 ? "" : $", flags {version.FlagCodes}")}");
            foreach (ResultSignatureTable signature in row.Signatures)
            {
                Line($"  signed: {SignatureOf(signature)}");
            }
        }

        foreach (var held in bundle.Results.SelectMany(row => row.Holds.Select(hold => (row.Version.ResultKey, Hold: hold))).DistinctBy(held => held.Hold.Hold.HoldKey))
        {
            Line($"results/{held.ResultKey} {HoldOf(held.Hold)}");
        }
    }

    private void WriteEvents()
    {
        Head("Audit events about the plate");
        foreach (AuditEventTable row in bundle.Events)
        {
            Line($"{row.Sequence} {Time(row.EventTime)} {row.Actor} {row.Action} {row.Target}{(row.Reason is null ? "" : $" because: {row.Reason}")}{(row.Detail is null ? "" : $" ({row.Detail})")}");
        }
    }

    private static string ValueOf(ResultVersionTable version) => (RangeStatus)version.RangeStatus switch
    {
        RangeStatus.Quantified => $"{Or(version.Concentration)} {version.Unit} (95 % {version.LowerBound?.ToString("R", CultureInfo.InvariantCulture) ?? "unbounded"} to "
            + $"{version.UpperBound?.ToString("R", CultureInfo.InvariantCulture) ?? "unbounded"})",
        RangeStatus.BelowLloq => $"< {Or(version.LimitValue)} {version.Unit}",
        RangeStatus.AboveUloq => $"> {Or(version.LimitValue)} {version.Unit}",
        _ => WordOf((RangeStatus)version.RangeStatus),
    };

    private static ContentHash HashOf(string definition) => ContentHash.Of(Encoding.UTF8.GetBytes(definition));

    private static string Of(string? analyte) => analyte is null ? "" : $" of {analyte}";

    private static string Or(double? value) => Number(value) ?? "(none)";

    private static string Judged(bool? accepted) => accepted switch { true => "accepted", false => "not accepted", null => "not judged" };

    private void Head(string title) => text.Append('\n').Append(title).Append('\n').Append('-', title.Length).Append('\n');

    // A text from outside must not begin a line of its own.
    private void Line(FormattableString line) => Line(line.ToString(CultureInfo.InvariantCulture));

    private void Line(string line) => text.Append(string.Concat(line.Select(character => char.IsControl(character) ? ' ' : character))).Append('\n');
}

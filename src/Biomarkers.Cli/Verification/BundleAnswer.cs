using Biomarkers.Cli.Servers;
using Biomarkers.Storage.Bundles;

namespace Biomarkers.Cli.Verification;

/// <summary>What a verification says of a bundle.</summary>
/// <param name="IsIntact">Whether everything is as it was, as far as can be seen.</param>
/// <param name="Run">The run that it is about.</param>
/// <param name="Plate">Its plate.</param>
/// <param name="EngineVersion">Version of the computation that made the run.</param>
/// <param name="CreateTime">When the bundle was made, as it says.</param>
/// <param name="CreatedBy">What made it, as it says.</param>
/// <param name="FirstSequence">The first audit event in it.</param>
/// <param name="LastSequence">The last that fits.</param>
/// <param name="EventsAboutPlateCount">Those about the plate.</param>
/// <param name="NewestAboutPlate">The newest of those.</param>
/// <param name="IsVouchedFor">Whether a fitting checkpoint vouches for all that was done about the plate.</param>
/// <param name="CheckpointTrust">Who says whose checkpoint that is: <c>given-key</c>, <c>key-of-the-bundle</c>, or <c>none</c> where none fits.</param>
/// <param name="CheckpointTime">Time of the checkpoint in it, by the server that signed; absent without one.</param>
/// <param name="OriginalEventCount">Events of instruments in it with their bytes.</param>
/// <param name="Rows">What the checks of a database say of its rows; absent where they can't be read.</param>
/// <param name="Findings">What is not as it was, of rows and parts.</param>
public sealed record BundleAnswer(
    bool IsIntact,
    string Run,
    string Plate,
    string EngineVersion,
    DateTimeOffset CreateTime,
    string CreatedBy,
    long FirstSequence,
    long LastSequence,
    long EventsAboutPlateCount,
    long NewestAboutPlate,
    bool IsVouchedFor,
    CheckpointTrust CheckpointTrust,
    DateTimeOffset? CheckpointTime,
    long OriginalEventCount,
    VerificationAnswer? Rows,
    IReadOnlyList<TamperingRow> Findings)
{
    internal static BundleAnswer Of(BundleReport report) => new(
        report.IsIntact, report.Manifest.Run, report.Manifest.Plate, report.Manifest.EngineVersion, report.Manifest.CreateTime, report.Manifest.CreatedBy,
        report.Manifest.Ledger.FirstSequence, report.Rows?.EventCount ?? report.Manifest.Ledger.FirstSequence - 1, report.EventsAboutPlateCount, report.NewestAboutPlate,
        report.IsVouchedFor, report.Trust, report.Checkpoint?.Time, report.Rows?.OriginalEventCount ?? 0, report.Rows is null ? null : VerificationAnswer.Of(report.Rows),
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

    /// <summary>What it says, and what that does not prove.</summary>
    internal IEnumerable<string> Lines()
    {
        foreach (string line in VerificationAnswer.LinesOf(Findings))
        {
            yield return line;
        }

        yield return Say($"{(IsIntact ? "Intact" : "TAMPERED")}: bundle of {Run} ({Plate}); it says that {CreatedBy} made it {ListTables.Time(CreateTime)} UTC");
        if (Rows is null)
        {
            yield break;
        }

        yield return Say($"Audit log: events {FirstSequence} to {LastSequence}, {ListTables.Time(Rows.FirstTime)} to {ListTables.Time(Rows.NewestTime)} UTC; {EventsAboutPlateCount} are about the plate, the newest is {NewestAboutPlate}");
        yield return Say($"Newest SHA-256: {Rows.Sha256 ?? "(none)"}");
        yield return Vouching();
        yield return Say($"Original events: {OriginalEventCount} as the instrument sent them, among {Rows.StreamEventCount} of {Rows.StreamCount} read streams; the others are followed by their hashes");
        yield return Say($"Runs: {Rows.RunCount} of the plate, of which the chain covers {Rows.CoveredRunCount}{Rows.Recomputed()}");
        yield return Say($"Layouts, assays, decisions: {Rows.CoveredContentCount} covered, {Rows.UncoveredContentCount} by the seals of the runs alone (their events are not in the bundle, or name no hash)");
        if (FirstSequence > 1)
        {
            yield return Say($"Not in the bundle, and so not proven: audit events 1 to {FirstSequence - 1}, such as who made the assay and when.");
        }
    }

    private string Vouching()
    {
        string upTo = Say($"Checkpoint: vouches for the audit log up to event {Rows!.CheckpointedSequence}");
        string about = IsVouchedFor ? ", and so for all of the plate" : Say($"; what came after it about the plate, up to event {NewestAboutPlate}, is proven by the chain alone, which whoever made the bundle could have made anew");
        return CheckpointTrust switch
        {
            CheckpointTrust.GivenKey => $"{upTo}{about}. It is signed by the key that you gave.",
            CheckpointTrust.KeyOfTheBundle =>
                $"{upTo}{about}. Its key came in the bundle: this proves that the parts belong together, and not who made them. Get the laboratory's key from elsewhere, and give it by --public-key.",
            _ => "Checkpoint: NONE that fits. The chain proves that the parts belong together; whoever made the bundle could have made all of it.",
        };
    }

    private static string Say(FormattableString text) => FormattableString.Invariant(text);
}

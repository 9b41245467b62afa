using System.CommandLine;
using System.Globalization;
using Biomarkers.Cli.Servers;
using Biomarkers.Immunoassay;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers review</c>: what leaves the laboratory, what takes its place, what is taken back.</summary>
public static class ReviewCommand
{
    private const int AtOnce = 1000;

    private static readonly Argument<string[]> ResultsArgument = new("results")
    {
        Description = "Versions, such as 17@2, as 'biomarkers results' shows them; or else --plate.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Argument<string[]> HoldResultsArgument = new("results") { Description = "Results, such as 17.", Arity = ArgumentArity.OneOrMore };

    private static readonly Argument<string> HoldArgument = new("hold") { Description = "Number of the hold, as 'biomarkers review versions' shows it." };

    private static readonly Argument<string> RepeatArgument = new("repeat") { Description = "The result that is the repeat, such as 21." };

    private static readonly Argument<string> OriginalArgument = new("original") { Description = "The result on another plate that it repeats, such as 17." };

    private static readonly Argument<string> LinkArgument = new("link") { Description = "Number of the link, as 'biomarkers review versions' shows it." };

    private static readonly Argument<string> ResultArgument = new("result") { Description = "The result, such as 17." };

    private static readonly Argument<string> PlateArgument = new("plate") { Description = "Barcode of the plate." };

    private static readonly Option<string> PlateOption = new("--plate") { Description = "All results of this plate of which the step is asked for.", HelpName = "BARCODE" };

    private static readonly Option<string> OptionalReason = new("--reason") { Description = "Why, at most 128 characters, for the audit log.", HelpName = "TEXT" };

    private static readonly Option<string> AssayOption = new("--assay") { Description = "Another assay or version, such as il-6@2. Default: that of the plate's layout.", HelpName = "ID" };

    private static readonly Option<string[]> ExcludeOption = new("--exclude")
    {
        Description = "A well to leave out, and why; once per well. Wells that were left out before and are not named take part again.",
        HelpName = "WELL=REASON",
    };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print JSON: one array for lists, else one document." };

    /// <summary>Makes the command.</summary>
    public static Command Create() => new(
        "review", "Release, correct, withdraw, hold, link and sign results. Exit codes: 0 done, 2 wrong arguments, refused or no answer; a refused step changes nothing.")
    {
        Work("list", "List the results of a plate that wait for a reviewer, each beside the version that counts now.", ListAsync, [PlateArgument, Pages.Limit, JsonOption]),
        Work("versions", "List every version of a result, oldest first, with its holds and signatures.", VersionsAsync, [ResultArgument, JsonOption]),
        Work("release", "Let results leave for the first time: final, or cancelled where no value can be had.", ReleaseAsync, [ResultsArgument, PlateOption, OptionalReason, .. Signing.Options, JsonOption]),
        Work("correct", "Let newer computations take the place of versions that left.", CorrectAsync, [ResultsArgument, PlateOption, HeldCommand.ReasonOption, .. Signing.Options, JsonOption]),
        Work("withdraw", "Take back versions that left.", WithdrawAsync, [ResultsArgument, PlateOption, HeldCommand.ReasonOption, .. Signing.Options, JsonOption]),
        Work("hold", "Let nothing of some results leave until the hold is lifted.", HoldAsync, [HoldResultsArgument, HeldCommand.ReasonOption, JsonOption]),
        Work("lift", "Lift a hold.", LiftAsync, [HoldArgument, HeldCommand.ReasonOption, JsonOption]),
        Work("link", "Link a result to the one on another plate that it repeats.", LinkAsync, [RepeatArgument, OriginalArgument, HeldCommand.ReasonOption, JsonOption]),
        Work("unlink", "Remove a link of a repeat.", UnlinkAsync, [LinkArgument, HeldCommand.ReasonOption, JsonOption]),
        Work("sign", "Sign the newest versions of results.", SignAsync, [ResultsArgument, PlateOption, .. Signing.Options, JsonOption]),
        Work("pin", "Set the PIN that goes with the key when its holder signs.", Signing.SetPinAsync, [.. Signing.PinOptions]),
        Work("reanalyze", "Analyse a plate anew, with wells left out or by another assay.", ReanalyzeAsync, [PlateArgument, ExcludeOption, AssayOption, HeldCommand.ReasonOption, JsonOption]),
    };

    private static Command Work(string name, string description, Func<ServerCall, Task<int>> work, IReadOnlyList<Symbol> symbols)
    {
        var command = new Command(name, description);
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                command.Arguments.Add(argument);
            }
            else
            {
                command.Options.Add((Option)symbol);
            }
        }

        ServerArguments.SetWork(command, work);
        return command;
    }

    private static Task<int> ListAsync(ServerCall call) => Pages.ListAsync(
        call,
        "biomarkers review list",
        JsonOption,
        (size, token) => AffectedAsync(call, call.Parsed.GetRequiredValue(PlateArgument), size, token),
        AffectedRow.Of,
        ListTables.Print);

    private static async Task<int> VersionsAsync(ServerCall call)
    {
        var request = new V1.ListResultVersionsRequest { Result = Names.InCollection("results", call.Parsed.GetRequiredValue(ResultArgument)) };
        return Print(call, (await call.Connection.Reviews.ListResultVersionsAsync(request, cancellationToken: call.CancellationToken)).Results);
    }

    private static Task<int> ReleaseAsync(ServerCall call) => StepAsync(call, PendingOf(call, isReleased: false), async (names, signing) =>
    {
        var request = new V1.ReleaseResultsRequest { Results = { names }, Reason = call.Parsed.GetValue(OptionalReason) ?? "", Signing = signing };
        return (await call.Connection.Reviews.ReleaseResultsAsync(request, cancellationToken: call.CancellationToken)).Results;
    });

    private static Task<int> CorrectAsync(ServerCall call) => StepAsync(call, PendingOf(call, isReleased: true), async (names, signing) =>
    {
        var request = new V1.CorrectResultsRequest { Results = { names }, Reason = call.Parsed.GetRequiredValue(HeldCommand.ReasonOption), Signing = signing };
        return (await call.Connection.Reviews.CorrectResultsAsync(request, cancellationToken: call.CancellationToken)).Results;
    });

    private static Task<int> WithdrawAsync(ServerCall call) => StepAsync(call, CurrentOf(call), async (names, signing) =>
    {
        var request = new V1.WithdrawResultsRequest { Results = { names }, Reason = call.Parsed.GetRequiredValue(HeldCommand.ReasonOption), Signing = signing };
        return (await call.Connection.Reviews.WithdrawResultsAsync(request, cancellationToken: call.CancellationToken)).Results;
    });

    private static Task<int> SignAsync(ServerCall call) => StepAsync(call, CurrentOf(call), async (names, signing) =>
    {
        var request = new V1.SignResultsRequest { Results = { names }, Signing = signing };
        return (await call.Connection.Reviews.SignResultsAsync(request, cancellationToken: call.CancellationToken)).Results;
    });

    private static async Task<int> HoldAsync(ServerCall call)
    {
        var request = new V1.HoldResultsRequest { Reason = call.Parsed.GetRequiredValue(HeldCommand.ReasonOption) };
        request.Results.AddRange(call.Parsed.GetRequiredValue(HoldResultsArgument).Select(name => Names.InCollection("results", name)));
        return Print(call, [.. (await call.Connection.Reviews.HoldResultsAsync(request, cancellationToken: call.CancellationToken)).Holds.Select(HoldRow.Of)]);
    }

    private static async Task<int> LiftAsync(ServerCall call)
    {
        var request = new V1.LiftHoldRequest
        {
            Name = Names.InCollection("resultHolds", call.Parsed.GetRequiredValue(HoldArgument)),
            Reason = call.Parsed.GetRequiredValue(HeldCommand.ReasonOption),
        };
        return Print(call, [HoldRow.Of(await call.Connection.Reviews.LiftHoldAsync(request, cancellationToken: call.CancellationToken))]);
    }

    private static async Task<int> LinkAsync(ServerCall call)
    {
        var request = new V1.LinkRepeatRequest
        {
            Repeat = Names.InCollection("results", call.Parsed.GetRequiredValue(RepeatArgument)),
            Original = Names.InCollection("results", call.Parsed.GetRequiredValue(OriginalArgument)),
            Reason = call.Parsed.GetRequiredValue(HeldCommand.ReasonOption),
        };
        return Print(call, RepeatLinkRow.Of(await call.Connection.Reviews.LinkRepeatAsync(request, cancellationToken: call.CancellationToken)));
    }

    private static async Task<int> UnlinkAsync(ServerCall call)
    {
        var request = new V1.UnlinkRepeatRequest
        {
            Name = Names.InCollection("repeatLinks", call.Parsed.GetRequiredValue(LinkArgument)),
            Reason = call.Parsed.GetRequiredValue(HeldCommand.ReasonOption),
        };
        return Print(call, RepeatLinkRow.Of(await call.Connection.Reviews.UnlinkRepeatAsync(request, cancellationToken: call.CancellationToken)));
    }

    private static async Task<int> ReanalyzeAsync(ServerCall call)
    {
        var faults = new List<Fault>();
        var request = new V1.ReanalyzePlateRequest
        {
            Plate = Names.InCollection("plates", call.Parsed.GetRequiredValue(PlateArgument)),
            Assay = Names.InCollection("assays", call.Parsed.GetValue(AssayOption)),
            Reason = call.Parsed.GetRequiredValue(HeldCommand.ReasonOption),
        };
        foreach (string text in call.Parsed.GetValue(ExcludeOption) ?? [])
        {
            int at = text.IndexOf('=', StringComparison.Ordinal);
            if (at < 1)
            {
                faults.Add(new Fault("--exclude", FaultReasons.InvalidText, $"'{text}' has no reason; expected a well and why, such as {text}=bubble."));
            }
            else
            {
                request.Exclusions.Add(new V1.WellExclusion { Position = text[..at], Reason = text[(at + 1)..] });
            }
        }

        if (faults.Count > 0)
        {
            return call.Console.Refuse("biomarkers review reanalyze", faults);
        }

        var row = PlateRow.Of(await call.Connection.Reviews.ReanalyzePlateAsync(request, cancellationToken: call.CancellationToken));
        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(row);
        }
        else
        {
            ListTables.Print(call.Console, [row]);
        }

        return ExitCodes.Ok;
    }

    // The names that were typed, or those of the plate; all in one step where they fit, so that it is about all of them or none.
    private static async Task<int> StepAsync(
        ServerCall call, Task<IReadOnlyList<string>> ofPlate, Func<IEnumerable<string>, V1.SigningRequest?, Task<IEnumerable<V1.Result>>> take)
    {
        string[] typed = [.. call.Parsed.GetValue(ResultsArgument)!.Select(name => Names.InCollection("results", name))];
        if (typed.Length > 0 && call.Parsed.GetValue(PlateOption) is not null)
        {
            return call.Console.Refuse("--plate", [new Fault("", FaultReasons.OutOfRange, "Expected either the names of results or --plate, not both.")]);
        }

        IReadOnlyList<string> names = [.. typed, .. await ofPlate];
        if (names.Count is 0 or > AtOnce)
        {
            string expected = call.Parsed.GetValue(PlateOption) is { } plate ? $"plate '{plate}' has {names.Count} for this step" : "none was named";
            return call.Console.Refuse("results", [new Fault("", FaultReasons.Required, string.Create(CultureInfo.InvariantCulture, $"Expected 1 to {AtOnce} results; {expected}."))]);
        }

        V1.SigningRequest? signing = Signing.Read(call.Parsed, out IReadOnlyList<Fault> faults);
        return faults.Count > 0 ? call.Console.Refuse("--sign", faults) : Print(call, await take(names, signing));
    }

    private static async Task<IReadOnlyList<string>> PendingOf(ServerCall call, bool isReleased)
    {
        if (call.Parsed.GetValue(PlateOption) is not { } plate)
        {
            return [];
        }

        List<V1.AffectedResult> affected = await Pages.ReadAsync(call, AtOnce, (size, token) => AffectedAsync(call, plate, size, token));
        return [.. affected.Where(result => result.After is not null && result.Before is not null == isReleased).Select(result => NameOf(result.After))];
    }

    private static async Task<IReadOnlyList<string>> CurrentOf(ServerCall call)
    {
        if (call.Parsed.GetValue(PlateOption) is not { } plate)
        {
            return [];
        }

        List<V1.Result> current = await Pages.ReadAsync(call, AtOnce, async (size, token) =>
        {
            var request = new V1.ListResultsRequest { PageSize = size, PageToken = token, Plate = Names.InCollection("plates", plate), Released = true };
            V1.ListResultsResponse page = await call.Connection.AnalyticalRuns.ListResultsAsync(request, cancellationToken: call.CancellationToken);
            return new Page<V1.Result>(page.Results, page.NextPageToken);
        });
        return [.. current.Where(result => result.Status != V1.ResultStatus.Withdrawn).Select(NameOf)];
    }

    private static async Task<Page<V1.AffectedResult>> AffectedAsync(ServerCall call, string plate, int size, string token)
    {
        var request = new V1.ListAffectedResultsRequest { Plate = Names.InCollection("plates", plate), PageSize = size, PageToken = token };
        V1.ListAffectedResultsResponse page = await call.Connection.Reviews.ListAffectedResultsAsync(request, cancellationToken: call.CancellationToken);
        return new Page<V1.AffectedResult>(page.AffectedResults, page.NextPageToken);
    }

    private static string NameOf(V1.Result result) => string.Create(CultureInfo.InvariantCulture, $"{result.Name}@{result.Version}");

    private static int Print(ServerCall call, IEnumerable<V1.Result> results)
    {
        ResultRow[] rows = [.. results.Select(ResultRow.Of)];
        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(rows);
        }
        else
        {
            ListTables.PrintVersions(call.Console, rows);
        }

        return ExitCodes.Ok;
    }

    private static int Print(ServerCall call, IReadOnlyList<HoldRow> rows)
    {
        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(rows);
        }
        else
        {
            ListTables.Print(call.Console, rows);
        }

        return ExitCodes.Ok;
    }

    private static int Print(ServerCall call, RepeatLinkRow link)
    {
        if (call.Parsed.GetValue(JsonOption))
        {
            call.Console.WriteJson(link);
        }
        else
        {
            ListTables.Print(call.Console, [link]);
        }

        return ExitCodes.Ok;
    }
}

using System.CommandLine;
using System.Globalization;
using Biomarkers.Cli.Learning;
using Biomarkers.Cli.Plates;
using Biomarkers.Cli.Plots;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Curves.Weights;
using static Biomarkers.Cli.CommandConsole;

namespace Biomarkers.Cli.Commands;

/// <summary><c>biomarkers variance</c>: an assay's variance function, learned from the replicates of its plates.</summary>
public static class VarianceCommand
{
    /// <summary>Shown below the help.</summary>
    internal const string Examples =
        """
        Examples:
          biomarkers variance plates/*.csv --assay il-6
          biomarkers variance plates/*.csv --assay MY-ASSAY.json --out VARIANCE.json --plot VARIANCE.svg
        Put the printed text into 'weights' of the next version of the assay. With several analytes each has files of its own, FILE-ANALYTE.json.
        """;

    private static readonly Argument<string[]> PlatesArgument = new("plates")
    {
        Description = "Plate files of the assay; 20 are a good beginning.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string> AssayOption = new("--assay")
    {
        Description = $"Built-in assay ({BuiltInAssays.KnownIds}) or a JSON file of one.",
        HelpName = "ID|FILE.json",
        Required = true,
    };

    private static readonly Option<string> LayoutOption = new("--layout") { Description = "Plain CSV that says what is in the wells of every plate, where the files do not.", HelpName = "FILE.csv" };

    private static readonly Option<string> PriorOption = new("--prior")
    {
        Description = "What is held before any plate: SD at response 0, relative SD, power. Default: 0,0.08,1; it weighs as much as 4 degrees of freedom.",
        HelpName = "A,B,THETA",
    };

    private static readonly Option<double> ResolutionOption = new("--resolution")
    {
        Description = "Smallest step between two responses of the reader, so that wells which rounding made equal teach no SD of 0. Default: 0, not known.",
        HelpName = "STEP",
    };

    private static readonly Option<bool> WithoutOutlyingOption = new("--without-outlying")
    {
        Description = "Leave out the groups of replicates that scatter beyond all chance, the worst first, at most a tenth; they are named. Default: they are in, and both functions are shown.",
    };

    /// <summary>Outlying groups that are named to people; JSON has all.</summary>
    private const int MostNamed = 20;

    private static readonly Option<string> OutOption = new("--out") { Description = "Write the function with all that it came from as JSON; its hash is printed. An existing file is replaced.", HelpName = "FILE.json" };

    private static readonly Option<string> PlotOption = new("--plot") { Description = "Draw SD against mean response and the function into FILE.svg or FILE.png.", HelpName = "FILE.svg|png" };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Print one JSON document." };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "variance",
            $"Learn how much wells scatter at each response: V = A^2 + (B f^THETA)^2. Exit codes: 0 learned, 1 the plates do not determine it, 2 wrong arguments or input.")
        {
            PlatesArgument, AssayOption, LayoutOption, PriorOption, ResolutionOption, WithoutOutlyingOption, OutOption, PlotOption, JsonOption,
        };
        foreach (Option option in PlateFileArguments.All)
        {
            command.Add(option);
        }

        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var console = new CommandConsole(parsed);
        List<Fault> faults = [];
        PlateFileSettings settings = PlateFileArguments.Read(parsed, null, faults);
        VarianceLearningOptions options = ReadOptions(parsed, faults);
        string? plotPath = parsed.GetValue(PlotOption);
        if (plotPath is not null && PlotFile.FaultOf(PlotOption.Name, plotPath) is { } plotFault)
        {
            faults.Add(plotFault);
        }

        string assayText = parsed.GetRequiredValue(AssayOption);
        Checked<AssayDefinition> assay = await AssayFile.FindAsync(assayText, cancellationToken);
        string? only = settings.Options.Analyte;
        if (assay.Value is { } known && only is not null && known.Find(only) is null)
        {
            faults.Add(new Fault("--analyte", FaultReasons.AnalyteUnknown,
                $"Assay {known.Name} does not measure '{only}'; expected one of {string.Join(", ", known.Analytes.Select(analyte => analyte.Analyte))}."));
        }

        if (faults.Count > 0 || assay.Value is null)
        {
            console.Refuse("biomarkers variance", faults);
            return console.Refuse($"--assay {assayText}", assay.Faults);
        }

        if (await ReadPlatesAsync(console, parsed, settings, assay.Value, cancellationToken) is not { } plates)
        {
            return ExitCodes.BadInput;
        }

        List<Learned> learned =
        [
            .. from analyte in assay.Value.Analytes
               where only is null || analyte.Analyte == only
               select Learn(assay.Value, analyte.Analyte, plates, options),
        ];
        foreach (Learned one in learned.Where(one => one.Artefact is not null))
        {
            if (await WriteAsync(one, parsed.GetValue(OutOption), plotPath, learned.Count > 1, cancellationToken) is { } fault)
            {
                return console.Refuse("biomarkers variance", [fault]);
            }
        }

        var report = new VarianceReport(assay.Value.Name, plates.Count, [.. learned.Select(one => one.Report)]);
        if (parsed.GetValue(JsonOption))
        {
            console.WriteJson(report);
        }
        else
        {
            Print(console, report);
        }

        return learned.TrueForAll(one => one.Report.Determined) ? ExitCodes.Ok : ExitCodes.Negative;
    }

    private static VarianceLearningOptions ReadOptions(ParseResult parsed, List<Fault> faults)
    {
        VarianceLearningOptions options = VarianceLearningOptions.Default;
        double resolution = parsed.GetValue(ResolutionOption);
        if (!(resolution >= 0) || !double.IsFinite(resolution))
        {
            faults.Add(new Fault("--resolution", FaultReasons.OutOfRange, string.Create(CultureInfo.InvariantCulture, $"{resolution} is no step of a reader; expected 0 or more.")));
            resolution = 0;
        }

        if (parsed.GetValue(PriorOption) is { } text)
        {
            string[] words = text.Split(',');
            double[] numbers = [.. words.Select(word => double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : double.NaN)];
            bool isPrior = numbers is [>= 0 and < double.PositiveInfinity, > 0 and < double.PositiveInfinity, >= 0 and <= VarianceFunction.HighestTheta];
            if (isPrior)
            {
                options = options with { Prior = new VarianceFunctionPrior { Floor = numbers[0], RelativeStandardDeviation = numbers[1], Theta = numbers[2] } };
            }
            else
            {
                faults.Add(new Fault("--prior", FaultReasons.InvalidText,
                    $"Expected A,B,THETA such as 0.002,0.08,1 (A of 0 or more, B of more than 0, THETA from 0 to 2); got '{text}'."));
            }
        }

        return options with { ResponseResolution = resolution, LeavesOutOutlyingGroups = parsed.GetValue(WithoutOutlyingOption) };
    }

    private static async Task<List<PlateReplicates>?> ReadPlatesAsync(
        CommandConsole console, ParseResult parsed, PlateFileSettings settings, AssayDefinition assay, CancellationToken cancellationToken)
    {
        List<PlateReplicates> plates = [];
        bool isRefused = false;
        foreach (string path in parsed.GetRequiredValue(PlatesArgument))
        {
            (Checked<PlateReplicates> plate, string source) = await PlateReplicates.ReadAsync(path, parsed.GetValue(LayoutOption), settings, assay, cancellationToken);
            PlateReplicates? twin = plate.Value is { } found ? plates.Find(other => other.ReadHash == found.ReadHash) : null;
            if (plate.Value is null || twin is not null)
            {
                isRefused = true;
                console.Refuse(source, twin is null ? plate.Faults : [new Fault("", FaultReasons.Duplicate, $"The same plate read as in {twin.Path}; expected each once.")]);
                continue;
            }

            plates.Add(plate.Value);
        }

        return isRefused ? null : plates;
    }

    private static Learned Learn(AssayDefinition assay, string analyte, List<PlateReplicates> plates, VarianceLearningOptions options)
    {
        var contents = (
            from plate in plates
            from replicates in plate.Analytes
            where replicates.Analyte == analyte
            from content in replicates.Contents
            select (Name: $"{plate.Plate} {content.Content}", content.Group)).ToArray();
        ReplicateGroup[] groups = [.. contents.Select(content => content.Group)];
        Checked<LearnedVarianceFunction> learned = VarianceFunctionLearning.Learn(groups, options);
        if (learned.Value is not { } function)
        {
            return new Learned(LearnedAnalyte.Failed(analyte, groups.Length, string.Join(" ", learned.Faults.Select(fault => fault.Description))), groups, null);
        }

        var artefact = VarianceFunctionArtefact.Of(
            assay.Id, assay.Version, analyte, PlateAnalyzer.EngineVersion, plates.Select(plate => plate.ReadHash), options, function);
        string[] names = [.. contents.Select(content => content.Name)];
        LearnedAnalyte report = LearnedAnalyte.Of(analyte, function, names, artefact);
        if (function is { OutlyingGroups.Count: > 0, LeftOutOutlyingGroups: false }
            && VarianceFunctionLearning.Learn(groups, options with { LeavesOutOutlyingGroups = true }).Value is { OutlyingGroups.Count: > 0 } without)
        {
            report = report with { WithoutOutlying = VarianceWithoutOutlying.Of(without, names, groups.Length) };
        }

        return new Learned(report, groups, artefact);
    }

    private static async Task<Fault?> WriteAsync(Learned learned, string? outPath, string? plotPath, bool isOneOfSeveral, CancellationToken cancellationToken)
    {
        string PathOf(string path) => isOneOfSeveral ? PlotFile.WithWord(path, learned.Report.Analyte) : path;
        VarianceFunctionArtefact artefact = learned.Artefact!;
        if (outPath is not null)
        {
            try
            {
                await File.WriteAllBytesAsync(PathOf(outPath), artefact.ToJson(), cancellationToken);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return new Fault("--out", FaultReasons.InvalidFile, $"Unable to write '{PathOf(outPath)}': {exception.Message}");
            }
        }

        string title = $"{artefact.AssayId}@{artefact.AssayVersion}, {artefact.Analyte}: {artefact.ReadHashes.Count} plates";
        return plotPath is null ? null : await PlotFile.WriteAsync("--plot", PathOf(plotPath), VariancePicture.Draw(title, learned.Groups, artefact.Result), cancellationToken);
    }

    private static void Print(CommandConsole console, VarianceReport report)
    {
        console.WriteTable(
            $"Variance functions of {report.Assay}, {Whole(report.PlateCount)} plates: V = A^2 + (B |f|^THETA)^2",
            ["Analyte", "A", "B", "THETA", "SE of THETA", "Groups", "Of SD 0", "Pooled df", "Effective df", "SD known to %", "Determined"],
            report.Analytes.Select(analyte => (IReadOnlyList<string>)
            [
                analyte.Analyte, Digits(analyte.A), Digits(analyte.B), Digits(analyte.Theta), Digits(analyte.ThetaStandardError), Whole(analyte.GroupCount),
                Whole(analyte.ZeroVarianceCount), Whole(analyte.PooledDegreesOfFreedom), Percent(analyte.EffectiveDegreesOfFreedom),
                Percent(analyte.LargestRelativeErrorPercent), DeterminedOf(analyte),
            ]));
        foreach (LearnedAnalyte analyte in report.Analytes)
        {
            if (analyte.Failure is { } failure)
            {
                console.WriteLine($"{analyte.Analyte}: {failure}");
                continue;
            }

            console.WriteLine($"{analyte.Analyte}: weights for the next version of the assay: {analyte.Weights}");
            console.WriteLine($"  the fourth number is the pooled degrees of freedom, {Whole(analyte.PooledDegreesOfFreedom)}, on which the intervals' t rests; effective ones, {Percent(analyte.EffectiveDegreesOfFreedom)}, say how well the function itself is known");
            console.WriteLine($"  seen from response {Digits(analyte.LowestResponse)} to {Digits(analyte.HighestResponse)}; SHA-256 of the record {analyte.ArtefactSha256}");
            PrintOutlying(console, analyte);

            if (!analyte.Determined)
            {
                string bounds = analyte.ParametersAtBound.Count > 0 ? $" (on a bound: {string.Join(", ", analyte.ParametersAtBound)})" : "";
                console.WriteLine($"  not determined by these plates{bounds}: the prior speaks; take more plates");
            }
        }
    }

    private static string DeterminedOf(LearnedAnalyte analyte)
    {
        string count = string.Create(CultureInfo.InvariantCulture, $"{analyte.Outlying.Count} outlying {(analyte.Outlying.Count == 1 ? "group" : "groups")}");
        string groups = analyte.Outlying.Count == 0 ? "" : analyte.LeftOutOutlying ? $", without {count}" : $", with {count}";
        return (analyte.Determined ? "yes" : "no") + groups;
    }

    private static void PrintOutlying(CommandConsole console, LearnedAnalyte analyte)
    {
        if (analyte.Outlying.Count > 0)
        {
            console.WriteLine($"  scatter beyond all chance, and are {(analyte.LeftOutOutlying ? "left out" : "in")}: {Named(analyte.Outlying)}");
        }

        if (analyte.WithoutOutlying is not { } without)
        {
            return;
        }

        console.WriteLine($"  without {(without.LeftOut.Count == 1 ? "the outlying group" : "outlying groups")}: {without.Weights}{(without.Determined ? "" : " (not determined)")}; left out: {Named(without.LeftOut)}");
        console.WriteLine(without.IsAllLeftOut
            ? "  take the one without, by --without-outlying, once you have looked at these wells: a few wild wells raise V and so every interval, and hide the next one from S_REP_VARIANCE. "
                + "Take the one with them only if such wells are ordinary in your laboratory."
            : "  take neither yet: a tenth of the groups, the most that is left out, was reached. These plates hardly scatter by one function; look for mixed readers, dilutions or wells.");
    }

    private static string Named(IReadOnlyList<string> groups)
    {
        string more = groups.Count > MostNamed ? string.Create(CultureInfo.InvariantCulture, $" and {groups.Count - MostNamed} more (--json has all {groups.Count})") : "";
        return string.Join(", ", groups.Take(MostNamed)) + more;
    }

    private static string Whole(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";

    /// <summary>The outcome of one analyte, with what is written of it.</summary>
    private sealed record Learned(LearnedAnalyte Report, IReadOnlyList<ReplicateGroup> Groups, VarianceFunctionArtefact? Artefact);
}

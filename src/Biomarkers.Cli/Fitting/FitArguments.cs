using System.CommandLine;
using System.Globalization;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Diagnosis;
using Biomarkers.Immunoassay.Curves.Intervals;

namespace Biomarkers.Cli.Fitting;

/// <summary>What a fit is asked for beside its file.</summary>
/// <param name="Model">The curve model; null to compare all of them.</param>
/// <param name="Weighting">Weights.</param>
/// <param name="Held">Parameters held at a value.</param>
/// <param name="Responses">Mean responses to read off.</param>
/// <param name="Reading">How they are read.</param>
/// <param name="TubeCvPercent">CV of a calibrator tube; 0 for none.</param>
/// <param name="Robust">Loss of a robust fit; null for least squares.</param>
internal sealed record FitRequest(
    CurveModel? Model,
    Weighting Weighting,
    IReadOnlyDictionary<string, double> Held,
    IReadOnlyList<double> Responses,
    ReadingOptions Reading,
    double TubeCvPercent,
    RobustLoss? Robust);

/// <summary>The options of <c>biomarkers fit</c>.</summary>
internal static class FitArguments
{
    /// <summary>Most wells behind a response that are accepted.</summary>
    private const int MaximumCount = 1_000_000;
    private const double MaximumTubeCvPercent = 100;

    private static readonly Option<string> Model = new("--model")
    {
        Description = $"Curve: {CurveModels.KnownIds}, or {CurveModelSelection.Id} to compare them (for development only). A 3PL is 4pl with --fix lowerAsymptote=0.",
        HelpName = "MODEL",
        DefaultValueFactory = _ => "4pl",
    };

    private static readonly Option<string> Weights = new("--weights")
    {
        Description = "Weights: none; 1/y, 1/y2, power:K by the observed response; variance:A,B,THETA with V = A^2 + (B f^THETA)^2 known, ...,DF learned on DF degrees "
            + "of freedom ('biomarkers variance' prints one), shape:A,B,THETA up to a factor; replicates.",
        HelpName = "WEIGHTS",
        DefaultValueFactory = _ => "none",
    };

    private static readonly Option<string[]> Fix = new("--fix") { Description = "Hold a parameter, such as lowerAsymptote=0; may be repeated.", HelpName = "NAME=VALUE" };

    private static readonly Option<string> Predict = new("--predict")
    {
        Description = "Responses, separated by commas, to read off the curve with 95 % intervals.",
        HelpName = "R1,R2,...",
    };

    private static readonly Option<int> Replicates = new("--replicates")
    {
        Description = "Wells behind each response of --predict, whose mean it is.",
        HelpName = "M",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<string> Interval = new("--interval")
    {
        Description = $"How intervals are made: {string.Join(", ", Enum.GetValues<IntervalMethod>().Select(CommandConsole.WordOf))}.",
        HelpName = "METHOD",
        DefaultValueFactory = _ => CommandConsole.WordOf(IntervalMethod.Inverted),
    };

    private static readonly Option<ulong> Seed = new("--seed") { Description = "Seed of --interval bootstrap; equal seeds give equal intervals.", HelpName = "N", DefaultValueFactory = _ => 1 };

    private static readonly Option<int> Resamples = new("--resamples")
    {
        Description = string.Create(CultureInfo.InvariantCulture, $"Draws of --interval bootstrap, {BootstrapInterval.FewestDraws} to {BootstrapInterval.MostDraws}."),
        HelpName = "N",
        DefaultValueFactory = _ => new BootstrapOptions(1).DrawCount,
    };

    private static readonly Option<double> TubeCv = new("--tube-cv")
    {
        Description = "CV of the concentration of one calibrator tube in percent, such as 3; it widens the curve's error. Default: 0.",
        HelpName = "PERCENT",
    };

    private static readonly Option<string?> Robust = new("--robust")
    {
        Description = "Let outlying wells count less: huber, or bisquare (when nothing is named). Flagged; for looking, not for reporting.",
        HelpName = "LOSS",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>All of them, for the command.</summary>
    public static IEnumerable<Option> All { get; } = [Model, Weights, Fix, Predict, Replicates, Interval, Seed, Resamples, TubeCv, Robust];

    /// <summary>Reads the options; what is wrong is added to the faults.</summary>
    /// <returns>What is asked for, as far as it can be read: to look for further faults in the file. Null without a model or weights.</returns>
    public static FitRequest? Read(ParseResult parsed, List<Fault> faults)
    {
        // Ids are lower-case; people write 4PL and 1/Y2.
        string modelText = parsed.GetRequiredValue(Model).ToLowerInvariant();
        bool isAuto = modelText == CurveModelSelection.Id;
        CurveModel? model = null;
        if (!isAuto && !CurveModels.TryFind(modelText, out model))
        {
            faults.Add(new Fault("--model", FaultReasons.UnknownWord, $"There is no model '{parsed.GetRequiredValue(Model)}'; expected one of {CurveModels.KnownIds}, {CurveModelSelection.Id}."));
        }

        string weightsText = parsed.GetRequiredValue(Weights).ToLowerInvariant();
        if (!Weighting.TryParse(weightsText, out Weighting? weighting))
        {
            faults.Add(new Fault("--weights", FaultReasons.UnknownWord, $"There is no weighting '{parsed.GetRequiredValue(Weights)}'; expected {Weighting.KnownIds}."));
        }

        Dictionary<string, double> held = ReadFixed(parsed.GetValue(Fix) ?? [], faults);
        if (isAuto && held.Count > 0)
        {
            faults.Add(new Fault("--fix", FaultReasons.OutOfRange, "--model auto compares whole models; expected --fix with a model of its own."));
        }

        List<double> responses = ReadResponses(parsed.GetValue(Predict), faults);
        int wells = parsed.GetValue(Replicates);
        if (wells is < 1 or > MaximumCount)
        {
            faults.Add(new Fault("--replicates", FaultReasons.OutOfRange, string.Create(CultureInfo.InvariantCulture, $"{wells} is no number of wells; expected 1 to {MaximumCount}.")));
        }

        IntervalMethod method = ReadWord(Interval.Name, parsed.GetRequiredValue(Interval), IntervalMethod.Inverted, faults);
        int resamples = parsed.GetValue(Resamples);
        if (resamples is < BootstrapInterval.FewestDraws or > BootstrapInterval.MostDraws)
        {
            faults.Add(new Fault("--resamples", FaultReasons.OutOfRange, string.Create(CultureInfo.InvariantCulture,
                $"{resamples} is no number of draws; expected {BootstrapInterval.FewestDraws} to {BootstrapInterval.MostDraws}.")));
        }

        double tubeCv = parsed.GetValue(TubeCv);
        if (!(tubeCv is >= 0 and <= MaximumTubeCvPercent))
        {
            faults.Add(new Fault("--tube-cv", FaultReasons.OutOfRange, string.Create(CultureInfo.InvariantCulture, $"{tubeCv} is no CV of a tube; expected 0 to {MaximumTubeCvPercent} percent.")));
        }

        RobustLoss? loss = parsed.GetResult(Robust) is null ? null
            : parsed.GetValue(Robust) is { } word ? ReadWord(Robust.Name, word, RobustLoss.Bisquare, faults) : RobustLoss.Bisquare;
        if (loss is not null && method == IntervalMethod.Bootstrap)
        {
            faults.Add(new Fault("--interval", FaultReasons.OutOfRange, "A bootstrap refits by least squares; expected inverted or delta with --robust."));
        }

        if (loss is not null && tubeCv > 0)
        {
            faults.Add(new Fault("--tube-cv", FaultReasons.OutOfRange, "The error of tubes is that of a fit in which every well counts in full; expected --tube-cv without --robust."));
        }

        if (weighting is null || (model is null && !isAuto))
        {
            return null;
        }

        var bootstrap = new BootstrapOptions(parsed.GetValue(Seed)) { DrawCount = resamples, TubeLnStandardDeviation = tubeCv / 100 };
        return new FitRequest(model, weighting, held, responses, new ReadingOptions(method, wells, bootstrap), tubeCv, loss);
    }

    private static T ReadWord<T>(string option, string word, T otherwise, List<Fault> faults)
        where T : struct, Enum
    {
        T[] found = [.. Enum.GetValues<T>().Where(value => CommandConsole.WordOf(value) == word)];
        if (found.Length == 0)
        {
            faults.Add(new Fault(option, FaultReasons.UnknownWord, $"'{word}' is not known; expected one of {string.Join(", ", Enum.GetValues<T>().Select(CommandConsole.WordOf))}."));
        }

        return found.Length > 0 ? found[0] : otherwise;
    }

    private static Dictionary<string, double> ReadFixed(string[] texts, List<Fault> faults)
    {
        Dictionary<string, double> held = [];
        foreach (string text in texts)
        {
            string[] parts = text.Split('=', 2);
            bool isRead = parts.Length == 2 & double.TryParse(parts[^1], NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
            if (!isRead || !double.IsFinite(value))
            {
                faults.Add(new Fault("--fix", FaultReasons.InvalidText, $"Expected NAME=VALUE such as lowerAsymptote=0; got '{text}'."));
            }
            else if (!held.TryAdd(parts[0].Trim(), value))
            {
                faults.Add(new Fault("--fix", FaultReasons.Duplicate, $"'{parts[0].Trim()}' stands twice; expected each parameter once."));
            }
        }

        return held;
    }

    private static List<double> ReadResponses(string? list, List<Fault> faults)
    {
        List<double> responses = [];
        foreach (string text in list?.Split(',') ?? [])
        {
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double response) && double.IsFinite(response))
            {
                responses.Add(response);
            }
            else
            {
                faults.Add(new Fault("--predict", FaultReasons.InvalidText, $"Expected numbers separated by commas, such as 0.2,1.5; got '{text}' in '{list}'."));
            }
        }

        return responses;
    }
}

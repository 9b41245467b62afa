using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;

namespace Biomarkers.Faults.Fuzzing;

/// <summary>What came of a fuzzing.</summary>
/// <param name="Seed">Its seed.</param>
/// <param name="Targets">Figures per target.</param>
/// <param name="Findings">What broke a promise, with the file that holds its input.</param>
/// <param name="ControlFound">Whether a planted fault was found: a fuzzer that finds nothing must show that it could.</param>
internal sealed record FuzzReport(int Seed, IReadOnlyList<FuzzFigures> Targets, IReadOnlyList<string> Findings, bool ControlFound)
{
    public bool IsClean => Findings.Count == 0 && ControlFound;

    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("seed", Seed.ToString(CultureInfo.InvariantCulture));
        foreach (FuzzFigures figures in Targets)
        {
            yield return (figures.Target, string.Create(
                CultureInfo.InvariantCulture,
                $"{figures.Executions} inputs, {figures.Kinds} kinds of answers, longest {figures.LongestMilliseconds:F1} ms, largest {figures.LargestAllocationMebibytes:F1} MiB, {figures.Seconds:F0} s"));
        }

        yield return ("inputs in all", Targets.Sum(figures => figures.Executions).ToString(CultureInfo.InvariantCulture));
        yield return ("planted fault found", ControlFound ? "yes" : "NO");
        yield return ("findings", Findings.Count.ToString(CultureInfo.InvariantCulture));
    }
}

/// <summary><c>biomarkers-faults fuzz</c>: inputs that nobody would send, to everything that takes a stranger's bytes.</summary>
internal static class FuzzCommand
{
    private static readonly FuzzLimits Limits = new(TimeSpan.FromSeconds(1), 64 * 1024 * 1024);

    private static readonly Option<int> Executions = FaultOptions.Whole("--executions", "Inputs in all, shared by the targets, 1,000 to 1,000,000,000.", 10_000_000, 1_000, 1_000_000_000);

    private static readonly Option<string?> TargetOption = new("--target") { Description = "Only this target: stream-event, layout, plate-file or request.", HelpName = "NAME" };

    private static readonly Option<string?> Corpus = new("--corpus")
    {
        Description = "Folder of further inputs, one file each, in folders named after the targets; inputs that break a promise are written there. Default: the folder Fuzzing/Corpus of this program.",
        HelpName = "FOLDER",
    };

    private static readonly Option<bool> KeepOption = new("--keep-inputs") { Description = "Write the inputs whose answers differ to the corpus." };

    /// <summary>Everything that takes a stranger's bytes.</summary>
    public static IReadOnlyList<FuzzTarget> Targets { get; } = [new StreamEventTarget(), new LayoutTarget(), new PlateFileTarget(), new RequestTarget()];

    public static Command Create()
    {
        var command = new Command(
            "fuzz",
            "Changed inputs to the parsers and mappers of stream events, layouts, plate files and list requests, two targets at a time: no exception, no second, no 64 MiB, and what is stored reads back as it was. "
            + "As a control a target with a planted fault, which must be found.")
        {
            Executions, TargetOption, Corpus, KeepOption, FaultOptions.Seed, FaultOptions.LimitSeconds, FaultOptions.Json,
        };
        command.SetAction((parsed, cancellationToken) => FaultOptions.RunAsync(
            parsed, (_, limited) => RunAsync(parsed, limited), report => (report.IsClean, report.Lines(), report.Findings), cancellationToken));
        return command;
    }

    private static async Task<FuzzReport> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string folder = parsed.GetValue(Corpus) ?? Path.Combine(AppContext.BaseDirectory, "Fuzzing", "Corpus");
        int seed = parsed.GetValue(FaultOptions.Seed);
        FuzzTarget[] targets = [.. Targets.Where(target => parsed.GetValue(TargetOption) is not { } name || name == target.Name)];
        if (targets.Length == 0)
        {
            return new FuzzReport(seed, [], [$"There is no target '{parsed.GetValue(TargetOption)}'; expected one of {string.Join(", ", Targets.Select(target => target.Name))}."], false);
        }

        long share = parsed.GetValue(Executions) / targets.Length;
        var figures = new FuzzFigures[targets.Length];
        var findings = new List<string>();
        await Parallel.ForAsync(0, targets.Length, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = cancellationToken }, (i, token) =>
        {
            var session = new FuzzSession(targets[i], seed + i, Limits);
            figures[i] = session.Run(FilesOf(folder, targets[i]), share, token);
            lock (findings)
            {
                findings.AddRange(Keep(folder, targets[i], session, parsed.GetValue(KeepOption)));
            }

            return ValueTask.CompletedTask;
        });
        var control = new FuzzSession(new PlantedFault(), seed, Limits);
        control.Run([], 200_000, cancellationToken);
        return new FuzzReport(seed, figures, findings, control.Finding is not null);
    }

    private static IEnumerable<byte[]> FilesOf(string folder, FuzzTarget target)
    {
        string own = Path.Combine(folder, target.Name);
        return Directory.Exists(own) ? Directory.EnumerateFiles(own).Order(StringComparer.Ordinal).Select(File.ReadAllBytes) : [];
    }

    private static IEnumerable<string> Keep(string folder, FuzzTarget target, FuzzSession session, bool keepsInputs)
    {
        string own = Path.Combine(folder, target.Name);
        Directory.CreateDirectory(own);
        foreach (byte[] input in keepsInputs ? session.Inputs : [])
        {
            File.WriteAllBytes(Path.Combine(own, NameOf(input)), input);
        }

        if (session.Finding is { } finding)
        {
            string file = Path.Combine(own, $"find-{NameOf(finding.Input)}");
            File.WriteAllBytes(file, finding.Input);
            yield return $"{finding.Target}: {finding.What}\n  input in {file}";
        }
    }

    private static string NameOf(byte[] input) => Convert.ToHexStringLower(SHA256.HashData(input))[..16];

    /// <summary>The layouts' target with a fault of the kind that is looked for: one odd input in a thousand throws.</summary>
    private sealed class PlantedFault : FuzzTarget
    {
        private readonly LayoutTarget real = new();

        public override string Name => "planted";

        public override IReadOnlyList<byte[]> Seeds => real.Seeds;

        public override byte[] Mutate(byte[] input, byte[] other, Random random) => real.Mutate(input, other, random);

        public override string Run(byte[] input)
        {
            string kind = real.Run(input);
            return kind.Contains("DUPLICATE", StringComparison.Ordinal) || kind.Contains("WELL_CONFLICT", StringComparison.Ordinal) ? throw new InvalidOperationException("planted") : kind;
        }
    }
}

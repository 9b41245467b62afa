using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Biomarkers.Immunoassay.Curves.Intervals;

namespace Biomarkers.Benchmarks;

/// <summary><c>biomarkers-benchmarks coverage</c>: how often 95 % within-plate intervals cover the true concentration, by simulation.</summary>
internal static class CoverageCommand
{
    /// <summary>Plates per scenario for which the limits hold as they stand.</summary>
    private const int FullPlates = 20_000;

    private const int FullSets = 1000;
    private const double HighestFalselyDeterminedPercent = 1;

    private static readonly Option<int?> Plates = new("--plates") { Description = $"Plates per scenario; default {FullPlates}, 1000 with --short. Limits widen with fewer." };

    private static readonly Option<int?> Sets = new("--sets") { Description = $"Learning sets of {CoverageSimulation.LearningPlates} plates per scenario; default {FullSets}, 50 with --short." };

    private static readonly Option<int> SetPlates = new("--set-plates") { Description = "Plates that are fitted with each learning set.", DefaultValueFactory = _ => 20 };

    private static readonly Option<string> Scenarios = new("--scenarios") { Description = "Only scenarios whose name holds this text, such as \"5pl g 2\".", DefaultValueFactory = _ => "" };

    private static readonly JsonSerializerOptions JsonOptions = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    // What is printed, in this order, with its limits in percent; null for none.
    private static readonly (CoverageInterval Interval, string Name, double? Lowest, double? Highest)[] Rows =
    [
        (CoverageInterval.KnownZ, "(a) variance known, z", 94, 96),
        (CoverageInterval.LearnedPooledT, "(b) learned, t(pooled df)", 93.5, 96.5),
        (CoverageInterval.PlateT, "(c) plate's own s2, t(n-p)", 94, 96),
        (CoverageInterval.LearnedEffectiveT, "learned, t(effective df)", null, null),
        (CoverageInterval.LearnedZ, "learned, z", null, null),
        (CoverageInterval.Wald, "Wald (delta, known, z)", null, null),
        (CoverageInterval.KnownT, "t(n-p) on known variance", null, null),
        (CoverageInterval.FixedOneOverY2, "fixed 1/y2, t(n-p)", null, null),
        (CoverageInterval.KnownZByReported, "(a) by reported x", null, null),
        (CoverageInterval.KnownZWithinOwnLimits, "(a) within own limits", null, null),
        (CoverageInterval.KnownZTubesJoined, "(a) tube variance joined", null, null),
    ];

    public static Command Create()
    {
        var command = new Command("coverage", "Share of 95 % within-plate intervals that hold the true concentration, by decile of the measurable range, over simulated plates. "
            + "Unbounded sides cover, no interval is a miss. Exit code 1 when a limit is missed.")
        {
            Plates, Sets, SetPlates, Scenarios, Report.Seed, Report.Short, Report.Json,
        };
        command.SetAction(parsed => Run(parsed));
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        bool isShort = parsed.GetValue(Report.Short);
        int plates = parsed.GetValue(Plates) ?? (isShort ? 1000 : FullPlates);
        int sets = parsed.GetValue(Sets) ?? (isShort ? 50 : FullSets);
        int setPlates = parsed.GetValue(SetPlates);
        if (plates < 1 || sets < 1 || setPlates < 1)
        {
            Console.Error.WriteLine("Expected one plate, one learning set and one plate of it, or more.");
            return 2;
        }

        string filter = parsed.GetValue(Scenarios)!;
        ulong seed = (ulong)parsed.GetValue(Report.Seed);
        List<CoverageLine> lines = [];
        CoverageScenario[] all = [.. CoverageScenario.All().Where(scenario => scenario.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))];
        foreach ((int index, CoverageScenario scenario) in all.Index())
        {
            Console.Error.WriteLine($"{index + 1} of {all.Length}: {scenario.Name}");
            CoverageScenario prepared = scenario.Prepare();
            var counts = new CoverageCounts();
            ulong own = SeededGenerator.SeedOf(seed, StableHash(scenario.Name));
            CoverageSimulation.RunPlates(prepared, plates, own, counts);
            CoverageSimulation.RunLearningSets(prepared, sets, setPlates, own, counts);
            CoverageLine[] found = [.. LinesOf(scenario, counts)];
            lines.AddRange(found);
            if (!parsed.GetValue(Report.Json))
            {
                Print(scenario, prepared, found, counts);
            }
        }

        List<DeterminedLine> determined = Determined(parsed, filter, plates, seed);
        return Finish(parsed, plates, sets, setPlates, lines, determined);
    }

    private static List<DeterminedLine> Determined(ParseResult parsed, string filter, int plates, ulong seed)
    {
        List<DeterminedLine> lines = [];
        foreach (CoverageScenario scenario in CoverageScenario.WithoutPlateau().Where(scenario => scenario.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)))
        {
            DeterminedCounts counts = CoverageSimulation.CountDetermined(
                scenario.Prepare(), plates, SeededGenerator.SeedOf(seed, StableHash("without plateau " + scenario.Name)));
            double limit = HighestFalselyDeterminedPercent + (plates < FullPlates ? 330 * (Math.Sqrt(0.0099 / plates) - Math.Sqrt(0.0099 / FullPlates)) : 0);
            double Percent(int count) => 100.0 * count / plates;
            var line = new DeterminedLine(
                scenario.Name, Percent(counts.KnownByError), Percent(counts.PlateByError), Percent(counts.KnownByDiagnosis), Percent(counts.PlateByDiagnosis),
                Percent(counts.AtBound), Percent(counts.Unusable), limit);
            lines.Add(line);
            if (!parsed.GetValue(Report.Json))
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"no plateau: {line.Scenario,-40} determined by SE/amplitude {line.KnownPercent:0.00} %, by the diagnosis {line.KnownDiagnosisPercent:0.00} % (limit {limit:0.00}{(line.IsMet ? "" : ", MISSED")}); with the plate's own s2 {line.PlatePercent:0.00}, {line.PlateDiagnosisPercent:0.00} %; at a bound {line.AtBoundPercent:0.0} %, unusable {line.UnusablePercent:0.0} %"));
            }
        }

        return lines;
    }

    private static int Finish(ParseResult parsed, int plates, int sets, int setPlates, List<CoverageLine> lines, List<DeterminedLine> determined)
    {
        int missed = lines.Count(line => !line.IsMet) + determined.Count(line => !line.IsMet);
        if (parsed.GetValue(Report.Json))
        {
            int seed = parsed.GetValue(Report.Seed);
            Console.WriteLine(JsonSerializer.Serialize(
                new { Title = "Coverage", Seed = seed, Plates = plates, Sets = sets, SetPlates = setPlates, Missed = missed, Lines = lines, Determined = determined },
                JsonOptions));
        }
        else
        {
            foreach (IGrouping<string, CoverageLine> group in lines.Where(line => line.HasLimits).GroupBy(line => line.Interval))
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{group.Key}: {group.Count()} scenarios, deciles from {group.Min(line => line.CoveredPercent.Min()):0.00} to {group.Max(line => line.CoveredPercent.Max()):0.00} %, limits {group.First().Lowest:0.00} to {group.First().Highest:0.00} %, {group.Count(line => !line.IsMet)} missed"));
            }

            Console.WriteLine(missed == 0 ? "Every limit is met." : $"{missed} limits are missed.");
        }

        return missed == 0 ? 0 : 1;
    }

    private static IEnumerable<CoverageLine> LinesOf(CoverageScenario scenario, CoverageCounts counts)
    {
        foreach ((CoverageInterval interval, string name, double? lowest, double? highest) in Rows)
        {
            long least = Enumerable.Range(0, CoverageScenario.DecileCount).Min(decile => counts.All(interval, decile));
            if (Enumerable.Range(0, CoverageScenario.DecileCount).All(decile => counts.All(interval, decile) == 0))
            {
                continue;
            }

            double widening = least < FullPlates ? 330 * (Math.Sqrt(0.0475 / Math.Max(1, least)) - 0.00154) : 0;
            double[] covered = [.. Enumerable.Range(0, CoverageScenario.DecileCount).Select(decile => counts.CoveredPercent(interval, decile))];
            bool hasLimits = lowest is not null && scenario.HasLimits;
            yield return new CoverageLine(
                scenario.Name, name, least, covered, counts.UnboundedPercent(interval), counts.NonePercent(interval),
                hasLimits ? lowest - widening : null, hasLimits ? highest + widening : null);
        }
    }

    private static void Print(CoverageScenario scenario, CoverageScenario prepared, CoverageLine[] lines, CoverageCounts counts)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{scenario.Name}: x from {Math.Exp(prepared.LnEdges[0]):G4} to {Math.Exp(prepared.LnEdges[^1]):G4}, ladder {prepared.Concentrations[^1]:G4} to {prepared.Concentrations[0]:G4}"));
        foreach (CoverageLine line in lines)
        {
            string deciles = string.Join(' ', line.CoveredPercent.Select(percent => percent.ToString("0.0", CultureInfo.InvariantCulture).PadLeft(5)));
            string limits = line.HasLimits ? string.Create(CultureInfo.InvariantCulture, $"  [{line.Lowest:0.0}, {line.Highest:0.0}]{(line.IsMet ? "" : " MISSED")}") : "";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {line.Interval,-27} {deciles}  N {line.LeastCount,6}  unbounded {line.UnboundedPercent:0.0}  none {line.NonePercent:0.00}{limits}"));
        }

        // Single sets scatter by what they learned and by the plates that they are seen on; the difference of the variances is the first alone.
        double[] shares = [.. counts.Sets.Select(set => 100 * set.Share).Order()];
        double mean = shares.Average();
        double total = shares.Length > 1 ? shares.Sum(share => (share - mean) * (share - mean)) / (shares.Length - 1) : 0;
        double chance = 10_000 * counts.Sets.OrderBy(set => set.Set).Average(set => set.ChanceVariance);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  (b) over single sets, all deciles: 5th to 95th percentile {AtRank(shares, 0.05):0.0} to {AtRank(shares, 0.95):0.0} %, of an SD of {Math.Sqrt(total):0.0} chance of the plates {Math.Sqrt(chance):0.0}, the sets' own {Math.Sqrt(Math.Max(0, total - chance)):0.0}"));
    }

    private static double AtRank(double[] sorted, double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];

    // FNV-1a, since string.GetHashCode differs from run to run.
    private static ulong StableHash(string text)
    {
        ulong hash = 14695981039346656037;
        foreach (char letter in text)
        {
            hash = (hash ^ letter) * 1099511628211;
        }

        return hash;
    }

    private sealed record CoverageLine(
        string Scenario, string Interval, long LeastCount, double[] CoveredPercent, double UnboundedPercent, double NonePercent, double? Lowest, double? Highest)
    {
        public bool HasLimits => Lowest is not null;

        public bool IsMet => Lowest is null || CoveredPercent.All(percent => percent >= Lowest && percent <= Highest);
    }

    // The limit holds with the variance known. A plate's own s^2 is small by chance, so that with it the share is higher: printed, and no reason to fail.
    private sealed record DeterminedLine(
        string Scenario,
        double KnownPercent,
        double PlatePercent,
        double KnownDiagnosisPercent,
        double PlateDiagnosisPercent,
        double AtBoundPercent,
        double UnusablePercent,
        double Limit)
    {
        public bool IsMet => Math.Max(KnownPercent, KnownDiagnosisPercent) < Limit;
    }
}

using System.Globalization;

namespace Biomarkers.Faults;

/// <summary>What a check found; all zero is right.</summary>
internal sealed class KeptFigures
{
    private const int FindingsKeptOfAKind = 5;

    private readonly List<string> findings = [];
    private readonly Dictionary<string, int> kinds = [];

    /// <summary>Acknowledged events that are not stored.</summary>
    public int Lost { get; private set; }

    /// <summary>Events that are stored more than once, or that nobody sent.</summary>
    public int Twice { get; private set; }

    /// <summary>Events whose stored bytes are not what was sent.</summary>
    public int Changed { get; private set; }

    /// <summary>Plates without a run.</summary>
    public int RunsMissing { get; private set; }

    /// <summary>Plates with more than one run.</summary>
    public int RunsDouble { get; private set; }

    /// <summary>Results that a run counts and that are not there.</summary>
    public int ResultsMissing { get; private set; }

    /// <summary>Work that is neither done nor in anybody's hands.</summary>
    public int WorkOpen { get; private set; }

    /// <summary>Rows of feed or ledger that a watcher missed, or saw in another order, or whose hashes don't close.</summary>
    public int Feed { get; private set; }

    /// <summary>Everything else: a damaged file, quarantine that is not complete, an error that nothing explains.</summary>
    public int Others { get; private set; }

    /// <summary>The first findings of each kind, for a person.</summary>
    public IReadOnlyList<string> Findings => findings;

    public bool IsClean => Lost + Twice + Changed + RunsMissing + RunsDouble + ResultsMissing + WorkOpen + Feed + Others == 0;

    public void AddLost(string finding) => Lost += Note("lost", finding);

    public void AddTwice(string finding) => Twice += Note("twice", finding);

    public void AddChanged(string finding) => Changed += Note("changed", finding);

    public void AddRunMissing(string finding) => RunsMissing += Note("run missing", finding);

    public void AddRunDouble(string finding) => RunsDouble += Note("run double", finding);

    public void AddResultsMissing(string finding) => ResultsMissing += Note("results missing", finding);

    public void AddWorkOpen(string finding) => WorkOpen += Note("work open", finding);

    public void AddFeed(string finding) => Feed += Note("feed", finding);

    public void AddOther(string finding) => Others += Note("other", finding);

    private int Note(string kind, string finding)
    {
        kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
        if (kinds[kind] <= FindingsKeptOfAKind)
        {
            findings.Add($"{kind}: {finding}");
        }

        return 1;
    }
}

/// <summary>Numbers for a person.</summary>
internal static class Figures
{
    public static string Text(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Plain(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Seconds(double value) => double.IsFinite(value) ? value.ToString("F2", CultureInfo.InvariantCulture) : "never";
}

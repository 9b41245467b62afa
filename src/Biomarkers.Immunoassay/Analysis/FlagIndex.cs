using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;

namespace Biomarkers.Immunoassay.Analysis;

/// <summary>Finds the findings of a run that are about one result: on its wells, its curve, its plate or its run.</summary>
internal sealed class FlagIndex
{
    private readonly IReadOnlyList<QcFlag> flags;
    private readonly List<int> ofRun = [];
    private readonly Dictionary<string, List<int>> ofAnalyte = [];
    private readonly Dictionary<(string Analyte, WellPosition Well), List<int>> ofWell = [];

    public FlagIndex(IReadOnlyList<QcFlag> flags)
    {
        this.flags = flags;
        for (int i = 0; i < flags.Count; i++)
        {
            Add(flags[i], i);
        }
    }

    /// <summary>The result with the codes of the findings about it, each once, in the order of the findings.</summary>
    public SampleResult Flagged(SampleEvidence sample)
    {
        string analyte = sample.Result.Analyte;
        var places = new SortedSet<int>(ofRun);
        places.UnionWith(ofAnalyte.GetValueOrDefault(analyte) ?? []);
        foreach (WellPosition well in sample.Wells)
        {
            places.UnionWith(ofWell.GetValueOrDefault((analyte, well)) ?? []);
        }

        return sample.Result with { FlagCodes = [.. places.Select(place => flags[place].Code).Distinct()] };
    }

    // A finding about one calibrator shows on the curve; what it does to results is said by the findings about the curve.
    private void Add(QcFlag flag, int place)
    {
        if (flag.Level == FlagLevel.Calibrator)
        {
            return;
        }

        if (flag.Analyte is not { } analyte)
        {
            ofRun.Add(place);
        }
        else if (flag.Level is FlagLevel.Run or FlagLevel.Plate or FlagLevel.Curve)
        {
            PlacesIn(ofAnalyte, analyte).Add(place);
        }
        else
        {
            foreach (WellPosition well in flag.Wells)
            {
                PlacesIn(ofWell, (analyte, well)).Add(place);
            }
        }
    }

    private static List<int> PlacesIn<TKey>(Dictionary<TKey, List<int>> index, TKey key)
        where TKey : notnull
    {
        if (!index.TryGetValue(key, out List<int>? places))
        {
            places = [];
            index.Add(key, places);
        }

        return places;
    }
}

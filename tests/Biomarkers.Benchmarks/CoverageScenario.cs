using System.Globalization;
using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Intervals;
using Biomarkers.Immunoassay.Curves.Weights;

namespace Biomarkers.Benchmarks;

/// <summary>A true curve with its ladder and its scatter, from which plates are simulated.</summary>
/// <param name="ModelId">Curve model, of the truth and of the fit.</param>
/// <param name="Asymmetry">g; 1 for a 4PL.</param>
/// <param name="Replicates">Wells per calibrator level.</param>
/// <param name="Fold">Ratio of neighbouring levels.</param>
/// <param name="CvPercent">Relative SD of a well.</param>
internal sealed record CoverageScenario(string ModelId, double Asymmetry, int Replicates, int Fold, double CvPercent)
{
    public const int LevelCount = 8;
    public const int DecileCount = 10;

    /// <summary>Wells of an unknown.</summary>
    public const int SampleWells = 2;

    private const double Upper = 20_000;
    private const double Lower = 0.01 * Upper;

    /// <summary>Highest CV of an unknown, known variance, within the precision profile's limits.</summary>
    private const double ProfileLimit = 0.2;

    private const int ProfileSteps = 4000;

    /// <summary>Response of the highest calibrator over the upper asymptote.</summary>
    public double TopShare { get; init; } = 0.85;

    /// <summary>SD of ln concentration of a calibrator tube.</summary>
    public double TubeStandardDeviation { get; init; }

    /// <summary>SD of a well at response 0, in parts of the upper asymptote: part of the truth that the fit's variance function does not know.</summary>
    public double UnknownFloor { get; init; }

    /// <summary>Whether the limits hold for it.</summary>
    public bool HasLimits { get; init; } = true;

    public string Name
    {
        get
        {
            string model = Asymmetry == 1 ? ModelId : string.Create(CultureInfo.InvariantCulture, $"{ModelId} g {Asymmetry}");
            string extra = (TubeStandardDeviation > 0 ? $" tube {100 * TubeStandardDeviation} %" : "") + (UnknownFloor > 0 ? $" floor {100 * UnknownFloor} % of upper" : "");
            return string.Create(CultureInfo.InvariantCulture, $"{model} x{Replicates} {Fold}-fold CV {CvPercent} % top {100 * TopShare:0.#} %{extra}");
        }
    }

    public CurveModel Model => CurveModels.TryFind(ModelId, out CurveModel? model) ? model : throw new InvalidOperationException($"There is no model '{ModelId}'.");

    /// <summary>The variance function that the fit knows.</summary>
    public VarianceFunction FittedVariance => new(0, CvPercent / 100, 1);

    /// <summary>The variance function of the truth.</summary>
    public VarianceFunction TrueVariance => new(UnknownFloor * Upper, CvPercent / 100, 1);

    /// <summary>Every well's concentration, the highest level at 1000.</summary>
    public double[] Concentrations { get; private set; } = [];

    public double[] Parameters { get; private set; } = [];

    /// <summary>Ends of the ten deciles of ln x.</summary>
    public double[] LnEdges { get; private set; } = [];

    /// <summary>Computes what plates need. A known variance makes the covariance of a fit to the true responses that of the true precision profile.</summary>
    public CoverageScenario Prepare()
    {
        const double highest = 1000;
        var concentrations = new double[LevelCount * Replicates];
        for (int i = 0; i < concentrations.Length; i++)
        {
            concentrations[i] = highest / Math.Pow(Fold, i / Replicates);
        }

        double share = ((TopShare * Upper) - Lower) / (Upper - Lower);
        double inflection = highest * (Math.Pow(share, -1 / Asymmetry) - 1);
        double[] truth = [Lower, Upper, inflection, -1, Asymmetry];
        CurveModel model = Model;
        double[] parameters = truth[..model.ParameterCount];
        double[] responses = [.. concentrations.Select(x => model.Response(parameters, x))];
        var problem = new CurveFitProblem(model, Weighting.Known(TrueVariance), concentrations, responses, new Dictionary<string, double>());
        CurveFit fit = CurveFitter.Fit(problem, CurveFitOptions.Default) with { Parameters = parameters };
        double lnHighest = Math.Log(highest);
        double lnLowest = lnHighest - ((LevelCount - 1) * Math.Log(Fold));
        double[] inside = [.. Enumerable.Range(0, ProfileSteps + 1).Select(i => lnLowest + ((lnHighest - lnLowest) * i / ProfileSteps))
            .Where(lnX => WithinPlateInterval.LnConcentrationStandardError(fit, Math.Exp(lnX), SampleWells) <= ProfileLimit)];
        if (inside.Length == 0)
        {
            throw new InvalidOperationException($"Nothing of {Name} is measured with a CV of 20 %.");
        }

        return this with
        {
            Concentrations = concentrations,
            Parameters = parameters,
            LnEdges = [.. Enumerable.Range(0, DecileCount + 1).Select(i => inside[0] + ((inside[^1] - inside[0]) * i / DecileCount))],
        };
    }

    /// <summary>Draws the responses of the calibrators.</summary>
    public double[] DrawCalibrators(SeededGenerator random)
    {
        var responses = new double[Concentrations.Length];
        CurveModel model = Model;
        VarianceFunction variance = TrueVariance;
        double expected = 0;
        for (int i = 0; i < responses.Length; i++)
        {
            if (i % Replicates == 0)
            {
                double tube = TubeStandardDeviation > 0 ? Math.Exp(TubeStandardDeviation * random.NextNormal()) : 1;
                expected = model.Response(Parameters, Concentrations[i] * tube);
            }

            responses[i] = expected + (Math.Sqrt(variance.VarianceAt(expected)) * random.NextNormal());
        }

        return responses;
    }

    /// <summary>Draws an unknown of a decile: its true ln x and the responses of its wells.</summary>
    public double DrawUnknown(int decile, SeededGenerator random, Span<double> responses)
    {
        double lnX = LnEdges[decile] + ((LnEdges[decile + 1] - LnEdges[decile]) * random.NextUniform());
        double expected = Model.Response(Parameters, Math.Exp(lnX));
        double standardDeviation = Math.Sqrt(TrueVariance.VarianceAt(expected));
        for (int i = 0; i < responses.Length; i++)
        {
            responses[i] = expected + (standardDeviation * random.NextNormal());
        }

        return lnX;
    }

    /// <summary>All scenarios: those with limits first.</summary>
    public static IEnumerable<CoverageScenario> All()
    {
        (string Model, double Asymmetry)[] models = [("4pl", 1), ("5pl", 0.5), ("5pl", 2)];
        foreach ((string model, double asymmetry) in models)
        {
            foreach (int replicates in (int[])[2, 3])
            {
                foreach (int fold in (int[])[3, 4])
                {
                    foreach (double cv in (double[])[3, 6, 10])
                    {
                        yield return new CoverageScenario(model, asymmetry, replicates, fold, cv);
                    }
                }
            }
        }

        foreach ((string model, double asymmetry) in models)
        {
            var middle = new CoverageScenario(model, asymmetry, 2, 3, 6);
            yield return middle with { TopShare = 0.95 };
            yield return middle with { TubeStandardDeviation = 0.03, HasLimits = false };
            yield return middle with { TubeStandardDeviation = 0.05, HasLimits = false };
            yield return middle with { UnknownFloor = 0.001, HasLimits = false };
            yield return middle with { TopShare = 0.66, HasLimits = false };
        }
    }

    /// <summary>Curves without a plateau in sight: the highest calibrator at 10 % of the amplitude or less.</summary>
    public static IEnumerable<CoverageScenario> WithoutPlateau() =>
        from share in (double[])[0.1, 0.05]
        from replicates in (int[])[2, 3]
        from fold in (int[])[3, 4]
        from cv in (double[])[3, 6, 10]
        select new CoverageScenario("4pl", 1, replicates, fold, cv) { TopShare = (share * (1 - (Lower / Upper))) + (Lower / Upper) };
}

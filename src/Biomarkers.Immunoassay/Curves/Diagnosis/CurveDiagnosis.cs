namespace Biomarkers.Immunoassay.Curves.Diagnosis;

/// <summary>What a fit's own points say of it: lack of fit, identifiability, leverages and outlying points and levels.</summary>
/// <remarks>
/// Informational: it changes no number. With w the weights, e the residuals, h the leverages and p free parameters of n points:
/// <list type="bullet">
/// <item>internally studentised r = e sqrt(w) / (s sqrt(1 - h)), s^2 = sum w e^2 / (n - p);</item>
/// <item>externally studentised t = r sqrt((n - p - 1) / (n - p - r^2)), which is the test of a shift of that one point: Student's t(n - p - 1).</item>
/// </list>
/// A level is tested as one, by a shift common to its wells: T = sum(w e) / sqrt(W (1 - H)) with sums over the level, W the sum of its weights and
/// H the sum of its leverages, over s for the internal and over the s of the fit without the shift for the external form. Where the variance is known
/// the scale is 1 and the distribution normal, where it was learned on other plates t on its degrees of freedom, and in both cases internal and external
/// are the same. p-values are two-sided; adjusted ones are Holm's, over all wells and, as another family, over all levels.
/// <para>Power (simulated; duplicates, 1 % familywise, known variance): one level shifted by 10 % is found on 41 / 6 / 2 % of plates at a CV of
/// 3 / 6 / 10 % with a 4PL, and on 11 / 2 / 2 % with a 5PL; by 20 % on 88 / 37 / 9 % and 65 / 11 / 4 %. No finding is no proof.</para>
/// Leverages are those of the curve's tangent at the minimum; for a straight line they are exact. A parameter on a bound counts as fixed in leverages and p.
/// A test that would rest on nothing is not made, see <see cref="NotTested"/>: a variance without the point that is rounding of s^2 gives no t.
/// Sources: Cook and Weisberg (1982), Residuals and Influence in Regression, sections 2.2.1 and 2.2.2; Holm (1979), Scand J Stat 6:65-70.
/// </remarks>
public sealed record CurveDiagnosis
{
    /// <summary>Residuals whose root mean square is below this part of the responses are rounding.</summary>
    private const double RoundingRelative = 1e-9;

    /// <summary>Points nearer to the curve than this part of the responses are not judged by their scatter: no reader and no pipette repeats to 0.01 %, so that
    /// it is arithmetic, or the distance of a bound from where the curve would go.</summary>
    private const double NegligibleRelative = 1e-4;

    /// <summary>Where less than this is left of 1 - leverage, the point fits by construction and its residual says nothing.</summary>
    private const double LeverageTolerance = 1e-6;

    /// <summary>Where the sum of squares without a shift is less than this part of the whole, it is rounding of it and no variance.</summary>
    private const double DeletionTolerance = 1e-8;

    /// <summary>Where more than this part of the sum of squares lies along the tangent, the curve is not at the minimum that the tests stand on.</summary>
    private const double TangentTolerance = 1e-6;

    private const string NotTestedByReplicates =
        "Not estimated under weights by replicates: standard errors and intervals of parameters, lack of fit, outliers and precision. "
        + "Each weight rests on the few wells of its own level, duplicates on one degree of freedom.";

    private const string NotTestedRobust = "A robust fit tests no outliers and no lack of fit: its weights of the wells tell which ones lie off.";

    /// <summary>Why no residual was tested, and where that is so no lack of fit either: weights by replicates, a robust fit, points that lie on the curve, a curve
    /// that is not at a minimum, or no degrees of freedom. A sentence for a person; null when there are tests.</summary>
    public string? NotTested { get; init; }

    /// <summary>Lack of fit; null without replicates or without a level to spare, under weights by replicates, and for a robust fit.</summary>
    public required LackOfFit? LackOfFit { get; init; }

    /// <summary>Whether the points determine the parameters.</summary>
    public required Identifiability Identifiability { get; init; }

    /// <summary>One per point, in the order of the problem.</summary>
    public required IReadOnlyList<PointDiagnosis> Points { get; init; }

    /// <summary>One per distinct concentration, ascending.</summary>
    public required IReadOnlyList<LevelDiagnosis> Levels { get; init; }

    /// <summary>Looks at a fit.</summary>
    /// <param name="fit">A fit of <paramref name="problem"/>.</param>
    /// <param name="problem">What was fitted: the points, and which parameters were held.</param>
    /// <returns>The diagnosis; null when the fit is not usable, and for an interpolation, which leaves nothing to judge it by.</returns>
    public static CurveDiagnosis? Of(CurveFit fit, CurveFitProblem problem) => Of(fit, problem, isRobust: false);

    /// <summary>Looks at a robust fit: no outlier and no lack of fit is tested. Its residuals are not at a minimum of the sum of squares, and the quantile
    /// that is its scale has no t distribution at the 16 or so points of a plate.</summary>
    /// <param name="robust">A robust fit of <paramref name="problem"/>; its weights of the wells tell what lies off.</param>
    /// <param name="problem">What was fitted.</param>
    /// <returns>As for a fit by least squares.</returns>
    public static CurveDiagnosis? Of(RobustFit robust, CurveFitProblem problem) => Of(robust.Fit, problem, isRobust: true);

    private static CurveDiagnosis? Of(CurveFit fit, CurveFitProblem problem, bool isRobust)
    {
        if (!fit.IsUsable || fit.Model.IsInterpolation)
        {
            return null;
        }

        var points = FittedPoints.Of(fit, problem);
        IReadOnlyList<int[]> levels = LevelsOf(problem.Concentrations);
        bool hasScatter = !isRobust && !fit.Weighting.IsByReplicates;
        string? notTested = isRobust ? NotTestedRobust : fit.Weighting.IsByReplicates ? NotTestedByReplicates : ReasonOf(points);
        return new CurveDiagnosis
        {
            NotTested = notTested,
            LackOfFit = hasScatter ? LackOfFit.Of(points, levels) : null,
            Identifiability = Identifiability.Of(points),
            Points = PointsOf(points, notTested is null),
            Levels = LevelsOf(points, levels, notTested is null),
        };
    }

    /// <summary>Whether a weighted sum of squares is nothing but rounding of the responses.</summary>
    internal static bool IsRounding(double sumOfSquares, FittedPoints points) => !(sumOfSquares > RoundingRelative * RoundingRelative * points.SumOfTargets);

    private static string? ReasonOf(FittedPoints points)
    {
        if (!(points.SumOfSquares > NegligibleRelative * NegligibleRelative * points.SumOfTargets))
        {
            return "No residual is tested: the points lie on the curve, to 0.01 % of their responses.";
        }

        if (points.TangentShare > TangentTolerance)
        {
            return points.Fit.ParametersAtBound.Count > 0
                ? $"No residual is tested: the best curve lies on the bound of {string.Join(" and ", points.Fit.ParametersAtBound)}, which the residuals bear."
                : "No residual is tested: the points do not determine the curve well enough.";
        }

        return ResidualVarianceBasis.Of(points.Fit).IsFromPlate && points.DegreesOfFreedom < 1 ? "No residual is tested: there are no degrees of freedom." : null;
    }

    private static List<PointDiagnosis> PointsOf(FittedPoints points, bool isTested)
    {
        int n = points.Weights.Length;
        var tests = new ResidualTest[n];
        var values = new double?[n];
        for (int i = 0; i < n; i++)
        {
            double free = 1 - points.Leverages[i];
            tests[i] = isTested ? Test(points, points.Residuals[i] * Math.Sqrt(points.Weights[i]), free) : default;
            values[i] = tests[i].PValue;
        }

        double?[] adjusted = HolmAdjustment.Of(values);
        var diagnoses = new List<PointDiagnosis>(n);
        for (int i = 0; i < n; i++)
        {
            diagnoses.Add(new PointDiagnosis(
                points.Problem.Concentrations[i], points.Problem.Responses[i], points.Residuals[i], points.Weights[i], points.Leverages[i],
                tests[i].Internal, tests[i].External, tests[i].PValue, adjusted[i]));
        }

        return diagnoses;
    }

    private static List<LevelDiagnosis> LevelsOf(FittedPoints points, IReadOnlyList<int[]> levels, bool isTested)
    {
        var tests = new ResidualTest[levels.Count];
        var values = new double?[levels.Count];
        var means = new double[levels.Count];
        var leverages = new double[levels.Count];
        for (int k = 0; k < levels.Count; k++)
        {
            // The wells of a level share one row of the Jacobian but for their weights, so that their leverages add up to the level's.
            double weight = 0, sum = 0;
            foreach (int i in levels[k])
            {
                weight += points.Weights[i];
                sum += points.Weights[i] * points.Residuals[i];
                leverages[k] += points.Leverages[i];
            }

            means[k] = sum / weight;
            tests[k] = isTested ? Test(points, sum / Math.Sqrt(weight), 1 - leverages[k]) : default;
            values[k] = tests[k].PValue;
        }

        double?[] adjusted = HolmAdjustment.Of(values);
        var diagnoses = new List<LevelDiagnosis>(levels.Count);
        for (int k = 0; k < levels.Count; k++)
        {
            diagnoses.Add(new LevelDiagnosis(
                points.Problem.Concentrations[levels[k][0]], levels[k], means[k], leverages[k], tests[k].Internal, tests[k].External, tests[k].PValue, adjusted[k]));
        }

        return diagnoses;
    }

    /// <summary>Tests a shift: <paramref name="contrast"/> is a weighted residual of variance scale x <paramref name="free"/>.</summary>
    private static ResidualTest Test(FittedPoints points, double contrast, double free)
    {
        var basis = ResidualVarianceBasis.Of(points.Fit);
        int degreesOfFreedom = points.DegreesOfFreedom;
        if (!(free >= LeverageTolerance))
        {
            return default;
        }

        double scale = basis.IsFromPlate ? points.SumOfSquares / degreesOfFreedom : 1;
        double studentised = contrast / Math.Sqrt(scale * free);
        if (!double.IsFinite(studentised))
        {
            return default;
        }

        if (!basis.IsFromPlate)
        {
            double known = basis.DegreesOfFreedom is { } learned ? TailProbability.TwoSidedT(studentised, learned) : TailProbability.TwoSidedNormal(studentised);
            return new ResidualTest(studentised, studentised, known);
        }

        // What is left of the sum of squares without the shift. Where that is rounding, no variance is left to test by.
        double left = degreesOfFreedom - (studentised * studentised);
        if (degreesOfFreedom < 2 || !(left > DeletionTolerance * degreesOfFreedom))
        {
            return new ResidualTest(studentised, null, null);
        }

        double external = studentised * Math.Sqrt((degreesOfFreedom - 1) / left);
        return new ResidualTest(studentised, external, TailProbability.TwoSidedT(external, degreesOfFreedom - 1));
    }

    private static List<int[]> LevelsOf(IReadOnlyList<double> concentrations)
    {
        var places = new int[concentrations.Count];
        for (int i = 0; i < places.Length; i++)
        {
            places[i] = i;
        }

        Array.Sort(places, (left, right) => concentrations[left] != concentrations[right] ? concentrations[left].CompareTo(concentrations[right]) : left - right);
        var levels = new List<int[]>();
        for (int start = 0, end; start < places.Length; start = end)
        {
            for (end = start + 1; end < places.Length && concentrations[places[end]] == concentrations[places[start]]; end++)
            {
            }

            levels.Add(places[start..end]);
        }

        return levels;
    }

    private readonly record struct ResidualTest(double? Internal, double? External, double? PValue);
}

/// <summary>One point of a fit: a well, or the mean of a level where the fit is to means.</summary>
/// <param name="Concentration">Nominal concentration.</param>
/// <param name="Response">Observed response.</param>
/// <param name="Residual">Observed less fitted, or their ln ratio for a model that fits ln response.</param>
/// <param name="Weight">Weight in the fit.</param>
/// <param name="Leverage">0 to 1: how far the point pulls the curve to itself; they add up to the number of free parameters that are not on a bound.</param>
/// <param name="InternallyStudentised">Residual over its standard error; null without degrees of freedom, scatter, or at leverage 1.</param>
/// <param name="ExternallyStudentised">The same by a variance without this point; null also with fewer than 2 degrees of freedom, or where no variance is left.</param>
/// <param name="PValue">Two-sided p-value of the latter, for this point alone; null with it.</param>
/// <param name="AdjustedPValue">Holm's over all points: the smallest familywise error rate at which the point is an outlier; null with the p-value.</param>
public sealed record PointDiagnosis(
    double Concentration,
    double Response,
    double Residual,
    double Weight,
    double Leverage,
    double? InternallyStudentised,
    double? ExternallyStudentised,
    double? PValue,
    double? AdjustedPValue);

/// <summary>One calibrator level of a fit: the points of one concentration.</summary>
/// <param name="Concentration">Nominal concentration.</param>
/// <param name="Points">Places of its points in the problem, ascending.</param>
/// <param name="MeanResidual">Weighted mean of their residuals.</param>
/// <param name="Leverage">0 to 1.</param>
/// <param name="InternallyStudentised">The level's common shift over its standard error; null as for a point.</param>
/// <param name="ExternallyStudentised">The same by a variance without the shift; null as for a point.</param>
/// <param name="PValue">Two-sided p-value, for this level alone.</param>
/// <param name="AdjustedPValue">Holm's over all levels.</param>
public sealed record LevelDiagnosis(
    double Concentration,
    IReadOnlyList<int> Points,
    double MeanResidual,
    double Leverage,
    double? InternallyStudentised,
    double? ExternallyStudentised,
    double? PValue,
    double? AdjustedPValue);

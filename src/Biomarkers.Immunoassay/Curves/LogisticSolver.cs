namespace Biomarkers.Immunoassay.Curves;

/// <summary>Minimises the weighted sum of squares of a logistic curve.</summary>
/// <remarks>
/// Objective: F(u) = min over the asymptotes of sum w (y - f)^2, u the three coordinates of <see cref="LogisticCoordinates"/> within their box.
/// Starts: the best cells of a coarse grid, in both directions. From each: Levenberg-Marquardt with Marquardt's scaling and coordinates on a bound
/// held while the gradient points outwards; second derivatives are taken in when it lasts. Then undamped steps while they shrink, because F itself
/// can't resolve the last half of the digits. Stop: the cosine between residual and every Jacobian column vanishes, or the residual does. The lowest
/// minimum wins; the first start of
/// equals. The outcome is a function of the levels alone. Source: K. Madsen, H. Nielsen, O. Tingleff (2004), Methods for Non-Linear
/// Least Squares Problems, section 3.2.
/// </remarks>
internal static class LogisticSolver
{
    private const int StartCount = 4;
    private const int MiddleCount = 6;
    private static readonly double[] SteepnessGrid = [Math.Log(0.5), Math.Log(1), Math.Log(2), Math.Log(5)];
    private static readonly double[] AsymmetryGrid = [0, Math.Log(0.25), Math.Log(4)];

    /// <summary>Finds the curve.</summary>
    public static CurveSolution Solve(LogisticModel model, CalibratorLevels levels, IReadOnlyList<double?> held, CurveFitOptions options)
    {
        List<Start> starts = [];
        foreach (int direction in (ReadOnlySpan<int>)[-1, 1])
        {
            if (held[3] is not { } slope || Math.Sign(slope) == direction)
            {
                starts.AddRange(GridOf(new LogisticProjection(model, levels, held, direction)));
            }
        }

        LogisticSearch? best = null;
        List<LogisticSearch> finished = [];
        foreach (Start start in Choose(starts))
        {
            var search = new LogisticSearch(start.Projection, start.Place, options.IterationLimit);
            if (!search.Run(finished))
            {
                continue;
            }

            finished.Add(search);
            if (best is null || search.SumOfSquares < best.SumOfSquares)
            {
                best = search;
            }
        }

        return best is null
            ? new CurveSolution([], FitTermination.Stalled, 0, [])
            : new CurveSolution(ParametersOf(model, held, levels, best), best.Termination, best.IterationCount, best.NamesAtBound());
    }

    private static IEnumerable<Start> GridOf(LogisticProjection projection)
    {
        LogisticCoordinates c = projection.Coordinates;
        double[] asymmetries = c.IsFree[LogisticCoordinates.LnAsymmetry] ? AsymmetryGrid : [c.HeldAt[LogisticCoordinates.LnAsymmetry]];
        double[] steepnesses = c.IsFree[LogisticCoordinates.Steepness] ? SteepnessGrid : [c.HeldAt[LogisticCoordinates.Steepness]];
        double step = (c.HighestMiddle - c.LowestMiddle) / (MiddleCount - 2);
        double[] middles = c.IsFree[LogisticCoordinates.Middle]
            ? [.. Enumerable.Range(0, MiddleCount).Select(i => c.LowestMiddle + ((i + 0.25) * step))]
            : [c.HeldAt[LogisticCoordinates.Middle]];
        for (int a = 0; a < asymmetries.Length; a++)
        {
            foreach (double steepness in steepnesses)
            {
                for (int m = 0; m < middles.Length; m++)
                {
                    double[] place = [steepness, middles[m], asymmetries[a]];
                    double sum = projection.SumOfSquaresAt(place);
                    if (double.IsFinite(sum))
                    {
                        yield return new Start(projection, place, sum, a, m);
                    }
                }
            }
        }
    }

    /// <summary>The best starts that differ: another direction, another asymmetry, or a middle that is not next door.</summary>
    private static List<Start> Choose(List<Start> starts)
    {
        List<Start> chosen = [];
        foreach (Start start in starts.OrderBy(start => start.SumOfSquares))
        {
            bool isNew = chosen.TrueForAll(other => other.Projection != start.Projection
                || other.AsymmetryCell != start.AsymmetryCell || Math.Abs(other.MiddleCell - start.MiddleCell) > 1);
            if (isNew)
            {
                chosen.Add(start);
            }

            if (chosen.Count == StartCount)
            {
                break;
            }
        }

        return chosen;
    }

    private static double[] ParametersOf(LogisticModel model, IReadOnlyList<double?> held, CalibratorLevels levels, LogisticSearch search)
    {
        (double slope, double lnInflection, double asymmetry) = search.Projection.Coordinates.NaturalAt(search.Place);
        double lower = search.Lower * levels.ResponseScale;
        double upper = lower + (search.Amplitude * levels.ResponseScale);
        double[] all = [lower, upper, Math.Exp(lnInflection), slope, asymmetry];

        // What is held comes back as it was given, not through a logarithm.
        return [.. all.Take(model.ParameterCount).Select((value, i) => held[i] ?? value)];
    }

    private sealed record Start(LogisticProjection Projection, double[] Place, double SumOfSquares, int AsymmetryCell, int MiddleCell);
}

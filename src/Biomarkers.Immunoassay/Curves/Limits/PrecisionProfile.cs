namespace Biomarkers.Immunoassay.Curves.Limits;

/// <summary>How precisely a curve gives concentrations, from the bottom to the top of its ladder.</summary>
/// <remarks>
/// CV(x) = 100 se(ln x) for the mean response of m wells, se by the delta method: sqrt(V(f(x)) / m + g' S g) / |dy / d ln x|, see
/// <see cref="WithinPlateInterval.LnConcentrationStandardError"/>. It holds for this plate: limits by a plate's own profile scatter from plate to
/// plate by a geometric CV of 8 to 37 % (simulated), so they may flag or narrow a validated range and never widen it.
/// Source: O'Connell, Belanger, Haaland (1993), Chemometr Intell Lab Syst 20:97-114.
/// </remarks>
public sealed record PrecisionProfile
{
    private const int DefaultPointCount = 65;

    /// <summary>Accuracy of a limit on ln x.</summary>
    private const double LimitTolerance = 1e-12;

    /// <summary>Relative distance within which a root of a turning curve is the concentration itself: near the turn it has half of the digits.</summary>
    private const double TurnTolerance = 1e-6;

    /// <summary>Between two points of the grid the profile may dip or rise by this factor of the limit without being looked for.</summary>
    private const double NearFactor = 2;

    /// <summary>Largest CV that counts as quantified, in percent.</summary>
    public required double CvLimitPercent { get; init; }

    /// <summary>m, the number of wells whose mean response is read off.</summary>
    public required int WellCount { get; init; }

    /// <summary>The profile for a plot: points at equal distances of ln x, the ends of the ladder included.</summary>
    public required IReadOnlyList<PrecisionPoint> Points { get; init; }

    /// <summary>All concentrations of the ladder whose CV is within the limit, as separate regions, ascending. Empty where no concentration is.</summary>
    public required IReadOnlyList<PrecisionRegion> Regions { get; init; }

    /// <summary>Lowest concentration whose CV is within the limit; null where none is.</summary>
    public double? Lowest => Regions.Count > 0 ? Regions[0].Lower : null;

    /// <summary>Highest concentration whose CV is within the limit; null where none is.</summary>
    public double? Highest => Regions.Count > 0 ? Regions[^1].Upper : null;

    /// <summary>Computes a profile.</summary>
    /// <param name="fit">The curve.</param>
    /// <param name="lowest">Lower end of the ladder, more than 0: the lowest calibrator that is not zero.</param>
    /// <param name="highest">Upper end, more than <paramref name="lowest"/>.</param>
    /// <param name="wellCount">m, 1 or more.</param>
    /// <param name="cvLimitPercent">More than 0; 20 is usual.</param>
    /// <param name="pointCount">Points for a plot, 2 or more; default 65. The regions do not depend on it but for features between two points.</param>
    /// <returns>The profile; null when the curve is not usable or has no covariance, and under weights by replicates, which tell no well's variance.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static PrecisionProfile? Of(
        CurveFit fit, double lowest, double highest, int wellCount, double cvLimitPercent = 20, int pointCount = DefaultPointCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wellCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(pointCount, 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cvLimitPercent);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lowest);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(highest, lowest);
        if (!fit.IsUsable || fit.Covariance is null || fit.Weighting.IsByReplicates)
        {
            return null;
        }

        (double start, double end) = (PreciseMath.Log(lowest), PreciseMath.Log(highest));
        // Beyond the turn of a curve a response has no concentration, or another one: there is no precision to speak of.
        bool turns = fit.Model.TurningPoint(fit.Parameters) is not null;
        bool IsBeyondTurn(double x) => turns && !(fit.Invert(fit.Response(x)) is { Status: InversionStatus.Found } found && Math.Abs(found.Concentration - x) <= TurnTolerance * x);
        double Cv(double lnX) => IsBeyondTurn(XOf(lnX))
            ? double.PositiveInfinity
            : 100 * (WithinPlateInterval.LnConcentrationStandardError(fit, XOf(lnX), wellCount) ?? double.PositiveInfinity);
        double XOf(double lnX) => lnX <= start ? lowest : lnX >= end ? highest : PreciseMath.Exp(lnX);

        var grid = new Node[pointCount];
        var points = new PrecisionPoint[pointCount];
        for (int i = 0; i < pointCount; i++)
        {
            double lnX = start + ((end - start) * i / (pointCount - 1));
            grid[i] = new Node(lnX, Cv(lnX));
            points[i] = new PrecisionPoint(XOf(lnX), double.IsFinite(grid[i].Cv) ? grid[i].Cv : null);
        }

        return new PrecisionProfile
        {
            CvLimitPercent = cvLimitPercent,
            WellCount = wellCount,
            Points = points,
            Regions = RegionsOf(WithExtremes(grid, cvLimitPercent, Cv), cvLimitPercent, Cv, XOf),
        };
    }

    /// <summary>Adds the turning point between grid points where it may cross the limit that its neighbours do not cross.</summary>
    private static List<Node> WithExtremes(Node[] grid, double limit, Func<double, double> cv)
    {
        var nodes = new List<Node>(grid.Length + 4) { grid[0] };
        for (int i = 1; i < grid.Length - 1; i++)
        {
            double middle = grid[i].Cv;
            bool isTrough = middle > limit && middle < NearFactor * limit && middle <= grid[i - 1].Cv && middle <= grid[i + 1].Cv;
            bool isPeak = middle <= limit && middle * NearFactor > limit && middle >= grid[i - 1].Cv && middle >= grid[i + 1].Cv;
            Node extreme = isTrough || isPeak ? ExtremeBetween(grid[i - 1].LnX, grid[i + 1].LnX, isPeak ? -1 : 1, cv) : grid[i];
            if (extreme.LnX < grid[i].LnX)
            {
                nodes.Add(extreme);
            }

            nodes.Add(grid[i]);
            if (extreme.LnX > grid[i].LnX)
            {
                nodes.Add(extreme);
            }
        }

        nodes.Add(grid[^1]);
        return nodes;
    }

    // Golden section: the least of sign x CV between two points.
    private static Node ExtremeBetween(double left, double right, int sign, Func<double, double> cv)
    {
        double ratio = (Math.Sqrt(5) - 1) / 2;
        double inner = right - (ratio * (right - left)), outer = left + (ratio * (right - left));
        (double innerValue, double outerValue) = (sign * cv(inner), sign * cv(outer));
        while (right - left > 1e-7)
        {
            if (innerValue < outerValue)
            {
                (right, outer, outerValue) = (outer, inner, innerValue);
                inner = right - (ratio * (right - left));
                innerValue = sign * cv(inner);
            }
            else
            {
                (left, inner, innerValue) = (inner, outer, outerValue);
                outer = left + (ratio * (right - left));
                outerValue = sign * cv(outer);
            }
        }

        double middle = (left + right) / 2;
        return new Node(middle, cv(middle));
    }

    private static List<PrecisionRegion> RegionsOf(List<Node> nodes, double limit, Func<double, double> cv, Func<double, double> xOf)
    {
        var regions = new List<PrecisionRegion>();
        double? lower = nodes[0].Cv <= limit ? xOf(nodes[0].LnX) : null;
        for (int i = 1; i < nodes.Count; i++)
        {
            bool wasWithin = nodes[i - 1].Cv <= limit;
            bool isWithin = nodes[i].Cv <= limit;
            if (wasWithin == isWithin)
            {
                continue;
            }

            (double within, double beyond) = wasWithin ? (nodes[i - 1].LnX, nodes[i].LnX) : (nodes[i].LnX, nodes[i - 1].LnX);
            double x = xOf(Bisect(within, beyond, limit, cv));
            if (isWithin)
            {
                lower = x;
            }
            else
            {
                regions.Add(new PrecisionRegion(lower!.Value, x));
                lower = null;
            }
        }

        if (lower is { } open)
        {
            regions.Add(new PrecisionRegion(open, xOf(nodes[^1].LnX)));
        }

        return regions;
    }

    // Ends on the side within the limit.
    private static double Bisect(double within, double beyond, double limit, Func<double, double> cv)
    {
        while (Math.Abs(beyond - within) > LimitTolerance * Math.Max(1, Math.Abs(within)))
        {
            double middle = within + ((beyond - within) / 2);
            (within, beyond) = cv(middle) <= limit ? (middle, beyond) : (within, middle);
        }

        return within;
    }

    private readonly record struct Node(double LnX, double Cv);
}

/// <summary>One point of a precision profile.</summary>
/// <param name="Concentration">Concentration.</param>
/// <param name="CvPercent">100 se(ln x); null where the curve is flat to the last digit.</param>
public readonly record struct PrecisionPoint(double Concentration, double? CvPercent);

/// <summary>Concentrations without a gap whose CV is within the limit.</summary>
/// <param name="Lower">Lowest, included.</param>
/// <param name="Upper">Highest, included.</param>
public readonly record struct PrecisionRegion(double Lower, double Upper);

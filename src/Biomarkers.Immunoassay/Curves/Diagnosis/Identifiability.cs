using System.Globalization;

namespace Biomarkers.Immunoassay.Curves.Diagnosis;

/// <summary>Whether the points determine the parameters.</summary>
/// <param name="ConditionNumber">Largest over smallest singular value of the weighted Jacobian with columns of length 1; 1 or more.</param>
/// <param name="FlatDirections">Directions in which the parameters can move while the sum of squares hardly changes, the flattest first: those
/// whose singular value is below 1/1000 of the largest. Empty for a well determined curve.</param>
/// <param name="ParametersAtBound">Parameters that ended on a bound of the solver's box.</param>
/// <param name="Asymptotes">The asymptotes of a logistic curve, lower and upper; empty for other models.</param>
public sealed record Identifiability(
    double ConditionNumber, IReadOnlyList<FlatDirection> FlatDirections, IReadOnlyList<string> ParametersAtBound, IReadOnlyList<AsymptoteDiagnosis> Asymptotes)
{
    private const double FlatBelow = 1e-3;

    internal static Identifiability Of(FittedPoints points)
    {
        IReadOnlyList<double> values = points.Factor.SingularValues;
        double largest = values.Count > 0 ? values.Max() : 0;
        var flat = new List<FlatDirection>();
        for (int k = 0; k < values.Count; k++)
        {
            if (values[k] < FlatBelow * largest)
            {
                flat.Add(DirectionOf(points, k, values[k] / largest));
            }
        }

        flat.Sort((left, right) => left.RelativeSingularValue.CompareTo(right.RelativeSingularValue));
        return new Identifiability(points.Factor.ConditionNumber, flat, points.Fit.ParametersAtBound, AsymptoteDiagnosis.Of(points));
    }

    // The sign of a singular vector is arbitrary: the largest component is taken as positive.
    private static FlatDirection DirectionOf(FittedPoints points, int index, double relative)
    {
        ReadOnlySpan<double> vector = points.Factor.RightVector(index);
        int leading = 0;
        for (int j = 1; j < vector.Length; j++)
        {
            leading = Math.Abs(vector[j]) > Math.Abs(vector[leading]) ? j : leading;
        }

        var components = new List<FlatComponent>(vector.Length);
        for (int j = 0; j < vector.Length; j++)
        {
            components.Add(new FlatComponent(points.Problem.Model.ParameterNames[points.Free[j]], vector[leading] < 0 ? -vector[j] : vector[j]));
        }

        return new FlatDirection(relative, components);
    }
}

/// <summary>A direction in the space of the free parameters in which the curve hardly changes at the calibrators.</summary>
/// <param name="RelativeSingularValue">Its singular value over the largest, 0 to 1.</param>
/// <param name="Components">One per free parameter.</param>
public sealed record FlatDirection(double RelativeSingularValue, IReadOnlyList<FlatComponent> Components)
{
    /// <summary>The parameters that make at least a tenth of the direction, the heaviest first.</summary>
    public IReadOnlyList<FlatComponent> Leading { get; } = [.. Components.Where(component => component.Share >= 0.1).OrderByDescending(component => component.Share)];
}

/// <summary>The part of one parameter in a flat direction.</summary>
/// <param name="Parameter">Name, such as <c>upperAsymptote</c>.</param>
/// <param name="Value">Component, -1 to 1, in units in which each parameter alone moves the curve at the calibrators equally far.</param>
public sealed record FlatComponent(string Parameter, double Value)
{
    /// <summary>Weight of the parameter in the direction: squared component, 0 to 1; the weights of a direction add up to 1.</summary>
    public double Share => Value * Value;
}

/// <summary>How well the calibrators show one asymptote of a logistic curve.</summary>
/// <remarks>An asymptote that the calibrators come nowhere near is an extrapolation. A curve is called determined at that end when the standard error is below a
/// fifth of the amplitude and the calibrators cover a quarter of it or more. The standard error alone can be small by chance, because it is a part of the fitted
/// amplitude and because a plate's own s^2 can be low: with the top calibrator at a tenth of the amplitude on 2 % of plates (CV 3 %), at a quarter on up to 82 %.</remarks>
/// <param name="Parameter"><c>lowerAsymptote</c> or <c>upperAsymptote</c>.</param>
/// <param name="Value">Fitted response.</param>
/// <param name="Reach">Part of the amplitude that the calibrators cover towards it: 1 when one of them lies on the asymptote, 0 when all lie on the other.</param>
/// <param name="RelativeStandardError">Standard error over amplitude; null without covariance; rough under weights by replicates. 0 when the parameter is fixed.</param>
/// <param name="IsFixed">Whether the value was given and not fitted.</param>
/// <param name="IsAtBound">Whether the value lies on a bound of the solver's box.</param>
public sealed record AsymptoteDiagnosis(string Parameter, double Value, double Reach, double? RelativeStandardError, bool IsFixed, bool IsAtBound)
{
    /// <summary>Standard error over amplitude below which an asymptote counts as determined: 0.2.</summary>
    public const double DeterminedBelow = 0.2;

    /// <summary>Reach from which an asymptote may count as determined: 0.25.</summary>
    public const double DeterminedReach = 0.25;

    /// <summary>Whether the calibrators determine it: fixed, or not on a bound, reached to <see cref="DeterminedReach"/> and with a standard error below
    /// <see cref="DeterminedBelow"/> of the amplitude.</summary>
    public bool IsDetermined => IsDeterminedBy(DeterminedBelow, DeterminedReach);

    /// <summary>Whether the calibrators determine it by other limits.</summary>
    /// <param name="standardErrorBelow">Standard error over amplitude must be below it.</param>
    /// <param name="reach">Least reach, 0 to 1.</param>
    public bool IsDeterminedBy(double standardErrorBelow, double reach) => IsFixed || (!IsAtBound && Reach >= reach && RelativeStandardError < standardErrorBelow);

    /// <summary>Why it is not determined, as clauses about the parameter for a sentence; empty when it is.</summary>
    /// <param name="standardErrorBelow">As for <see cref="IsDeterminedBy"/>.</param>
    /// <param name="reach">Least reach, 0 to 1.</param>
    public string WhyNotBy(double standardErrorBelow, double reach)
    {
        if (IsDeterminedBy(standardErrorBelow, reach))
        {
            return "";
        }

        List<string> reasons = [];
        if (Reach < reach)
        {
            reasons.Add(Text($"the calibrators cover {100 * Reach:F0} % of the fitted amplitude towards it, so that it is extrapolated"));
        }

        if (IsAtBound)
        {
            reasons.Add("it ended on a bound");
        }
        else if (RelativeStandardError is not { } error || double.IsNaN(error))
        {
            reasons.Add("it has no standard error that could tell how well the calibrators determine it");
        }
        else if (!(error < standardErrorBelow))
        {
            reasons.Add(Text($"its standard error is {100 * error:G3} % of the amplitude, expected below {100 * standardErrorBelow:G3} %"));
        }

        return string.Join("; ", reasons);
    }

    internal static IReadOnlyList<AsymptoteDiagnosis> Of(FittedPoints points)
    {
        CurveFit fit = points.Fit;
        (int lower, int upper) = (PlaceOf(fit, CurveParameters.LowerAsymptote), PlaceOf(fit, CurveParameters.UpperAsymptote));
        if (lower < 0 || upper < 0)
        {
            return [];
        }

        double amplitude = fit.Parameters[upper] - fit.Parameters[lower];
        double least = double.PositiveInfinity, most = double.NegativeInfinity;
        foreach (double x in points.Problem.Concentrations)
        {
            double fitted = fit.Response(x);
            least = Math.Min(least, fitted);
            most = Math.Max(most, fitted);
        }

        double[]? errors = fit.StandardErrors;
        AsymptoteDiagnosis Diagnose(int place, double reach)
        {
            string name = fit.Model.ParameterNames[place];
            bool isFixed = points.Problem.FixedParameters.ContainsKey(name);
            return new AsymptoteDiagnosis(name, fit.Parameters[place], Math.Clamp(reach, 0, 1), errors?[place] / amplitude, isFixed, fit.ParametersAtBound.Contains(name));
        }

        return [Diagnose(lower, (fit.Parameters[upper] - least) / amplitude), Diagnose(upper, (most - fit.Parameters[lower]) / amplitude)];
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static int PlaceOf(CurveFit fit, string name)
    {
        for (int i = 0; i < fit.Model.ParameterNames.Count; i++)
        {
            if (fit.Model.ParameterNames[i] == name)
            {
                return i;
            }
        }

        return -1;
    }
}

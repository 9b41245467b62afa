using Biomarkers.Immunoassay.Curves;
using Biomarkers.Immunoassay.Curves.Diagnosis;
using Biomarkers.Immunoassay.Curves.Intervals;

namespace Biomarkers.Cli.Fitting;

/// <summary>A fit with all that explains it.</summary>
/// <param name="Fit">The curve that is reported.</param>
/// <param name="Problem">What was fitted; its model is the chosen one.</param>
/// <param name="Diagnosis">What the points say of it; null when it is not usable or an interpolation.</param>
/// <param name="Choice">The comparison of models; null where one was named.</param>
/// <param name="Robust">The robust fit; null for least squares.</param>
internal sealed record FittedCurve(CurveFit Fit, CurveFitProblem Problem, CurveDiagnosis? Diagnosis, ModelChoice? Choice, RobustFit? Robust)
{
    /// <summary>Fits what was asked for.</summary>
    /// <param name="request">The options.</param>
    /// <param name="problem">The points, with any model where the request compares them.</param>
    public static FittedCurve Of(FitRequest request, CurveFitProblem problem)
    {
        ModelChoice? choice = null;
        if (request.Model is null)
        {
            choice = CurveModelSelection.Select(problem.Weighting, problem.Concentrations, problem.Responses, CurveFitOptions.Default);
            if (choice.Chosen is not { } chosen)
            {
                return new FittedCurve(NoChoice(choice), problem, null, choice, null);
            }

            problem = problem with { Model = chosen.Model };
        }

        RobustFit? robust = request.Robust is { } loss ? RobustFit.Of(problem, new RobustFitOptions { Loss = loss }) : null;
        CurveFit fit = robust?.Fit ?? choice?.Chosen ?? CurveFitter.Fit(problem, CurveFitOptions.Default);
        CurveFit widened = CalibratorTubes.Join(fit, problem, request.TubeCvPercent / 100);
        return new FittedCurve(widened, problem, robust is null ? CurveDiagnosis.Of(fit, problem) : CurveDiagnosis.Of(robust, problem), choice, robust);
    }

    // None of them may give a concentration, also one that reached a minimum and is not determined.
    private static CurveFit NoChoice(ModelChoice choice)
    {
        CurveFit first = choice.Candidates.First(candidate => candidate.Fit is not null).Fit!;
        return first with { Termination = first.IsUsable ? FitTermination.Stalled : first.Termination, Failure = choice.Reason, Covariance = null };
    }
}

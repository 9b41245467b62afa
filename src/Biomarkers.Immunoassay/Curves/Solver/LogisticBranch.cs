namespace Biomarkers.Immunoassay.Curves.Solver;

/// <summary>One way in which a curve can run, and how the asymptotes follow from h: f = origin + amplitude (h - shift).</summary>
/// <remarks>With both asymptotes free, the origin is the weighted mean of the responses and the shift that of h: the rows then hold centred responses.
/// With one held, the origin is that asymptote and the shift is what h is there. With both held, the amplitude is known too.</remarks>
/// <param name="Direction">-1 for rising curves, +1 for falling ones: the sign of the slope.</param>
/// <param name="Orientation">Sign o in u = o b (ln x - middle) + k.</param>
/// <param name="AmplitudeSign">+1 where h = 1 at the upper asymptote, -1 where it is at the lower one (a mirrored curve).</param>
/// <param name="IsCentred">Whether both asymptotes are free.</param>
/// <param name="Shift">h at the origin; meaningless when centred.</param>
/// <param name="HeldAmplitude">Amplitude with its sign when both asymptotes are held; null otherwise.</param>
internal readonly record struct LogisticBranch(int Direction, int Orientation, int AmplitudeSign, bool IsCentred, double Shift, double? HeldAmplitude)
{
    public static LogisticBranch Of(LogisticFamily family, int direction, double? heldLower, double? heldUpper)
    {
        bool isMirrored = family == LogisticFamily.FiveParameterAd && direction < 0;
        int sign = isMirrored ? -1 : 1;
        return new LogisticBranch(
            direction,
            isMirrored ? -direction : direction,
            sign,
            heldLower is null && heldUpper is null,
            heldLower is not null == isMirrored ? 1 : 0,
            heldUpper - heldLower is { } amplitude ? sign * amplitude : null);
    }
}

/// <summary>The logistic families that the solver knows.</summary>
public enum LogisticFamily
{
    /// <summary>4PL.</summary>
    FourParameter,

    /// <summary>5PL, the exponent acting on the distance from the lower asymptote.</summary>
    FiveParameter,

    /// <summary>5PL, the exponent acting on the distance from the response at infinite concentration.</summary>
    FiveParameterAd,
}

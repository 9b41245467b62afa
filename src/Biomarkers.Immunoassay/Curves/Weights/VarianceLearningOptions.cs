namespace Biomarkers.Immunoassay.Curves.Weights;

/// <summary>What is held of a variance function before a plate was seen.</summary>
/// <remarks>ln V is normal around the prior's at eight places, evenly over ln response between the lowest and the highest group, each with the error that ln s^2
/// of an eighth of <see cref="DegreesOfFreedom"/> has: so the prior is worth that many degrees of freedom. Besides, theta is normal
/// around the prior's with <see cref="ThetaStandardDeviation"/>, because groups at one response tell nothing about a power.</remarks>
public sealed record VarianceFunctionPrior
{
    /// <summary>Relative SD of a well, SD / f; more than 0. Default 0.08, as within-plate duplicates of ligand-binding assays have.</summary>
    public double RelativeStandardDeviation { get; init; } = 0.08;

    /// <summary>SD of a well at response 0, unit of the response, 0 or more. Default 0: the floor is left to the data.</summary>
    public double Floor { get; init; }

    /// <summary>Centre of theta's prior, 0 to 2. Default 1, a constant CV.</summary>
    public double Theta { get; init; } = 1;

    /// <summary>SD of theta's prior, more than 0. Default 0.25.</summary>
    public double ThetaStandardDeviation { get; init; } = 0.25;

    /// <summary>Equivalent degrees of freedom, 0 or more. Default 4: a plate of eight duplicates outweighs it.</summary>
    public double DegreesOfFreedom { get; init; } = 4;
}

/// <summary>How a variance function is learned.</summary>
public sealed record VarianceLearningOptions
{
    /// <summary>The defaults.</summary>
    public static VarianceLearningOptions Default { get; } = new();

    /// <summary>What is held before.</summary>
    public VarianceFunctionPrior Prior { get; init; } = new();

    /// <summary>Theta held at a value, 0 to 2; null, the default, to learn it.</summary>
    public double? HeldTheta { get; init; }

    /// <summary>Whether the constant part a is learned; otherwise it is 0 (or what the resolution asks for). Default true.</summary>
    public bool HasFloor { get; init; } = true;

    /// <summary>Smallest step between two responses of the reader, unit of the response; a^2 is at least its square over 12, the variance of
    /// rounding, so that wells which rounding made equal can't teach a variance of 0. 0, the default, when unknown.</summary>
    public double ResponseResolution { get; init; }

    /// <summary>Whether groups that scatter beyond all chance are left out, the most deviant first, at most a tenth of them; they are counted and
    /// named. Default false: they are only named.</summary>
    public bool LeavesOutOutlyingGroups { get; init; }

    /// <summary>Most steps of the optimisation, 1 or more. Default 500.</summary>
    public int IterationLimit { get; init; } = 500;
}

namespace Biomarkers.Faults.Fuzzing;

/// <summary>Something that takes whatever a stranger sends, and what must hold for every input.</summary>
internal abstract class FuzzTarget
{
    /// <summary>Name on the command line and of the folder of its inputs.</summary>
    public abstract string Name { get; }

    /// <summary>Inputs to begin with.</summary>
    public abstract IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>A changed copy of an input.</summary>
    /// <param name="input">Any input.</param>
    /// <param name="other">Another one, to take pieces from.</param>
    /// <param name="random">Source of chance.</param>
    public abstract byte[] Mutate(byte[] input, byte[] other, Random random);

    /// <summary>Takes an input.</summary>
    /// <returns>What became of it, in words that are equal for inputs of one kind: an input of a new kind is worth mutating further.</returns>
    /// <exception cref="FuzzFindingException">A promise does not hold.</exception>
    /// <exception cref="Exception">Every other exception is a finding too.</exception>
    public abstract string Run(byte[] input);
}

/// <summary>A promise does not hold.</summary>
internal sealed class FuzzFindingException(string message) : Exception(message);

namespace Biomarkers.Cli;

/// <summary>What the executable tells the shell; the same for every command.</summary>
public static class ExitCodes
{
    /// <summary>The answer is there and usable.</summary>
    public const int Ok = 0;

    /// <summary>The command ran and its answer is negative: a fit that is not usable, a rejected run. The answer is printed.</summary>
    public const int Negative = 1;

    /// <summary>The arguments or the input are wrong: nothing was computed, and the error stream says why.</summary>
    public const int BadInput = 2;

    /// <summary>Events are safe on this machine's disk and wait for the server.</summary>
    public const int Waiting = 3;

    /// <summary>One line for the help.</summary>
    public const string Explanation = "0 an answer, 1 a negative answer such as an unusable fit or a rejected run, 2 wrong arguments or input";
}

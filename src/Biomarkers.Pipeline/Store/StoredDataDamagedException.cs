namespace Biomarkers.Pipeline.Store;

/// <summary>What is stored is not what was stored: it is refused rather than served or built upon. Only what it names is concerned; the store goes on.</summary>
public sealed class StoredDataDamagedException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="target">What is damaged: a resource name such as <c>analyticalRuns/7</c>, or words where no name can be read.</param>
    /// <param name="finding">What was found and what was expected; no value of a result.</param>
    /// <param name="innerException">What made it unreadable; null where it can be read.</param>
    public StoredDataDamagedException(string target, string finding, Exception? innerException = null)
        : base($"{target} is damaged in the store: {finding}", innerException)
    {
        Target = target;
        Finding = finding;
    }

    /// <summary>What is damaged.</summary>
    public string Target { get; }

    /// <summary>What was found and what was expected.</summary>
    public string Finding { get; }
}

namespace Biomarkers.Faults;

/// <summary>Programs of the machine that a fault needs.</summary>
internal static class Tools
{
    /// <summary>Says what is missing: a failure where everything is required (<c>BIOMARKERS_REQUIRE_ALL</c>), a skip elsewhere.</summary>
    /// <param name="programs">Names of programs.</param>
    /// <returns>Exit code; null where all are there.</returns>
    public static int? Missing(params string[] programs)
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator);
        return Array.Find(programs, program => !folders.Any(folder => File.Exists(Path.Combine(folder, program)))) is { } missing ? Skip($"'{missing}' is not installed") : null;
    }

    /// <summary>Says why nothing is done.</summary>
    /// <returns>Exit code.</returns>
    public static int Skip(string reason)
    {
        bool isRequired = Environment.GetEnvironmentVariable("BIOMARKERS_REQUIRE_ALL") is { Length: > 0 };
        Console.Error.WriteLine(isRequired ? $"Not done: {reason}." : $"SKIPPED: {reason}.");
        return isRequired ? 1 : 0;
    }
}

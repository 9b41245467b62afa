namespace Biomarkers.Client;

/// <summary>The key by which a client says who it is: one line of text in a file that only its owner reads.</summary>
public static class ClientKey
{
    /// <summary>Environment variable that names the key file.</summary>
    public const string FileVariable = "BIOMARKERS_KEY_FILE";

    /// <summary>Longest key that is accepted, in characters; a token of an identity provider may stand in the file too.</summary>
    private const int MaximumLength = 8192;

    /// <summary>Where the key is when nobody says otherwise: <c>biomarkers/client.key</c> in the user's local application data. A server on
    /// this machine writes it there at its first start.</summary>
    public static string DefaultPath => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "biomarkers", "client.key");

    /// <summary>Finds and reads the key.</summary>
    /// <param name="path">Key file; null for the one of <see cref="FileVariable"/>, else <see cref="DefaultPath"/>.</param>
    /// <returns>The key; null only when no file is named and there is none at the default path: the server then says whether it needs one.</returns>
    /// <exception cref="BiomarkersClientException">A named file is not there, can't be read, or does not hold one line of printable ASCII.</exception>
    public static string? Find(string? path = null)
    {
        string? named = path ?? NullIfEmpty(Environment.GetEnvironmentVariable(FileVariable));
        if (named is null && !File.Exists(DefaultPath))
        {
            return null;
        }

        return Read(named ?? DefaultPath);
    }

    private static string Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BiomarkersClientException($"Unable to read the key file '{path}': {exception.Message}", exception);
        }

        string key = text.Trim();
        return key.Length is > 0 and <= MaximumLength && key.All(c => c is > ' ' and <= '~')
            ? key
            : throw new BiomarkersClientException($"The key file '{path}' holds no key; expected one line of 1 to {MaximumLength} printable characters.");
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}

/// <summary>The client can't do what it was told: a file, an address or a setting is wrong. The message says which and what was expected.</summary>
public sealed class BiomarkersClientException : Exception
{
    /// <summary>Makes an exception without a message.</summary>
    public BiomarkersClientException()
    {
    }

    /// <summary>Makes an exception.</summary>
    public BiomarkersClientException(string message)
        : base(message)
    {
    }

    /// <summary>Makes an exception with its cause.</summary>
    public BiomarkersClientException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

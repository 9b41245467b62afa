using Biomarkers.Client;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Cli.Servers;

/// <summary>Resource names and words between the command line and the contract.</summary>
internal static class Names
{
    /// <summary>A resource name from what a person typed: <c>P1</c> and <c>plates/P1</c> are the same; empty where nothing was typed.</summary>
    /// <param name="collection">Collection, such as <c>plates</c>.</param>
    /// <param name="text">Name with or without its collection; null for none.</param>
    public static string InCollection(string collection, string? text)
    {
        string name = text?.Trim() ?? "";
        return name.Length == 0 || name.StartsWith($"{collection}/", StringComparison.Ordinal) ? name : $"{collection}/{name}";
    }

    /// <summary>The id that was typed, alone or as a resource name: <c>P1</c> of <c>P1</c> and of <c>plates/P1</c>. What else is in it is for the server to refuse.</summary>
    public static string IdIn(string collection, string? text)
    {
        string name = InCollection(collection, text);
        return name.Length == 0 ? name : name[(collection.Length + 1)..];
    }

    /// <summary>The last segment of a resource name: <c>P1</c> of <c>plates/P1</c>.</summary>
    public static string LastOf(string name) => name[(name.LastIndexOf('/') + 1)..];

    /// <summary>Null for an empty text, which the contract sends for what is absent.</summary>
    public static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    /// <summary>The words of a list of the contract as a person types them.</summary>
    public static string WordsOf<T>()
        where T : struct, Enum => string.Join(", ", Typed<T>().Select(CommandConsole.WordOf));

    /// <summary>Reads a typed word; unspecified where none was typed, a fault where it is not known.</summary>
    public static T ReadWord<T>(string option, string? text, List<Fault> faults)
        where T : struct, Enum
    {
        T found = Typed<T>().FirstOrDefault(value => CommandConsole.WordOf(value) == text?.Trim().ToLowerInvariant());
        if (text is not null && Equals(found, default(T)))
        {
            faults.Add(new Fault(option, FaultReasons.UnknownWord, $"There is no '{Texts.Shorten(text)}'; expected one of {WordsOf<T>()}."));
        }

        return found;
    }

    /// <summary>The word of the domain that has the name of a word of the contract.</summary>
    /// <exception cref="BiomarkersClientException">The domain has no such word: the server is newer.</exception>
    public static T ToDomain<T>(Enum word)
        where T : struct, Enum => Enum.TryParse(word.ToString(), out T found) && Enum.IsDefined(found) ? found : throw Unknown(typeof(T).Name, word.ToString());

    /// <summary>What an answer of a newer server comes to.</summary>
    public static BiomarkersClientException Unknown(string what, string value) =>
        new($"The server answers {what} '{Texts.Shorten(value)}', which this program does not know: the server is newer.");

    // Unspecified, the first word of every list of the contract, is what stands where nobody typed one.
    private static IEnumerable<T> Typed<T>()
        where T : struct, Enum => Enum.GetValues<T>().Where(value => !Equals(value, default(T)));
}

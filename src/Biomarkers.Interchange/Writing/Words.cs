using System.Text.Json;

namespace Biomarkers.Interchange.Writing;

/// <summary>Words of closed lists as the project's JSON writes them: <c>below-lloq</c>.</summary>
internal static class Words
{
    public static string Of<T>(T word)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(word.ToString());
}

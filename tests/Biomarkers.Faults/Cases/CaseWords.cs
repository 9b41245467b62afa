using System.Text.RegularExpressions;
using Biomarkers.Client;

namespace Biomarkers.Faults.Cases;

/// <summary>Outcomes in the words of the contract, to be compared with what a row says.</summary>
internal static partial class CaseWords
{
    /// <summary>An enumeration's value as the contract writes it: <c>OutOfRange</c> is <c>OUT_OF_RANGE</c>.</summary>
    public static string Of(Enum value) => WordStart().Replace(value.ToString(), "_$0").ToUpperInvariant();

    /// <summary>Whether a fault is the one that a row names: code, then a reason of the error or of one of its fields, then the field's path or a fact of the error.</summary>
    public static bool Matches(RpcFault fault, IEnumerable<string> expected)
    {
        string[] found =
        [
            Of(fault.Code),
            fault.Reason,
            .. fault.Fields.SelectMany(field => new[] { field.Reason, field.Field }),
            .. fault.Metadata.Select(fact => $"{fact.Key}={fact.Value}"),
        ];
        return expected.All(found.Contains);
    }

    [GeneratedRegex("(?<=[a-z0-9])[A-Z]")]
    private static partial Regex WordStart();
}

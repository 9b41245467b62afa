namespace Biomarkers.Immunoassay.Assays;

/// <summary>The form of a LOINC code; whether LOINC has it is not asked.</summary>
public static class LoincCode
{
    /// <summary>Whether a text is 1 to 7 digits, a hyphen and a check digit, such as <c>26881-3</c>. The check digit is not computed.</summary>
    public static bool IsWellFormed(string code)
    {
        int hyphen = code.Length - 2;
        return hyphen is >= 1 and <= 7 && code[hyphen] == '-' && char.IsAsciiDigit(code[^1]) && code.AsSpan(0, hyphen).IndexOfAnyExceptInRange('0', '9') < 0;
    }
}

using System.Text.RegularExpressions;

namespace Biomarkers.Tests.Architecture;

/// <summary>Finds the functions of a C# text and how long they are.</summary>
internal sealed partial class MemberLengths
{
    private readonly string code;
    private readonly List<Function> functions = [];
    private int at;

    private MemberLengths(string code) => this.code = code;

    /// <summary>Functions of blanked code (see <see cref="CSharpText.Code"/>): methods, constructors, operators and properties with bodies,
    /// and the statements of a program without a class. Tables in field initializers are data and no functions.</summary>
    public static IReadOnlyList<Function> Of(string code)
    {
        var lengths = new MemberLengths(code);
        while (lengths.at < code.Length)
        {
            lengths.ReadMember();
        }

        return lengths.functions;
    }

    // Reads one member of a type or namespace: up to its semicolon, or to the end of its braces; a type's braces are entered.
    private void ReadMember()
    {
        while (at < code.Length && (char.IsWhiteSpace(code[at]) || code[at] is '}' or ';'))
        {
            at++;
        }

        int start = at;
        bool isData = false;
        for (int depth = 0; at < code.Length; at++)
        {
            char c = code[at];
            depth += c is '(' or '[' ? 1 : c is ')' or ']' ? -1 : 0;
            if (depth > 0)
            {
                continue;
            }

            if (c == ';')
            {
                Add(start, at++, isData);
                return;
            }

            if (c == '{')
            {
                if (TypeWord().IsMatch(HeaderOf(code[start..at])))
                {
                    at++;
                    return;
                }

                SkipBraces();
                if (!isData && !AssignmentFollows())
                {
                    Add(start, at++, isData);
                    return;
                }
            }

            isData |= c == '=' && !IsArrowOrOperator(start);
        }
    }

    private void Add(int start, int end, bool isData)
    {
        if (!isData && end > start)
        {
            functions.Add(new Function(CSharpText.LineOf(code, start), code[start..end].Count('\n'.Equals) + 1));
        }
    }

    private void SkipBraces()
    {
        int depth = 0;
        do
        {
            depth += code[at] switch { '{' => 1, '}' => -1, _ => 0 };
            at++;
        }
        while (depth > 0 && at < code.Length);
        at--;
    }

    // { get; } = value;
    private bool AssignmentFollows() => code.AsSpan(at + 1).TrimStart() is ['=', not '>', ..];

    // The equals sign at this place begins no value: it is that of an arrow, stands behind one, or names an operator.
    private bool IsArrowOrOperator(int start)
    {
        string before = code[start..at];
        return code.AsSpan(at).StartsWith("=>") || before.Contains("=>", StringComparison.Ordinal) || before.Contains("operator", StringComparison.Ordinal);
    }

    // What stands before the parameters and constraints, without attributes: there a type is called class, struct and so on.
    private static string HeaderOf(string declaration)
    {
        string header = Attribute().Replace(declaration, " ");
        int parameters = header.IndexOf('(', StringComparison.Ordinal);
        return parameters < 0 ? header : header[..parameters];
    }

    [GeneratedRegex(@"\b(class|struct|interface|enum|record|namespace)\b")]
    private static partial Regex TypeWord();

    [GeneratedRegex(@"\[[^\[\]]*\]")]
    private static partial Regex Attribute();
}

/// <summary>A function: its first line, 1-based, and its number of lines.</summary>
internal sealed record Function(int Line, int Length);

using System.Text;

namespace Biomarkers.Tests.Architecture;

/// <summary>C# text taken apart into code, comments and literals, as far as the checks of this folder need it.</summary>
internal sealed class CSharpText
{
    private readonly string text;
    private readonly StringBuilder code;
    private readonly List<Literal> literals = [];
    private int at;

    private CSharpText(string text)
    {
        this.text = text;
        code = new StringBuilder(text.Length);
    }

    /// <summary>The text with every comment and every content of a literal blanked out; of the same length, with the same line ends.</summary>
    public string Code => code.ToString();

    /// <summary>String literals with what stands between their quotes, holes included.</summary>
    public IReadOnlyList<Literal> Literals => literals;

    public static CSharpText Read(string text)
    {
        var read = new CSharpText(text);
        read.ReadCode(untilBrace: false);
        return read;
    }

    /// <summary>1-based line of a place in the text.</summary>
    public static int LineOf(string text, int index) => text.AsSpan(0, index).Count('\n') + 1;

    // Code up to the end, or up to the brace that closes the hole of an interpolated string.
    private void ReadCode(bool untilBrace)
    {
        int depth = 0;
        while (at < text.Length)
        {
            if (Starts("//"))
            {
                int end = text.IndexOf('\n', at);
                Blank(end < 0 ? text.Length : end);
            }
            else if (Starts("/*"))
            {
                Blank(text.IndexOf("*/", at, StringComparison.Ordinal) + 2);
            }
            else if (text[at] == '\'')
            {
                Blank(text.IndexOf('\'', at + (text[at + 1] == '\\' ? 3 : 2)) + 1);
            }
            else if (LiteralPrefix() is { } prefix)
            {
                ReadLiteral(prefix);
            }
            else
            {
                depth += text[at] switch { '{' => 1, '}' => -1, _ => 0 };
                if (untilBrace && depth < 0)
                {
                    return;
                }

                code.Append(text[at++]);
            }
        }
    }

    // The characters before the quote of a literal that begins here, such as "", "$" or "@"; null when none does.
    private string? LiteralPrefix()
    {
        int quote = at;
        while (quote < text.Length && text[quote] is '$' or '@')
        {
            quote++;
        }

        return quote < text.Length && text[quote] == '"' ? text[at..quote] : null;
    }

    private void ReadLiteral(string prefix)
    {
        int start = at + prefix.Length;
        code.Append(prefix);
        at = start;
        int quotes = text.AsSpan(at).IndexOfAnyExcept('"');
        if (quotes >= 3 && !prefix.Contains('@'))
        {
            int end = text.IndexOf(new string('"', quotes), at + quotes, StringComparison.Ordinal);
            literals.Add(new Literal(LineOf(text, at), text[(at + quotes)..end]));
            Blank(end + quotes);
            return;
        }

        code.Append('"');
        at++;
        ReadQuoted(interpolated: prefix.Contains('$'), verbatim: prefix.Contains('@'));
        literals.Add(new Literal(LineOf(text, start), text[(start + 1)..at]));
        code.Append('"');
        at++;
    }

    // Leaves the place at the closing quote.
    private void ReadQuoted(bool interpolated, bool verbatim)
    {
        while (text[at] != '"' || (verbatim && Starts("\"\"")))
        {
            if ((interpolated && (Starts("{{") || Starts("}}"))) || (verbatim && Starts("\"\"")) || (!verbatim && text[at] == '\\'))
            {
                Blank(at + 2);
            }
            else if (interpolated && text[at] == '{')
            {
                Blank(at + 1);
                ReadCode(untilBrace: true);
                Blank(at + 1);
            }
            else
            {
                Blank(at + 1);
            }
        }
    }

    private void Blank(int end)
    {
        for (; at < end; at++)
        {
            code.Append(text[at] == '\n' ? '\n' : ' ');
        }
    }

    private bool Starts(string start) => string.CompareOrdinal(text, at, start, 0, start.Length) == 0;
}

/// <summary>A string literal.</summary>
internal sealed record Literal(int Line, string Text);

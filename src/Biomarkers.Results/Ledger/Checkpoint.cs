using System.Globalization;
using System.Text;
using Biomarkers.Immunoassay;

namespace Biomarkers.Results.Ledger;

/// <summary>Where the chain of a read stream ends.</summary>
/// <param name="StreamKey">Key of the stream in its database.</param>
/// <param name="Name">Its resource name, <c>instruments/{instrument}/readStreams/{stream}</c>.</param>
/// <param name="NextOffset">Number of its events.</param>
/// <param name="Chain">Hash over all of them.</param>
public sealed record StreamHead(long StreamKey, string Name, long NextOffset, ContentHash Chain);

/// <summary>A statement about a database at one moment: where its ledger and its read streams end.</summary>
/// <param name="Ledger">Hash of the ledger's first event: it names the ledger, also after a restore.</param>
/// <param name="Generation">The database's generation, which a restore changes.</param>
/// <param name="Sequence">Number of audit events, 1 or more.</param>
/// <param name="Hash">Hash at which the ledger's chain ends.</param>
/// <param name="Time">By the server's clock, whole microseconds.</param>
/// <param name="Streams">Every read stream, by key.</param>
public sealed record Checkpoint(ContentHash Ledger, long Generation, long Sequence, ContentHash Hash, DateTimeOffset Time, IReadOnlyList<StreamHead> Streams)
{
    private const string FirstLine = "biomarkers-checkpoint 1";

    /// <summary>The statement as it is signed: UTF-8 lines, each ended by one line feed.</summary>
    /// <remarks>First the form and its version; then <c>ledger</c>, <c>generation</c>, <c>sequence</c>, <c>hash</c> and <c>time</c> (microseconds since 1970), each with its value;
    /// then for each stream <c>stream KEY NEXT_OFFSET CHAIN NAME</c>.</remarks>
    public string ToStatement()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{FirstLine}\nledger {Ledger}\ngeneration {Generation}\nsequence {Sequence}\nhash {Hash}\ntime {Instant.ToMicroseconds(Time)}\n");
        foreach (StreamHead stream in Streams)
        {
            if (stream.Name.Contains('\n', StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"The name of stream {stream.StreamKey} holds a line feed; no stream is opened under such a name.");
            }

            text.Append(CultureInfo.InvariantCulture, $"stream {stream.StreamKey} {stream.NextOffset} {stream.Chain} {stream.Name}\n");
        }

        return text.ToString();
    }

    /// <summary>Whether both say the same of the database, at whatever time.</summary>
    public bool SaysTheSame(Checkpoint other) =>
        (Ledger, Generation, Sequence, Hash) == (other.Ledger, other.Generation, other.Sequence, other.Hash) && Streams.SequenceEqual(other.Streams);

    /// <summary>Reads a statement.</summary>
    /// <exception cref="FormatException">It is none of this form; the message says where.</exception>
    public static Checkpoint Parse(string statement)
    {
        string[] lines = statement.Split('\n');
        if (lines.Length < 7 || lines[0] != FirstLine || lines[^1].Length > 0)
        {
            throw new FormatException($"A checkpoint begins with '{FirstLine}', has five more lines and ends with a line feed.");
        }

        return new Checkpoint(
            ContentHash.Parse(Value(lines[1], "ledger")),
            Number(Value(lines[2], "generation")),
            Number(Value(lines[3], "sequence")),
            ContentHash.Parse(Value(lines[4], "hash")),
            Instant.FromMicroseconds(Number(Value(lines[5], "time"))),
            [.. lines[6..^1].Select(StreamOf)]);
    }

    private static StreamHead StreamOf(string line)
    {
        string[] words = Value(line, "stream").Split(' ', 4);
        return words.Length == 4
            ? new StreamHead(Number(words[0]), words[3], Number(words[1]), ContentHash.Parse(words[2]))
            : throw new FormatException($"'{line}' is no line of a stream; expected its key, next offset, chain and name.");
    }

    private static string Value(string line, string name) =>
        line.StartsWith($"{name} ", StringComparison.Ordinal) ? line[(name.Length + 1)..] : throw new FormatException($"Expected the line '{name}' of a checkpoint, got '{line}'.");

    private static long Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : throw new FormatException($"Expected a whole number in a checkpoint, got '{text}'.");
}

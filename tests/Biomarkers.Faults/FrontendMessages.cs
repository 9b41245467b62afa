using System.Buffers.Binary;
using System.Text;

namespace Biomarkers.Faults;

/// <summary>Cuts what a client of PostgreSQL sends into messages, and knows which of them commit.</summary>
/// <remarks>Source: PostgreSQL, Frontend/Backend Protocol, "Message Formats". Before the start-up message, messages have a length and no type;
/// after it a type, then the length, which counts itself. A COMMIT is either a simple query or a statement that was parsed before and is bound.</remarks>
internal sealed class FrontendMessages
{
    private const int LengthBytes = 4;

    // Version 3 of the protocol in the upper half; requests for encryption and cancellation have 1234 there.
    private const int StartUpVersion = 3;

    private readonly HashSet<string> commitStatements = [];
    private byte[] rest = [];
    private bool started;

    /// <summary>What a message does.</summary>
    public enum Step
    {
        /// <summary>Nothing that matters here.</summary>
        Other,

        /// <summary>It is the whole COMMIT.</summary>
        Commit,

        /// <summary>It is the first message of a COMMIT that ends with the next <see cref="Sync"/>.</summary>
        CommitBegins,

        /// <summary>Asks for the answers to everything before.</summary>
        Sync,
    }

    /// <summary>Takes bytes and gives the messages that are whole by now; the rest waits for more.</summary>
    public IEnumerable<(Step Step, ReadOnlyMemory<byte> Bytes)> Take(ReadOnlyMemory<byte> bytes)
    {
        ReadOnlyMemory<byte> waiting = rest.Length == 0 ? bytes : (byte[])[.. rest, .. bytes.Span];
        while (WholeLength(waiting.Span) is { } length)
        {
            ReadOnlyMemory<byte> message = waiting[..length];
            waiting = waiting[length..];
            yield return (StepOf(message.Span), message);
        }

        rest = waiting.ToArray();
    }

    private int? WholeLength(ReadOnlySpan<byte> bytes)
    {
        int typeBytes = started ? 1 : 0;
        if (bytes.Length < typeBytes + LengthBytes)
        {
            return null;
        }

        int length = typeBytes + BinaryPrimitives.ReadInt32BigEndian(bytes[typeBytes..]);
        return bytes.Length >= length ? length : null;
    }

    private Step StepOf(ReadOnlySpan<byte> message)
    {
        if (!started)
        {
            started = BinaryPrimitives.ReadInt32BigEndian(message[LengthBytes..]) >> 16 == StartUpVersion;
            return Step.Other;
        }

        ReadOnlySpan<byte> body = message[(1 + LengthBytes)..];
        switch ((char)message[0])
        {
            case 'Q':
                return IsCommit(Text(ref body)) ? Step.Commit : Step.Other;
            case 'P':
                string parsed = Text(ref body);
                _ = IsCommit(Text(ref body)) ? commitStatements.Add(parsed) : commitStatements.Remove(parsed);
                return Step.Other;
            case 'B':
                Text(ref body);
                return commitStatements.Contains(Text(ref body)) ? Step.CommitBegins : Step.Other;
            case 'S':
                return Step.Sync;
            default:
                return Step.Other;
        }
    }

    private static bool IsCommit(string sql) => sql.Trim().TrimEnd(';').Equals("COMMIT", StringComparison.OrdinalIgnoreCase);

    // The text up to the next zero byte.
    private static string Text(ref ReadOnlySpan<byte> body)
    {
        int end = body.IndexOf((byte)0);
        string text = Encoding.UTF8.GetString(body[..end]);
        body = body[(end + 1)..];
        return text;
    }
}

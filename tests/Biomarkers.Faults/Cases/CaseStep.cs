using System.Globalization;

namespace Biomarkers.Faults.Cases;

/// <summary>One step of a case: <c>[client:] verb words option=value wells:value -> expected outcome</c>.</summary>
/// <remarks>
/// The first client is <c>a</c>; each has a connection and a stream of its own, on the same instrument unless <c>instrument=</c> or <c>stream=</c> say otherwise.
/// <list type="table">
/// <item><c>open</c>: opens the stream; <c>-> next N</c> names the offset to go on from, <c>-> ends CODE REASON</c> a refusal.
/// <c>clock=+3</c>: the sender's clock, hours off. <c>as=INSTRUMENT</c>: known by the key or certificate of that instrument, and not by the owner's key.</item>
/// <item><c>send OFFSET PLATE</c>: a whole plate; <c>start</c>, <c>wells</c>, <c>complete</c>: one in parts; <c>content=</c> and <c>message=</c>: a damaged one.
/// Without an outcome it is stored; <c>DUPLICATE</c>, <c>QUARANTINED REASON</c>, <c>HELD REASON</c>, <c>ends CODE REASON KEY=VALUE</c>.</item>
/// <item><c>cut-mid OFFSET PLATE</c>: the connection breaks when part of the message is on the server. <c>cut</c>: it breaks now. <c>half-close</c>: the sender is done.</item>
/// <item><c>stored N</c>: waits until the server has N events, while no answer is read. <c>analyzed</c>: waits until nothing is left to analyse.
/// <c>state PLATE -> STATE</c> looks at a plate.</item>
/// <item><c>submit</c>, <c>layout</c>, <c>use</c>, <c>dismiss</c>, <c>replay</c>, <c>repair</c>, <c>close</c>: calls of a person; <c>-> CODE REASON</c> a refusal.</item>
/// <item><c>release</c>, <c>withdraw</c>: a reviewer's, of all results of a plate; <c>status PLATE SAMPLE -> STATUS ...</c> looks at the versions of a sample's first
/// result, newest first.</item>
/// <item><c>reanalyze PLATE without=WELL reason=</c>: a well is left out; <c>correct</c>: a reviewer's, of all results that left and have a newer computation.</item>
/// <item><c>subscribe PLATE</c>, <c>acknowledge PLATE</c>: a LIMS's, all that it pulled; <c>pull PLATE -> STATUS</c>: what comes of the plate, <c>NONE</c> for nothing.</item>
/// <item><c>enroll INSTRUMENT</c>, <c>key INSTRUMENT</c>: an admin's; <c>certificate INSTRUMENT</c>: the laboratory's authority makes one, with TLS only.</item>
/// <item><c>file NAME PLATE</c>: a file beside the cases, read as an adapter does; <c>-> REASON</c> a refusal. <c>clock HOURS</c>: moves the server's clock.</item>
/// </list>
/// What varies a plate: see <see cref="CasePlates"/>.
/// </remarks>
/// <param name="Text">As written.</param>
/// <param name="Client">Who acts.</param>
/// <param name="Verb">What is done.</param>
/// <param name="Words">To what.</param>
/// <param name="Options">How.</param>
/// <param name="Wells">Wells of the plate that are changed, and to what.</param>
/// <param name="Expected">Outcome, word by word; empty for the usual one.</param>
internal sealed record CaseStep(
    string Text,
    string Client,
    string Verb,
    IReadOnlyList<string> Words,
    IReadOnlyDictionary<string, string> Options,
    IReadOnlyList<(string Wells, string Value)> Wells,
    IReadOnlyList<string> Expected)
{
    private const string Arrow = " -> ";

    /// <summary>Verbs that send one event and go on without an answer.</summary>
    private static readonly string[] Sending = ["send", "start", "wells", "complete"];

    /// <summary>Whether the step sends one event that does not end the call.</summary>
    public bool Sends => Sending.Contains(Verb) && !Ends;

    /// <summary>Whether the call ends.</summary>
    public bool Ends => Expected is ["ends", ..];

    /// <summary>The plate that is named last.</summary>
    public string Plate => Words[^1];

    /// <summary>Offset of an event.</summary>
    public long Offset => long.Parse(Words[0], CultureInfo.InvariantCulture);

    /// <summary>Reads a step.</summary>
    /// <exception cref="FormatException">It has no verb.</exception>
    public static CaseStep Parse(string text)
    {
        string[] halves = text.Split(Arrow, 2);
        List<string> tokens = [.. halves[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        string client = "a";
        if (tokens.Count > 0 && tokens[0].EndsWith(':'))
        {
            client = tokens[0][..^1];
            tokens.RemoveAt(0);
        }

        if (tokens.Count == 0)
        {
            throw new FormatException($"'{text}' says nothing to do; expected a verb.");
        }

        string[] options = [.. tokens.Skip(1).Where(token => token.Contains('=', StringComparison.Ordinal))];
        string[] wells = [.. tokens.Skip(1).Except(options).Where(token => token.Contains(':', StringComparison.Ordinal))];
        return new CaseStep(
            text,
            client,
            tokens[0],
            [.. tokens.Skip(1).Except(options).Except(wells)],
            options.Select(option => option.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]),
            [.. wells.Select(well => well.Split(':', 2)).Select(pair => (pair[0], pair[1]))],
            halves.Length == 1 ? [] : halves[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>An option, or what it is without one.</summary>
    public string Option(string name, string standard = "") => Options.GetValueOrDefault(name, standard);

    /// <summary>An option that is a number.</summary>
    public double Number(string name, double standard) =>
        Options.TryGetValue(name, out string? text) ? double.Parse(text, CultureInfo.InvariantCulture) : standard;
}

/// <summary>A case did not go as its row says.</summary>
internal sealed class CaseFailureException(string message, Exception? inner = null) : Exception(message, inner);

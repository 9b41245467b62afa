using Biomarkers.Client;
using Biomarkers.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Biomarkers.Faults.Cases;

/// <summary>One run of one case: its steps in order, over the real stream, with names of instruments and plates of its own.</summary>
internal sealed partial class CaseRun : IAsyncDisposable
{
    private readonly IngestCase row;
    private readonly IReadOnlyList<CaseStep> steps;
    private readonly string scope;

    // In the order of their first opening, so that after a break the one that opened last opens last again.
    private readonly List<(string Name, CaseClient Client)> clients = [];
    private readonly Dictionary<string, Func<CaseStep, Task>> verbs;
    private CaseServer server;

    /// <summary>Prepares a run.</summary>
    /// <param name="row">The case.</param>
    /// <param name="name">Name of the run: lower-case letters, digits and hyphens, used once per database.</param>
    /// <param name="server">Its server.</param>
    public CaseRun(IngestCase row, string name, CaseServer server)
    {
        this.row = row;
        this.server = server;
        scope = $"case{row.Name}-{name}-";
        steps = row.ReadSteps();
        verbs = new Dictionary<string, Func<CaseStep, Task>>
        {
            ["open"] = OpenAsync,
            ["send"] = SendAsync,
            ["start"] = SendAsync,
            ["wells"] = SendAsync,
            ["complete"] = SendAsync,
            ["cut-mid"] = CutWithinAsync,
            ["cut"] = CutAsync,
            ["half-close"] = HalfCloseAsync,
            ["stored"] = StoredAsync,
            ["analyzed"] = _ => AnalyzedAsync(),
            ["state"] = StateAsync,
            ["submit"] = SubmitAsync,
            ["layout"] = LayoutAsync,
            ["use"] = step => ResolveAsync(step, isUsed: true),
            ["dismiss"] = step => ResolveAsync(step, isUsed: false),
            ["replay"] = ReplayAsync,
            ["repair"] = ReplayAsync,
            ["assay"] = AssayAsync,
            ["enroll"] = EnrollAsync,
            ["key"] = KeyAsync,
            ["certificate"] = CertificateAsync,
            ["close"] = CloseAsync,
            ["file"] = FileAsync,
            ["clock"] = ClockAsync,
            ["release"] = ReleaseAsync,
            ["withdraw"] = WithdrawAsync,
            ["reanalyze"] = ReanalyzeAsync,
            ["correct"] = CorrectAsync,
            ["subscribe"] = SubscribeAsync,
            ["pull"] = PullAsync,
            ["acknowledge"] = AcknowledgeAsync,
            ["status"] = StatusAsync,
        };
    }

    /// <summary>Case and run.</summary>
    public string Name => $"{row.Name} ({row.Title})";

    /// <summary>Number of steps.</summary>
    public int StepCount => steps.Count;

    /// <summary>Events that were sent and not answered when the last break came.</summary>
    public int UnansweredCount => clients.Count(client => client.Client.Unanswered is not null);

    /// <summary>Whether something was acknowledged.</summary>
    public bool HasAcknowledged => clients.Any(client => client.Client.Acknowledged > 0);

    /// <summary>Verbs that the run does not know.</summary>
    public IEnumerable<string> UnknownVerbs => steps.Select(step => step.Verb).Where(verb => !verbs.ContainsKey(verb));

    /// <summary>Does the first steps, where the kill comes after so many of them; an event that the last of them sends is left to <see cref="SendLastAsync"/>.</summary>
    /// <exception cref="CaseFailureException">A step did not go as the row says.</exception>
    public async Task BringToAsync(int place)
    {
        CaseStep last = steps[place - 1];
        await DoAsync(0, last.Sends ? place - 1 : place);
        if (last.Sends)
        {
            await SettleAllAsync(last);
        }
    }

    /// <summary>Sends the event that the last step before the kill sends, where it sends one, and reads no answer.</summary>
    public Task SendLastAsync(int place) => steps[place - 1].Sends ? SendAsync(steps[place - 1]) : Task.CompletedTask;

    /// <summary>Does the steps after the kill, and compares everything with the row.</summary>
    /// <exception cref="CaseFailureException">Something is not as the row says.</exception>
    public async Task FinishAsync(int place)
    {
        await DoAsync(place, steps.Count);
        await CheckAsync();
    }

    private async Task DoAsync(int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            CaseStep step = steps[i];
            try
            {
                await SettleAllAsync(step);
                await (verbs.TryGetValue(step.Verb, out Func<CaseStep, Task>? act) ? act(step) : throw new CaseFailureException($"Nobody can '{step.Verb}' yet."));
            }
            catch (Exception exception) when (exception is CaseFailureException or RpcException)
            {
                string why = exception is RpcException answer ? RpcFault.Of(answer).ToString() : exception.Message;
                throw new CaseFailureException($"Case {Name}, step {i + 1} '{step.Text}': {why}", exception);
            }
        }
    }

    /// <summary>Does all steps and compares everything with the row.</summary>
    /// <exception cref="CaseFailureException">Something is not as the row says.</exception>
    public async Task RunAsync()
    {
        await DoAsync(0, steps.Count);
        await CheckAsync();
    }

    /// <summary>The server was killed and is there again: who had a stream open opens it again, and sends again what has no answer.</summary>
    /// <returns>Events without an answer that were on disk all the same, and those that were not.</returns>
    /// <exception cref="CaseFailureException">Something that was acknowledged is gone.</exception>
    public async Task<(int OnDisk, int NotOnDisk)> ResumeAsync(CaseServer again)
    {
        server = again;
        (int onDisk, int notOnDisk) = (0, 0);
        foreach ((string name, CaseClient client) in clients.Where(client => client.Client.IsOpen))
        {
            long next = await client.OpenAsync(server, clock: null, compressed: false, IsRelayed(name));
            if (next < client.Acknowledged)
            {
                throw new CaseFailureException($"Case {Name}: events below {client.Acknowledged} were acknowledged, and after the kill {next} is the next offset.");
            }

            if (client.Unanswered is { } unanswered)
            {
                (onDisk, notOnDisk) = unanswered.Offset < next ? (onDisk + 1, notOnDisk) : (onDisk, notOnDisk + 1);
                await client.SendAgainAsync();
                await SettleAsync(client, wasSentBefore: true);
            }
        }

        return (onDisk, notOnDisk);
    }

    public async ValueTask DisposeAsync()
    {
        foreach ((_, CaseClient client) in clients)
        {
            await client.DisposeAsync();
        }

        folder?.Delete(recursive: true);
    }

    // A cut loses answers, and whoever waits for the server's disk reads none; everything else comes after the answer to what was sent.
    private async Task SettleAllAsync(CaseStep next)
    {
        if (next.Verb is "cut" or "stored")
        {
            return;
        }

        foreach ((_, CaseClient client) in clients.Where(client => client.Client.Unanswered is not null))
        {
            await SettleAsync(client, wasSentBefore: false);
        }
    }

    private static async Task SettleAsync(CaseClient client, bool wasSentBefore)
    {
        CaseStep step = client.Unanswered!.Step;
        Disposition? answer = await client.AnswerAsync();
        string kind = answer is null ? "STORED" : CaseWords.Of(answer.Kind);
        string expected = step.Expected.Count == 0 ? "STORED" : step.Expected[0];
        bool isRight = kind == expected || (wasSentBefore && expected == "STORED" && kind == "DUPLICATE");
        RpcFault? why = answer?.Status is { } status ? RpcFault.Of(status) : null;
        if (!isRight || !(why is null ? step.Expected.Count <= 1 : CaseWords.Matches(why, step.Expected.Skip(1))))
        {
            throw new CaseFailureException($"'{step.Text}' was answered with {kind}{(why is null ? string.Empty : $": {why}")}.");
        }
    }

    private CaseClient ClientOf(CaseStep step)
    {
        int known = clients.FindIndex(client => client.Name == step.Client);
        if (known < 0)
        {
            string instrument = step.Option("instrument", "reader");
            clients.Add((step.Client, new CaseClient($"instruments/{scope}{instrument}", step.Option("stream", "s1"))));
            known = clients.Count - 1;
        }

        return clients[known].Client;
    }

    private bool IsRelayed(string client) => steps.Any(step => step.Client == client && step.Verb == "cut-mid");

    private string Barcode(string plate) => scope + plate;

    private byte[] ContentOf(CaseStep step) => step.Option("content") switch
    {
        "" => CasePlates.Event(step, scope).ToByteArray(),
        "truncated" => CasePlates.Event(step, scope).ToByteArray()[..^7],
        "garbage" => [0xFF, 0xFF, 0x07],
        "too-large" => new byte[(1024 * 1024) + 1],
        "bomb" => new byte[4 * 1024 * 1024],
        string other => throw new FormatException($"Content '{other}' of '{step.Text}' is not known."),
    };

    private static bool Ended(CaseStep step, RpcException? exception) =>
        exception is not null && CaseWords.Matches(RpcFault.Of(exception), step.Expected.Skip(1));
}

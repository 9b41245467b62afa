namespace Biomarkers.Faults;

/// <summary>Which session suffers what: first a cut at every byte, then everything else, by the seed.</summary>
internal sealed class NetFaultPlan(NetPlan plan, int sent, int answered, int sentByTls)
{
    private static readonly NetworkFault[] Others =
    [
        NetworkFault.Close, NetworkFault.Stall, NetworkFault.HalfOpen, NetworkFault.Throttle, NetworkFault.FlipContent, NetworkFault.DuplicateConnection,
    ];

    /// <summary>Whether there are sessions enough for a cut at every byte of both directions.</summary>
    public bool EveryByteOnce => Cuts >= sent + answered;

    // At most three fifths of the sessions.
    private int Cuts => Math.Min(sent + answered, plan.Sessions * 3 / 5);

    /// <summary>The faults of the first connections of a session, and whether it goes by TLS.</summary>
    public (bool ByTls, PlannedFault[] Faults) Of(int number)
    {
        if (number < Cuts)
        {
            // Spread evenly where they are too few for every byte.
            int place = (int)((long)number * (sent + answered) / Cuts);
            return (false, [place < sent ? new PlannedFault(NetworkFault.CutAfterSent, place) : new PlannedFault(NetworkFault.CutAfterAnswered, place - sent)]);
        }

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
        var random = new Random(unchecked((plan.Seed * 1_000_003) + number));
        if (number % 3 == 0)
        {
            NetworkFault kind = random.Next(3) == 0 ? NetworkFault.CutAfterSent : NetworkFault.Flip;
            return (true, [.. Enumerable.Range(0, 1 + random.Next(2)).Select(_ => new PlannedFault(kind, random.Next(sentByTls)))]);
        }

        return (false, [.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => Any())]);

        PlannedFault Any() => new(Others[random.Next(Others.Length)], random.Next(random.Next(2) == 0 ? sent : answered));
#pragma warning restore CA5394
    }
}

/// <summary>What came of it.</summary>
/// <param name="Plan">What was run.</param>
/// <param name="Faults">Planned faults by kind.</param>
/// <param name="BytesSent">Bytes that a session without a fault sends.</param>
/// <param name="BytesAnswered">Bytes that it is answered by.</param>
/// <param name="EveryByteOnce">Whether a session was cut at every one of them.</param>
/// <param name="BrokenSessions">Sessions that needed more than one connection.</param>
/// <param name="EventsSent">Events of all sessions, each acknowledged.</param>
/// <param name="Kept">What the comparison found.</param>
/// <param name="LostByControl">Events that a sender without acknowledgements took for stored.</param>
/// <param name="Seconds">Time of everything.</param>
internal sealed record NetReport(
    NetPlan Plan,
    IReadOnlyDictionary<string, int> Faults,
    int BytesSent,
    int BytesAnswered,
    bool EveryByteOnce,
    int BrokenSessions,
    int EventsSent,
    KeptFigures Kept,
    int LostByControl,
    double Seconds)
{
    /// <summary>Whether what is stored is what was sent, and the comparison was shown to be able to say otherwise.</summary>
    public bool IsClean => Kept.IsClean && LostByControl > 0 && BrokenSessions > 0;

    /// <summary>The figures as lines of a table.</summary>
    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("sessions", Figures.Text(Plan.Sessions));
        foreach ((string kind, int count) in Faults)
        {
            yield return ($"faults: {kind}", Figures.Text(count));
        }

        yield return ("cut at every byte of a session", EveryByteOnce ? $"yes, {Figures.Text(BytesSent)} sent and {Figures.Text(BytesAnswered)} answered" : "no: too few sessions");
        yield return ("sessions that had to connect again", Figures.Text(BrokenSessions));
        yield return ("events sent and acknowledged", Figures.Text(EventsSent));
        yield return ("lost", Figures.Text(Kept.Lost));
        yield return ("twice", Figures.Text(Kept.Twice));
        yield return ("changed", Figures.Text(Kept.Changed));
        yield return ("sessions that failed", Figures.Text(Kept.Others));
        yield return ("control: lost by a sender without acknowledgements", Figures.Text(LostByControl));
        yield return ("seed", Plan.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture));
        yield return ("seconds", Figures.Seconds(Seconds));
    }
}

using System.Globalization;

namespace Biomarkers.Faults.Delivery;

/// <summary>What is run.</summary>
/// <param name="Schedules">Random schedules on each engine.</param>
/// <param name="First">Number of the first.</param>
/// <param name="Seed">Seed of all.</param>
internal sealed record DeliveryPlan(int Schedules, int First, int Seed);

/// <summary>What happened in schedules.</summary>
internal sealed class DeliveryCounts
{
    public long Steps { get; set; }

    public long Pulls { get; set; }

    public long Deliveries { get; set; }

    public long Acknowledgements { get; set; }

    public long Refusals { get; set; }

    public long TooLate { get; set; }

    public long Repeats { get; set; }

    public long Seeks { get; set; }

    public long Together { get; set; }

    public long Crashes { get; set; }

    public long CutWrites { get; set; }

    public long SetBacks { get; set; }

    public long Reviews { get; set; }

    public long Released { get; set; }

    public long CorrectionsUnderLease { get; set; }

    public long Parked { get; set; }

    public void Observe(DeliveryOp op, DeliveryReply reply)
    {
        Deliveries += reply.Delivered.Count;
        Released += reply.Released.Count;
        switch (op)
        {
            case DeliveryOp.Pull:
                Pulls++;
                break;
            case DeliveryOp.Seek:
                Seeks++;
                break;
            case DeliveryOp.Answer answer when reply.Refused.Count > 0:
                TooLate += answer.Kind == AnswerKind.Acknowledge ? 1 : 0;
                break;
            case DeliveryOp.Answer { Kind: AnswerKind.Acknowledge } answer:
                Acknowledgements += answer.Ids.Count;
                break;
            case DeliveryOp.Answer { Kind: AnswerKind.Refuse } answer:
                Refusals += answer.Ids.Count;
                break;
            default:
                break;
        }
    }

    public void Add(DeliveryCounts other)
    {
        Steps += other.Steps;
        Pulls += other.Pulls;
        Deliveries += other.Deliveries;
        Acknowledgements += other.Acknowledgements;
        Refusals += other.Refusals;
        TooLate += other.TooLate;
        Repeats += other.Repeats;
        Seeks += other.Seeks;
        Together += other.Together;
        Crashes += other.Crashes;
        CutWrites += other.CutWrites;
        SetBacks += other.SetBacks;
        Reviews += other.Reviews;
        Released += other.Released;
        CorrectionsUnderLease += other.CorrectionsUnderLease;
        Parked += other.Parked;
    }

    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("steps", Figures.Text(Steps));
        yield return ("steps at the same time", Figures.Text(Together));
        yield return ("versions released", Figures.Text(Released));
        yield return ("corrections and withdrawals under a lease", Figures.Text(CorrectionsUnderLease));
        yield return ("pulls", Figures.Text(Pulls));
        yield return ("deliveries", Figures.Text(Deliveries));
        yield return ("repeats among them", Figures.Text(Repeats));
        yield return ("acknowledgements", Figures.Text(Acknowledgements));
        yield return ("acknowledgements refused as too late or old", Figures.Text(TooLate));
        yield return ("deliveries refused by pullers", Figures.Text(Refusals));
        yield return ("seeks", Figures.Text(Seeks));
        yield return ("clock set back", Figures.Text(SetBacks));
        yield return ("crashes, writes cut by them", $"{Figures.Text(Crashes)}, {Figures.Text(CutWrites)}");
        yield return ("parked at the end", Figures.Text(Parked));
    }
}

/// <summary>A guarantee that was taken away.</summary>
/// <param name="Guarantee">Which.</param>
/// <param name="Planted">Schedules in which it was.</param>
/// <param name="Found">Those of them that differ from the model, or in which an answer is what none may be.</param>
/// <param name="FoundByAnswers">Those of them in which an answer is what none may be, whatever the model says.</param>
internal sealed record DeliveryControl(LostGuarantee Guarantee, int Planted, int Found, int FoundByAnswers);

/// <summary>What came of one engine.</summary>
/// <param name="Engine">Its name.</param>
/// <param name="Schedules">Schedules that were run.</param>
/// <param name="Counts">What happened in them.</param>
/// <param name="Mismatches">Schedules in which the product did something else than the contract.</param>
/// <param name="FirstMismatches">The first of them.</param>
/// <param name="Controls">What is found where a guarantee is taken away.</param>
/// <param name="Seconds">Time of the schedules and controls.</param>
internal sealed record DeliveryOutcome(
    string Engine, int Schedules, DeliveryCounts Counts, int Mismatches, IReadOnlyList<string> FirstMismatches, IReadOnlyList<DeliveryControl> Controls, double Seconds)
{
    // A guarantee that is gone and not missed in most schedules would not be looked at closely enough.
    public bool IsClean => Mismatches == 0 && Controls.All(control => control.Planted > 0 && 2 * control.Found > control.Planted);

    public IEnumerable<(string Name, string Value)> Lines() =>
    [
        ("schedules", Figures.Text(Schedules)),
        .. Counts.Lines(),
        ("mismatches", Figures.Text(Mismatches)),
        .. Controls.Select(control => ($"control: without {control.Guarantee}", $"found {control.Found} of {control.Planted}, {control.FoundByAnswers} without the model")),
        ("seconds", Figures.Seconds(Seconds)),
    ];
}

/// <summary>What came of all.</summary>
/// <param name="Plan">What was run.</param>
/// <param name="Engines">The schedules, by engine.</param>
/// <param name="Kills">The real servers that were killed, by engine.</param>
internal sealed record DeliveryReport(DeliveryPlan Plan, IReadOnlyList<DeliveryOutcome> Engines, IReadOnlyList<DeliveryKillOutcome> Kills)
{
    public bool IsClean => Engines.All(engine => engine.IsClean) && Kills.All(kills => kills.IsClean);

    public IEnumerable<string> Findings => Engines.SelectMany(engine => engine.FirstMismatches).Concat(Kills.SelectMany(kills => kills.Findings));

    public IEnumerable<(string Name, string Value)> Lines() =>
    [
        .. Engines.SelectMany(engine => engine.Lines().Select(line => ($"{engine.Engine}: {line.Name}", line.Value))),
        .. Kills.SelectMany(kills => kills.Lines().Select(line => ($"{kills.Engine}, killed: {line.Name}", line.Value))),
        ("seed", Plan.Seed.ToString(CultureInfo.InvariantCulture)),
        ("verdict", IsClean ? "as the contract says" : "NOT as the contract says"),
    ];
}

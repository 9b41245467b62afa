namespace Biomarkers.Faults;

/// <summary>What an event says, by names: two with equal names have equal bytes.</summary>
internal enum ModelContent
{
    /// <summary>No message.</summary>
    Garbage,

    /// <summary>A whole plate.</summary>
    Whole,

    /// <summary>A whole plate whose barcode was not read.</summary>
    Nameless,

    /// <summary>A plate in parts begins.</summary>
    Started,

    /// <summary>A third of its wells.</summary>
    Wells,

    /// <summary>It is complete.</summary>
    Completed,
}

/// <summary>One event.</summary>
/// <param name="Content">What it says.</param>
/// <param name="Plate">Which plate.</param>
/// <param name="Read">Which reading.</param>
/// <param name="Variant">Which values; of an end, how many thirds it counts.</param>
/// <param name="Third">Which third of the wells.</param>
internal readonly record struct ModelEvent(ModelContent Content, int Plate = 0, int Read = 0, int Variant = 0, int Third = 0);

/// <summary>What becomes of an event by the contract.</summary>
internal enum ModelOutcome
{
    Stored,
    Duplicate,
    Quarantined,
    Held,
    Gap,
    Conflict,
    Stale,
}

/// <summary>What the model gets wrong on purpose, to see that a difference is found.</summary>
internal enum PlantedFault
{
    None,
    ForgetsEpochs,
    TakesOtherContentForARepeat,
    LetsABadEventKeepItsOffset,
}

/// <summary>The contract of one stream, as simply as it can be said. It knows nothing of the product but the contract's words.</summary>
internal sealed class IngestModel(PlantedFault planted)
{
    private readonly List<(ModelEvent Event, ModelOutcome Outcome)> events = [];
    private readonly Dictionary<int, (int Plate, Dictionary<int, int> Thirds)> open = [];
    private readonly Dictionary<(int Plate, int Read), string> reads = [];
    private readonly HashSet<ModelEvent> held = [];
    private readonly HashSet<(long Offset, ModelEvent Event)> quarantine = [];

    public long Epoch { get; private set; }

    public long NextOffset => events.Count;

    /// <summary>Everything that is stored, in its order.</summary>
    public IEnumerable<ModelEvent> Events => events.Select(stored => stored.Event);

    /// <summary>Everything that was refused, each once.</summary>
    public IReadOnlyCollection<(long Offset, ModelEvent Event)> Quarantine => quarantine;

    /// <summary>Readings of a plate that are stored.</summary>
    public int ReadsOf(int plate) => reads.Keys.Count(read => read.Plate == plate);

    /// <summary>Only the newest opening may send.</summary>
    public long Open() => ++Epoch;

    public ModelOutcome Send(long epoch, long offset, ModelEvent sent)
    {
        if (epoch != Epoch && planted != PlantedFault.ForgetsEpochs)
        {
            return ModelOutcome.Stale;
        }

        if (offset > NextOffset)
        {
            return ModelOutcome.Gap;
        }

        if (offset < NextOffset)
        {
            (ModelEvent stored, ModelOutcome outcome) = events[(int)offset];
            if (stored == sent)
            {
                return outcome is ModelOutcome.Quarantined or ModelOutcome.Held ? outcome : ModelOutcome.Duplicate;
            }

            if (planted == PlantedFault.TakesOtherContentForARepeat)
            {
                return ModelOutcome.Duplicate;
            }

            // Both are kept, the second once.
            quarantine.Add((offset, sent));
            return ModelOutcome.Conflict;
        }

        ModelOutcome use = Use(sent);
        if (use == ModelOutcome.Quarantined)
        {
            quarantine.Add((offset, sent));
        }

        if (use != ModelOutcome.Quarantined || planted != PlantedFault.LetsABadEventKeepItsOffset)
        {
            events.Add((sent, use));
        }

        return use;
    }

    private ModelOutcome Use(ModelEvent sent)
    {
        switch (sent.Content)
        {
            case ModelContent.Whole:
                return Keep(sent.Plate, sent.Read, string.Join(',', Enumerable.Repeat(sent.Variant, 3)));
            case ModelContent.Nameless:
                return held.Add(sent) ? ModelOutcome.Held : ModelOutcome.Duplicate;
            case ModelContent.Started when !open.TryGetValue(sent.Read, out (int Plate, Dictionary<int, int>) begun) || begun.Plate == sent.Plate:
                // Begun again, it is read anew.
                open[sent.Read] = (sent.Plate, []);
                return ModelOutcome.Stored;
            case ModelContent.Wells when open.TryGetValue(sent.Read, out (int, Dictionary<int, int> Thirds) reading)
                && (!reading.Thirds.TryGetValue(sent.Third, out int known) || known == sent.Variant):
                reading.Thirds[sent.Third] = sent.Variant;
                return ModelOutcome.Stored;
            case ModelContent.Completed when open.TryGetValue(sent.Read, out (int Plate, Dictionary<int, int> Thirds) reading)
                && reading.Thirds.Count > 0 && reading.Thirds.Count == sent.Variant:
                IEnumerable<string> thirds = Enumerable.Range(0, 3).Select(third => reading.Thirds.TryGetValue(third, out int variant) ? $"{variant}" : "-");
                ModelOutcome kept = Keep(reading.Plate, sent.Read, string.Join(',', thirds));
                if (kept != ModelOutcome.Quarantined)
                {
                    open.Remove(sent.Read);
                }

                return kept;
            default:
                return ModelOutcome.Quarantined;
        }
    }

    // A reading's name stands for one set of values.
    private ModelOutcome Keep(int plate, int read, string values)
    {
        if (reads.TryAdd((plate, read), values))
        {
            return ModelOutcome.Stored;
        }

        return reads[(plate, read)] == values ? ModelOutcome.Duplicate : ModelOutcome.Quarantined;
    }
}

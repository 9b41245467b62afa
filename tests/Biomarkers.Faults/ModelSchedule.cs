namespace Biomarkers.Faults;

/// <summary>One thing that a sender does.</summary>
/// <param name="Writer">Which of the two senders.</param>
/// <param name="Opens">Whether it opens the stream; otherwise it sends.</param>
/// <param name="Offset">Offset of the event.</param>
/// <param name="Event">The event.</param>
internal readonly record struct ModelStep(int Writer, bool Opens, long Offset = 0, ModelEvent Event = default);

/// <summary>What two senders of one stream do, by a seed: in order and out of it, twice, with gaps, from an old session, over each other.</summary>
internal sealed class ModelSchedule
{
    private const int Steps = 12;
    private const int Plates = 2;
    private const int Reads = 2;
    private const int Variants = 2;

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    private readonly Random random;

    public ModelSchedule(int seed, int number)
    {
        Number = number;
        random = new Random(unchecked((seed * 1_000_003) + number));
    }

    public int Number { get; }

    /// <summary>The steps, which follow what the contract makes of those before.</summary>
    /// <param name="model">Answers each step before the next is asked for.</param>
    public IEnumerable<ModelStep> Run(IngestModel model)
    {
        var isOpen = new bool[2];
        var sent = new List<ModelEvent>();
        int newest = 0;
        for (int step = 0; step < Steps; step++)
        {
            int writer = random.Next(4) == 0 ? 1 : 0;
            // Who was shut out mostly comes back, and sometimes goes on as if it knew nothing.
            if (!isOpen[writer] || random.Next(writer == newest ? 20 : 2) == 0)
            {
                isOpen[writer] = true;
                newest = writer;
                yield return new ModelStep(writer, Opens: true);
                continue;
            }

            ModelEvent fresh = Next();
            long next = model.NextOffset;
            (long offset, ModelEvent content) = random.Next(12) switch
            {
                // Again: as it was, with other content, or under the next offset as after a restored database.
                0 or 1 when next > 0 && Old(next) is var old => (old, model.Events.ElementAt((int)old)),
                2 when next > 0 => (Old(next), fresh),
                3 when sent.Count > 0 => (next, sent[random.Next(sent.Count)]),
                // Something is missing before it.
                4 => (next + 1 + random.Next(3), fresh),
                // An old session from its beginning.
                5 when next > 0 => (0, model.Events.First()),
                _ => (next, fresh),
            };
            sent.Add(content);
            yield return new ModelStep(writer, Opens: false, offset, content);
        }
    }

    private long Old(long next) => random.NextInt64(next);

    private ModelEvent Next()
    {
        int plate = random.Next(Plates), read = random.Next(Reads), variant = random.Next(Variants);
        return random.Next(14) switch
        {
            0 => new ModelEvent(ModelContent.Garbage, Variant: variant),
            1 => new ModelEvent(ModelContent.Nameless, Read: read, Variant: variant),
            < 5 => new ModelEvent(ModelContent.Whole, plate, read, variant),
            < 7 => new ModelEvent(ModelContent.Started, plate, read),
            < 11 => new ModelEvent(ModelContent.Wells, Read: read, Variant: random.Next(5) == 0 ? 1 : 0, Third: random.Next(3)),
            _ => new ModelEvent(ModelContent.Completed, Read: read, Variant: 1 + random.Next(3)),
        };
    }
#pragma warning restore CA5394
}

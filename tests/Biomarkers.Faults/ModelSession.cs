using System.Diagnostics;
using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Server.Wire;

namespace Biomarkers.Faults;

/// <summary>What is run.</summary>
/// <param name="Schedules">How many.</param>
/// <param name="First">Number of the first.</param>
/// <param name="Seed">Seed of all.</param>
internal sealed record ModelPlan(int Schedules, int First, int Seed);

/// <summary>Runs schedules against the pipeline and the model, step by step and many side by side, and compares every answer and what is stored at the end.</summary>
internal sealed class ModelSession(ModelPlan plan, string folder, Action<string> tell)
{
    private const int SideBySide = 256;
    private const int BatchesPerDatabase = 20;
    private const int ControlSchedules = SideBySide;

    private readonly Dictionary<ModelOutcome, long> outcomes = [];
    private readonly List<string> mismatches = [];
    private int mismatchCount;
    private int restarts;

    public async Task<ModelReport> RunAsync(CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        for (int done = 0; done < plan.Schedules; done += SideBySide * BatchesPerDatabase)
        {
            await RunDatabaseAsync(plan.First + done, Math.Min(SideBySide * BatchesPerDatabase, plan.Schedules - done), PlantedFault.None, cancellationToken);
            tell($"{Math.Min(plan.Schedules, done + (SideBySide * BatchesPerDatabase))} of {plan.Schedules} schedules, {mismatchCount} mismatches");
        }

        var (steps, found, text) = (outcomes.Values.Sum(), mismatchCount, mismatches.ToArray());
        var seen = outcomes.OrderBy(pair => pair.Key).ToDictionary(pair => pair.Key.ToString(), pair => pair.Value);
        var controls = new Dictionary<string, bool>();
        foreach (PlantedFault planted in Enum.GetValues<PlantedFault>().Where(planted => planted != PlantedFault.None))
        {
            mismatchCount = 0;
            await RunDatabaseAsync(plan.First, ControlSchedules, planted, cancellationToken);
            controls.Add(planted.ToString(), mismatchCount > 0);
        }

        return new ModelReport(plan, steps, seen, restarts, found, text, controls, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private async Task RunDatabaseAsync(int first, int count, PlantedFault planted, CancellationToken cancellationToken)
    {
        string own = Path.Combine(folder, $"{planted}-{first}");
        Directory.CreateDirectory(own);
        string file = Path.Combine(own, "model.db");
        ModelHost host = await ModelHost.StartAsync(file, cancellationToken);
        try
        {
            for (int done = 0; done < count; done += SideBySide)
            {
                IEnumerable<int> numbers = Enumerable.Range(first + done, Math.Min(SideBySide, count - done));
                Running[] batch = [.. numbers.Select(number => new Running(new ModelSchedule(plan.Seed, number), planted))];
#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
                int restartAt = new Random(unchecked(plan.Seed + first + done)).Next(2, 12);
#pragma warning restore CA5394
                for (int step = 0; batch.Any(running => !running.IsOver); step++)
                {
                    if (step == restartAt)
                    {
                        await host.DisposeAsync();
                        host = await ModelHost.StartAsync(file, cancellationToken);
                        restarts++;
                    }

                    await Task.WhenAll(batch.Select(running => running.StepAsync(host)));
                }

                await Task.WhenAll(batch.Select(running => Task.Run(() => running.CompareAsync(host, cancellationToken), cancellationToken)));
                Array.ForEach(batch, Count);
            }
        }
        finally
        {
            await host.DisposeAsync();
            Directory.Delete(own, recursive: true);
        }
    }

    private void Count(Running running)
    {
        foreach (ModelOutcome outcome in running.Outcomes)
        {
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        if (running.Mismatch is { } mismatch)
        {
            mismatchCount++;
            if (mismatches.Count < 10)
            {
                mismatches.Add($"{mismatch} (again: --seed {plan.Seed} --first {running.Number} --schedules 1)");
            }
        }
    }

    /// <summary>One schedule under way.</summary>
    private sealed class Running : IDisposable
    {
        private readonly IngestModel model;
        private readonly IEnumerator<ModelStep> steps;
        private readonly OpenedStream?[] writers = new OpenedStream?[2];

        public Running(ModelSchedule schedule, PlantedFault planted)
        {
            Number = schedule.Number;
            model = new IngestModel(planted);
            steps = schedule.Run(model).GetEnumerator();
        }

        public int Number { get; }

        public bool IsOver { get; private set; }

        public string? Mismatch { get; private set; }

        public List<ModelOutcome> Outcomes { get; } = [];

        private string Instrument => $"model-{Number}";

        public async Task StepAsync(ModelHost host)
        {
            if (IsOver || Mismatch is not null || !steps.MoveNext())
            {
                IsOver = true;
                return;
            }

            ModelStep step = steps.Current;
            if (step.Opens)
            {
                OpenedStream opened = await host.Intake.OpenAsync(Instrument, "s1", "model", CancellationToken.None);
                writers[step.Writer] = opened;
                long epoch = model.Open();
                Require((epoch, model.NextOffset), (opened.Epoch, opened.NextOffset), $"opening by {step.Writer}");
                return;
            }

            byte[] bytes = ModelMessages.ToBytes(Number, step.Event);
            OpenedStream stream = writers[step.Writer]!;
            ModelOutcome expected = model.Send(stream.Epoch, step.Offset, step.Event);
            EventOutcome outcome = await host.Intake.AppendAsync(
                new StreamEvent(stream, step.Offset, ContentHash.Of(bytes), bytes, TimeProvider.System.GetUtcNow(), null, PlateReadMapper.ToEventContent(bytes)));
            Outcomes.Add(expected);
            Require((expected, model.NextOffset), (Of(outcome.Kind), outcome.NextOffset), $"{step.Event} at {step.Offset} by {step.Writer}");
        }

        public async Task CompareAsync(ModelHost host, CancellationToken cancellationToken)
        {
            Dispose();
            if (Mismatch is not null)
            {
                return;
            }

            StreamSummary? stored = await host.Queries.GetStreamAsync(Instrument, "s1", cancellationToken);
            byte[] chain = new byte[32];
            foreach (ModelEvent sent in model.Events)
            {
                chain = System.Security.Cryptography.SHA256.HashData([.. chain, .. ContentHash.Of(ModelMessages.ToBytes(Number, sent)).ToBytes()]);
            }

            Require((model.Epoch, model.NextOffset, ContentHash.FromBytes(chain)), (stored?.Epoch ?? -1, stored?.NextOffset ?? -1, stored?.ChainHash ?? default), "the stored stream");
            Page<QuarantinedEvent> refused = await host.Queries.ListQuarantinedEventsAsync(new WaitingFilter(Instrument), new PageRequest(100), cancellationToken);
            Require(
                string.Join(' ', model.Quarantine.Select(bad => $"{bad.Offset}:{ContentHash.Of(ModelMessages.ToBytes(Number, bad.Event))}").Order()),
                string.Join(' ', refused.Rows.Select(row => $"{row.Offset}:{row.ContentHash}").Order()),
                "the quarantine");
            for (int plate = 0; plate < 2; plate++)
            {
                PlateSummary? found = await host.Queries.GetPlateAsync(ModelMessages.PlateOf(Number, plate), cancellationToken);
                Require(model.ReadsOf(plate), found?.Reads.Count ?? 0, $"the reads of plate {plate}");
            }
        }

        public void Dispose() => steps.Dispose();

        private static ModelOutcome Of(EventOutcomeKind kind) => kind switch
        {
            EventOutcomeKind.Stored => ModelOutcome.Stored,
            EventOutcomeKind.Duplicate => ModelOutcome.Duplicate,
            EventOutcomeKind.Quarantined => ModelOutcome.Quarantined,
            EventOutcomeKind.Held => ModelOutcome.Held,
            EventOutcomeKind.OffsetGap => ModelOutcome.Gap,
            EventOutcomeKind.OffsetConflict => ModelOutcome.Conflict,
            _ => ModelOutcome.Stale,
        };

        private void Require<T>(T expected, T actual, string what)
        {
            if (Mismatch is null && !EqualityComparer<T>.Default.Equals(expected, actual))
            {
                Mismatch = $"schedule {Number}, {what}: {actual}; expected {expected}";
            }
        }
    }
}

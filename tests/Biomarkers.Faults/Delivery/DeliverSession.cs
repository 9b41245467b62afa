using System.Diagnostics;
using System.Globalization;

namespace Biomarkers.Faults.Delivery;

/// <summary>Runs schedules on one engine: some databases side by side, each with its servers and their clock, one schedule after the other on each.</summary>
/// <param name="engine">Name of the engine.</param>
/// <param name="create">Makes an empty database by a name.</param>
/// <param name="plan">What is run.</param>
/// <param name="tell">Takes progress.</param>
internal sealed class DeliverSession(string engine, Func<string, CancellationToken, Task<DeliveryStore>> create, DeliveryPlan plan, Action<string> tell)
{
    private const int SideBySide = 2;

    // A feed that grows makes a seek to its beginning slow.
    private const int SchedulesPerDatabase = 100;

    private const int FewestOfAControl = 8;
    private const int MostOfAControl = 100;
    private const int MismatchesShown = 10;

    private readonly Lock gate = new();
    private readonly DeliveryCounts counts = new();
    private readonly List<string> mismatches = [];
    private int mismatchCount;
    private int done;

    public async Task<DeliveryOutcome> RunAsync(CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        IEnumerable<int> firsts = Enumerable.Range(0, (plan.Schedules + SchedulesPerDatabase - 1) / SchedulesPerDatabase).Select(block => block * SchedulesPerDatabase);
        await SideBySideAsync(firsts, async (first, stop) =>
        {
            int count = Math.Min(SchedulesPerDatabase, plan.Schedules - first);
            await RunDatabaseAsync($"s{first}", plan.First + first, count, LostGuarantee.None, Count, stop);
            tell(string.Create(
                CultureInfo.InvariantCulture,
                $"{engine}: {Interlocked.Add(ref done, count)} of {plan.Schedules} schedules, {mismatchCount} mismatches, {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s"));
        }, cancellationToken);

        var controls = new List<DeliveryControl>();
        int ofAControl = Math.Clamp(plan.Schedules / 10, FewestOfAControl, MostOfAControl);
        await SideBySideAsync(Enum.GetValues<LostGuarantee>().Where(lost => lost != LostGuarantee.None), async (lost, stop) =>
        {
            DeliveryControl control = new(lost, 0, 0, 0);
            await RunDatabaseAsync($"c{(int)lost}", plan.First, ofAControl, lost, (_, run) => control = new DeliveryControl(
                lost,
                control.Planted + (run.IsPlanted ? 1 : 0),
                control.Found + (run.IsPlanted && (run.Mismatch ?? run.Violation) is not null ? 1 : 0),
                control.FoundByAnswers + (run.IsPlanted && run.Violation is not null ? 1 : 0)), stop);
            lock (gate)
            {
                controls.Add(control);
            }
        }, cancellationToken);
        return new DeliveryOutcome(
            engine, plan.Schedules, counts, mismatchCount, mismatches, [.. controls.OrderBy(control => control.Guarantee)], Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private static Task SideBySideAsync<T>(IEnumerable<T> parts, Func<T, CancellationToken, ValueTask> run, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(parts, new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = cancellationToken }, run);

    private async Task RunDatabaseAsync(
        string name, int first, int count, LostGuarantee lost, Action<DeliverySchedule, DeliveryRun> ended, CancellationToken cancellationToken)
    {
        await using DeliveryStore store = await create(name, cancellationToken);
        var clock = new ScheduleClock();
        clock.Begin(first);
        // The first server makes the schema, which the connection behind its back must find.
        await (await DeliveryServer.StartAsync(store.Connect(), clock, cancellationToken)).DisposeAsync();
        await using var place = new DeliveryPlace(store, clock, await store.OpenAsync(cancellationToken));
        for (int number = first; number < first + count; number++)
        {
            var schedule = new DeliverySchedule(plan.Seed, number);
            var run = new DeliveryRun(schedule, place, lost, cancellationToken);
            await run.RunAsync();
            ended(schedule, run);
        }
    }

    private void Count(DeliverySchedule schedule, DeliveryRun run)
    {
        lock (gate)
        {
            counts.Add(run.Counts);
            if ((run.Mismatch ?? run.Violation) is not { } mismatch)
            {
                return;
            }

            mismatchCount++;
            if (mismatches.Count < MismatchesShown)
            {
                string kind = run.Violation is null ? "" : $" [{run.Violation}]";
                mismatches.Add($"{engine}, schedule {schedule.Number}: {mismatch}{kind} (again: --seed {plan.Seed} --first {schedule.Number} --schedules 1)");
                tell(mismatches[^1]);
            }
        }
    }
}

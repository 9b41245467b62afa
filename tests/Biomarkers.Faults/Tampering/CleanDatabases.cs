using System.Security.Cryptography;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Storage;
using Biomarkers.Storage.Checkpoints;
using Biomarkers.Storage.Verification;
using Biomarkers.Tests.Pipeline;

namespace Biomarkers.Faults.Tampering;

/// <summary>Databases that only the product's own pipeline wrote: each after one more write of a random kind, with a checkpoint now and then. None may raise an alarm.</summary>
internal sealed class CleanDatabases(TamperPlan plan, string whole, string folder, CheckpointKey key, ECDsa publicKey, List<string> findings, Action<string> tell)
{
    private const int StatesPerCopy = 50;
    private const int CheckpointChance = 4;

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    public async Task<(int Databases, int Alarms)> RunAsync(CancellationToken cancellationToken)
    {
        var random = new Random(unchecked((plan.Seed * 31) + 4));
        int alarms = 0;
        for (int done = 0; done < plan.Clean;)
        {
            string file = Path.Combine(folder, "clean.db");
            File.Copy(whole, file, overwrite: true);
            var held = new List<HeldCheckpoint>();
            await using (ModelHost host = await ModelHost.StartAsync(file, cancellationToken))
            {
                for (int state = 0; state < StatesPerCopy && done < plan.Clean; state++, done++)
                {
                    await WriteAsync(host, random, done, cancellationToken);
                    if (random.Next(CheckpointChance) == 0)
                    {
                        held.Add(new HeldCheckpoint($"checkpoint-{state}", key.Sign((await host.Queries.MakeCheckpointAsync(DateTimeOffset.UnixEpoch, cancellationToken))!)));
                    }

                    var request = new VerificationRequest { Checkpoints = held, PublicKeys = [publicKey] };
                    VerificationReport report = await host.Queries.VerifyAsync(request, cancellationToken);
                    if (!report.IsIntact)
                    {
                        alarms++;
                        findings.Add($"clean database {done}: {report.Findings[0]}");
                    }
                }
            }

            tell($"{done} clean databases");
        }

        return (plan.Clean, alarms);
    }

    private static async Task WriteAsync(ModelHost host, Random random, int number, CancellationToken cancellationToken)
    {
        switch (random.Next(3))
        {
            case 0:
                await host.Intake.OpenAsync($"reader-{random.Next(3)}", $"stream-{random.Next(5)}", "keys/local", cancellationToken);
                break;
            case 1:
                AssayDefinition assay = BuiltInAssays.All[random.Next(BuiltInAssays.All.Count)];
                await host.Intake.CreateAssayAsync(new CreateAssay(assay with { Id = $"{assay.Id}-{number}" }, "keys/local"), cancellationToken);
                break;
            default:
                await host.Intake.SubmitAsync(new SubmitPlateLayout($"CLEAN-{random.Next(20)}", TestPlates.Layout(random.Next(5)), "other samples", "keys/local"), cancellationToken);
                break;
        }
    }
#pragma warning restore CA5394
}

/// <summary>A large ledger, to time its reading.</summary>
internal static class LargeLedger
{
    private const int EventsPerTransaction = 10_000;

    /// <summary>Audit events that are read and verified in a second.</summary>
    public static async Task<double> EventsPerSecondAsync(string file, int events, CancellationToken cancellationToken)
    {
        await using (SqlStore store = await SqlStore.OpenAsync(new SqliteDatabase(file), TimeProvider.System, cancellationToken))
        {
            for (int made = 0; made < events; made += EventsPerTransaction)
            {
                await using var transaction = (SqlStoreTransaction)await store.BeginAsync(cancellationToken);
                await transaction.RecordAsync(
                    [
                        .. Enumerable.Range(made, Math.Min(EventsPerTransaction, events - made)).Select(number => new Results.AuditEvent(
                            DateTimeOffset.UnixEpoch.AddSeconds(number), "keys/local", "STREAM_OPENED", $"instruments/reader-{number % 100}/readStreams/main", null, $"epoch {number}, next offset {number * 7L}")),
                    ],
                    cancellationToken);
                await transaction.CommitAsync();
            }
        }

        long began = System.Diagnostics.Stopwatch.GetTimestamp();
        VerificationReport report = await DatabaseVerification.RunAsync(file, new VerificationRequest(), cancellationToken);
        return report.IsIntact && report.EventCount == events
            ? events / System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds
            : throw new InvalidOperationException($"The large ledger holds {report.EventCount} events; expected {events}, intact.");
    }
}

using System.Data.Common;

namespace Biomarkers.Faults.Clocks;

/// <summary>The proof that the check of the moves can fail: a server whose clock was said to move, and did not.</summary>
internal static class StillClockControl
{
    private const int Plates = 4;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    /// <summary>Sends some plates to a server with the machine's clock.</summary>
    /// <returns>What the check finds.</returns>
    public static async Task<IReadOnlyList<string>> RunAsync(string folder, int seed, CancellationToken cancellationToken)
    {
        var store = new SqliteUnderTest(folder);
        DateTimeOffset began = TimeProvider.System.GetUtcNow();
        await using (ServerProcess server = await ServerProcess.StartAsync(store.ServerAt(0), cancellationToken))
        {
            await using var load = new Load(server.GrpcAddress, store.KeyFile, senders: 1, seed);
            load.Allow(Plates);
            while (load.AcknowledgedCount < Plates)
            {
                load.ThrowIfStopped();
                await Task.Delay(Poll, cancellationToken);
            }

            await load.StopAsync();
            await load.FinishAsync(cancellationToken);
            await server.StopAsync(cancellationToken);
        }

        var findings = new List<string>();
        var still = new MadeMove("a clock that did not move", TimeSpan.FromDays(1), began, TimeProvider.System.GetUtcNow(), WhileRunning: true);
        await using DbConnection connection = await store.OpenAsync(cancellationToken);
        await ClockCheck.RunAsync(connection, [still], isAlone: true, findings, cancellationToken);
        return findings;
    }
}

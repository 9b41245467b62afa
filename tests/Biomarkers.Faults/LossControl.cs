namespace Biomarkers.Faults;

/// <summary>The proof that a crash of PostgreSQL can lose something here, and that the check finds it: the real server sends and acknowledges as ever, but
/// a trigger behind its back makes its commits not wait for the disk, which is what it asks of every session.</summary>
/// <remarks>What was committed so is in PostgreSQL's memory until its log writer comes by, and is gone with a stop at once, as PostgreSQL's manual says of asynchronous
/// commits. Nothing else differs from the test that must pass.</remarks>
internal sealed class LossControl(LocalPostgres server, string folder, int seed)
{
    private const string Database = "control";
    private const int Plates = 40;
    private const int Attempts = 5;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);

    private const string Sabotage = """
        CREATE FUNCTION commit_without_waiting() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM set_config('synchronous_commit', 'off', true);
            RETURN NULL;
        END $$;
        DO $$
        DECLARE name text;
        BEGIN
            FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
                EXECUTE format('CREATE TRIGGER commit_without_waiting AFTER INSERT OR UPDATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION commit_without_waiting()', name);
            END LOOP;
        END $$;
        """;

    /// <summary>Sends, crashes and checks, a few times at most.</summary>
    /// <returns>Acknowledged events that the check missed; 0 when nothing was lost, and then the control has failed.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        // The log writer must not come by before the crash.
        foreach (string setting in new[] { "wal_writer_delay = '10s'", "wal_writer_flush_after = '1GB'" })
        {
            await server.ExecuteAsync($"ALTER SYSTEM SET {setting}", cancellationToken);
        }

        await server.StopAsync(PostgresStop.Fast, cancellationToken);
        await server.StartAgainAsync(cancellationToken);
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            int lost = await CrashAsync(attempt, cancellationToken);
            if (lost > 0)
            {
                return lost;
            }
        }

        return 0;
    }

    private async Task<int> CrashAsync(int attempt, CancellationToken cancellationToken)
    {
        string database = $"{Database}_{attempt}";
        await server.CreateDatabaseAsync(database, cancellationToken: cancellationToken);
        await using var store = new PostgresUnderTest(Path.Combine(folder, database), server, database, port: null);
        await using ReplicaSet servers = await ReplicaSet.StartAsync(store, 1, cancellationToken);
        await using (var connection = await store.OpenAsync(cancellationToken))
        {
            await connection.ExecuteAsync(Sabotage, cancellationToken);
        }

        var address = new UriBuilder(Uri.UriSchemeHttp, "127.0.0.1", servers.Addresses[0].Port).Uri;
        await using var load = new Load(address, store.KeyFile, senders: 1, seed);
        load.Allow(Plates);
        while (!load.IsIdle || load.AcknowledgedCount == 0)
        {
            await Task.Delay(Poll, cancellationToken);
        }

        await server.StopAsync(PostgresStop.Immediate, cancellationToken);
        await load.StopAsync();
        await servers.KillAsync(0);
        await server.StartAgainAsync(cancellationToken);
        var figures = new KeptFigures();
        await using var after = await store.OpenAsync(cancellationToken);
        await DatabaseCheck.RunAsync(after, load.Senders, figures, cancellationToken);
        return figures.Lost;
    }
}

using System.Data.Common;

namespace Biomarkers.Faults;

/// <summary>The proof that the check can fail: each kind of damage is done to a copy of the database, and the check must name it.</summary>
internal static class DamageControls
{
    private const string FirstEvent = "event_offset = 0 AND stream_key = (SELECT MIN(stream_key) FROM stream_event)";

    private static readonly (string Name, Func<DbConnection, CancellationToken, Task> Damage, Func<KeptFigures, int> Figure)[] Damages =
    [
        ("acknowledged event deleted", Sql($"DELETE FROM stream_event WHERE {FirstEvent}"), figures => figures.Lost),
        ("one byte of an event changed", ChangeByteAsync, figures => figures.Changed),
        ("hash of an event changed", ChangeHashAsync, figures => figures.Changed),
        (
            "event stored twice",
            Sql("INSERT INTO stream_event SELECT stream_key, event_offset + 1000000, epoch, content, content_hash, chain_hash, receive_time, send_time FROM stream_event "
                + $"WHERE {FirstEvent}"),
            figures => figures.Twice),
        ("run deleted", Sql("DELETE FROM analytical_run WHERE run_key = (SELECT MAX(run_key) FROM analytical_run)"), figures => figures.RunsMissing),
        (
            "run stored twice",
            Sql(
                "CREATE TEMP TABLE again AS SELECT * FROM analytical_run LIMIT 1",
                "UPDATE again SET run_key = run_key + 1000000, engine_version = engine_version || '+'",
                "INSERT INTO analytical_run SELECT * FROM again"),
            figures => figures.RunsDouble),
        ("result deleted", Sql("DELETE FROM result_version WHERE version_key = (SELECT MAX(version_key) FROM result_version)"), figures => figures.ResultsMissing),
        ("work open again", Sql("UPDATE work_item SET state = 1 WHERE work_key = (SELECT MAX(work_key) FROM work_item)"), figures => figures.WorkOpen),
        ("row of the change feed deleted", Sql("DELETE FROM change_feed WHERE sequence = (SELECT MAX(sequence) FROM change_feed)"), figures => figures.Feed),
        (
            "rows of the change feed exchanged",
            Sql("UPDATE change_feed SET target_key = (SELECT MIN(target_key) + MAX(target_key) FROM change_feed) - target_key "
                + "WHERE target_key IN ((SELECT MIN(target_key) FROM change_feed), (SELECT MAX(target_key) FROM change_feed))"),
            figures => figures.Feed),
        ("audit event deleted", Sql("DELETE FROM audit_event WHERE sequence = (SELECT MAX(sequence) FROM audit_event)"), figures => figures.Feed),
        ("audit event changed", Sql("UPDATE audit_event SET target = target || '0' WHERE sequence = (SELECT MAX(sequence) / 2 FROM audit_event)"), figures => figures.Feed),
    ];

    /// <summary>Damages a copy in one way after the other and checks it.</summary>
    /// <param name="copy">To a copy whose triggers and foreign keys do nothing.</param>
    /// <param name="check">The check that is to find it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>For each damage, whether the check found it.</returns>
    public static async Task<IReadOnlyDictionary<string, bool>> RunAsync(
        DbConnection copy, Func<DbConnection, KeptFigures, Task> check, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, bool>();
        foreach ((string name, Func<DbConnection, CancellationToken, Task> damage, Func<KeptFigures, int> figure) in Damages)
        {
            await copy.ExecuteAsync("BEGIN", cancellationToken);
            await damage(copy, cancellationToken);
            var figures = new KeptFigures();
            await check(copy, figures);
            found[name] = figure(figures) > 0;
            await copy.ExecuteAsync("ROLLBACK", cancellationToken);
        }

        return found;
    }

    private static Func<DbConnection, CancellationToken, Task> Sql(params string[] statements) => async (copy, cancellationToken) =>
    {
        foreach (string statement in statements)
        {
            await copy.ExecuteAsync(statement, cancellationToken);
        }
    };

    private static async Task ChangeByteAsync(DbConnection copy, CancellationToken cancellationToken)
    {
        byte[] content = (await copy.ReadAsync($"SELECT content FROM stream_event WHERE {FirstEvent}", row => row.GetFieldValue<byte[]>(0), cancellationToken)).Single();
        content[^1] ^= 1;
        await copy.ExecuteAsync($"UPDATE stream_event SET content = @content WHERE {FirstEvent}", cancellationToken, ("content", content));
    }

    private static Task ChangeHashAsync(DbConnection copy, CancellationToken cancellationToken) =>
        copy.ExecuteAsync($"UPDATE stream_event SET content_hash = @hash WHERE {FirstEvent}", cancellationToken, ("hash", new byte[32]));
}

using Microsoft.Data.Sqlite;

namespace Biomarkers.Faults;

/// <summary>The proof that the check can fail: each kind of damage is done to a copy of the database, and the check must name it.</summary>
internal static class DamageControls
{
    private static readonly (string Name, string[] Statements, Func<KeptFigures, int> Figure)[] Damages =
    [
        ("acknowledged event deleted", ["DELETE FROM stream_event WHERE rowid = (SELECT MAX(rowid) FROM stream_event)"], figures => figures.Lost),
        (
            "one byte of an event changed",
            ["UPDATE stream_event SET content = CAST(substr(content, 1, length(content) - 1) || x'00' AS BLOB) WHERE rowid = (SELECT MAX(rowid) FROM stream_event)"],
            figures => figures.Changed),
        (
            "hash of an event changed",
            ["UPDATE stream_event SET content_hash = zeroblob(32) WHERE rowid = (SELECT MAX(rowid) FROM stream_event)"],
            figures => figures.Changed),
        (
            "event stored twice",
            ["INSERT INTO stream_event SELECT stream_key, event_offset + 1000000, epoch, content, content_hash, chain_hash, receive_time, send_time FROM stream_event LIMIT 1"],
            figures => figures.Twice),
        ("run deleted", ["DELETE FROM analytical_run WHERE run_key = (SELECT MAX(run_key) FROM analytical_run)"], figures => figures.RunsMissing),
        (
            "run stored twice",
            [
                "CREATE TEMP TABLE again AS SELECT * FROM analytical_run LIMIT 1",
                "UPDATE again SET run_key = run_key + 1000000, engine_version = engine_version || '+'",
                "INSERT INTO analytical_run SELECT * FROM again",
            ],
            figures => figures.RunsDouble),
        ("result deleted", ["DELETE FROM result_version WHERE version_key = (SELECT MAX(version_key) FROM result_version)"], figures => figures.ResultsMissing),
        ("work open again", ["UPDATE work_item SET state = 1 WHERE work_key = (SELECT MAX(work_key) FROM work_item)"], figures => figures.WorkOpen),
    ];

    /// <summary>Damages copies and checks them.</summary>
    /// <returns>For each damage, whether the check found it.</returns>
    public static IReadOnlyDictionary<string, bool> Run(string file, string folder, IReadOnlyList<LoadSender> senders)
    {
        var found = new Dictionary<string, bool>();
        foreach ((string name, string[] statements, Func<KeptFigures, int> figure) in Damages)
        {
            string copy = Path.Combine(folder, "damaged.db");
            File.Copy(file, copy, overwrite: true);
            Damage(copy, statements);
            var figures = new KeptFigures();
            DatabaseCheck.Run(copy, senders, figures);
            found[name] = figure(figures) > 0;
            File.Delete(copy);
        }

        return found;
    }

    private static void Damage(string file, string[] statements)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, ForeignKeys = false }.ToString());
        connection.Open();
        // No side files: the copy is one file again before it is read.
        Execute(connection, "PRAGMA journal_mode = DELETE");
        foreach (string trigger in Triggers(connection))
        {
            Execute(connection, $"DROP TRIGGER {trigger}");
        }

        foreach (string statement in statements)
        {
            Execute(connection, statement);
        }
    }

    private static List<string> Triggers(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT name FROM sqlite_master WHERE type = 'trigger'";
        using SqliteDataReader reader = command.ExecuteReader();
        var names = new List<string>();
        while (reader.Read())
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    private static void Execute(SqliteConnection connection, string statement)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // constants of this file, and names of triggers of our own schema
        command.CommandText = statement;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}

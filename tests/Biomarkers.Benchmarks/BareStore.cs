using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Benchmarks;

/// <summary>The least that a durable store can do: the same bytes, one row each, into SQLite with WAL and synchronous=FULL.</summary>
internal static class BareStore
{
    /// <summary>Commits contents in groups.</summary>
    /// <returns>Time of each commit with its inserts, in milliseconds.</returns>
    public static List<double> Commit(IReadOnlyList<byte[]> contents, int groupSize)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("biomarkers-bare-");
        try
        {
            using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder.FullName, "bare.db"), Pooling = false }.ToString());
            connection.Open();
            foreach (string statement in new[] { "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "CREATE TABLE event (event_key INTEGER PRIMARY KEY, content BLOB NOT NULL)" })
            {
                using SqliteCommand prepare = connection.CreateCommand();
#pragma warning disable CA2100 // constants of this line
                prepare.CommandText = statement;
#pragma warning restore CA2100
                prepare.ExecuteNonQuery();
            }

            return CommitGroups(connection, contents, groupSize);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static List<double> CommitGroups(SqliteConnection connection, IReadOnlyList<byte[]> contents, int groupSize)
    {
        using SqliteCommand insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO event (content) VALUES ($content)";
        SqliteParameter content = insert.Parameters.Add("$content", SqliteType.Blob);
        var milliseconds = new List<double>();
        foreach (byte[][] group in contents.Chunk(groupSize))
        {
            long began = Stopwatch.GetTimestamp();
            using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
            insert.Transaction = transaction;
            foreach (byte[] bytes in group)
            {
                content.Value = bytes;
                insert.ExecuteNonQuery();
            }

            transaction.Commit();
            milliseconds.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return milliseconds;
    }
}

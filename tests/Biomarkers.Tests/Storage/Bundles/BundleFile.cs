using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Tests.Storage.Bundles;

/// <summary>What somebody does to a bundle who has it on a disk: parts and rows changed, and the manifest made to fit again.</summary>
internal static class BundleFile
{
    public const string Manifest = "manifest.json";
    public const string Database = "bundle.db";

    /// <summary>The parts of a bundle.</summary>
    public static Dictionary<string, byte[]> Read(string file)
    {
        using ZipArchive archive = ZipFile.OpenRead(file);
        return archive.Entries.ToDictionary(entry => entry.FullName, BytesOf);
    }

    /// <summary>Writes parts in their order.</summary>
    public static void Write(string file, IEnumerable<KeyValuePair<string, byte[]>> parts)
    {
        using var stream = new FileStream(file, FileMode.Create);
        using var archive = new ZipArchive(stream, ZipArchiveMode.Create);
        foreach ((string name, byte[] content) in parts)
        {
            using Stream part = archive.CreateEntry(name).Open();
            part.Write(content);
        }
    }

    /// <summary>A copy of a bundle with other parts.</summary>
    public static string Change(string file, Action<Dictionary<string, byte[]>> change)
    {
        Dictionary<string, byte[]> parts = Read(file);
        change(parts);
        string changed = Path.Combine(Path.GetDirectoryName(file)!, $"{Guid.NewGuid():N}.zip");
        Write(changed, parts);
        return changed;
    }

    /// <summary>Makes the manifest name the hashes and lengths that parts have.</summary>
    public static void Remake(Dictionary<string, byte[]> parts)
    {
        JsonNode manifest = JsonNode.Parse(parts[Manifest])!;
        foreach (JsonNode? part in manifest["parts"]!.AsArray())
        {
            byte[] content = parts[(string)part!["name"]!];
            part["bytes"] = content.Length;
            part["sha256"] = Convert.ToHexStringLower(SHA256.HashData(content));
        }

        parts[Manifest] = JsonSerializerBytes(manifest);
    }

    /// <summary>Changes a field of the manifest.</summary>
    public static void Edit(Dictionary<string, byte[]> parts, Action<JsonNode> edit)
    {
        JsonNode manifest = JsonNode.Parse(parts[Manifest])!;
        edit(manifest);
        parts[Manifest] = JsonSerializerBytes(manifest);
    }

    /// <summary>A copy of a bundle whose rows are others, behind its guards, and whose manifest fits them.</summary>
    public static async Task<string> ChangeRowsAsync(string file, string sql)
    {
        byte[] rows = await ChangeRowsAsync(Read(file)[Database], sql);
        return Change(file, parts =>
        {
            parts[Database] = rows;
            Remake(parts);
        });
    }

    /// <summary>Rows of a bundle.</summary>
    public static async Task<List<T>> QueryAsync<T>(string file, string sql, Func<SqliteDataReader, T> map)
    {
        string copy = await UnpackAsync(Read(file)[Database]);
        try
        {
            await using var connection = new SqliteConnection($"Data Source={copy};Pooling=False;Foreign Keys=False");
            await connection.OpenAsync();
            return await QueryAsync(connection, sql, map);
        }
        finally
        {
            File.Delete(copy);
        }
    }

    private static async Task<byte[]> ChangeRowsAsync(byte[] database, string sql)
    {
        string copy = await UnpackAsync(database);
        try
        {
            await using (var connection = new SqliteConnection($"Data Source={copy};Pooling=False;Foreign Keys=False"))
            {
                await connection.OpenAsync();
                List<(string Name, string Sql)> triggers = await QueryAsync(connection, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'", row => (row.GetString(0), row.GetString(1)));
                // As whoever changes rows would do: the guards are back in their place afterwards.
                IEnumerable<string> statements = [.. triggers.Select(trigger => $"DROP TRIGGER {trigger.Name}"), sql, .. triggers.Select(trigger => trigger.Sql)];
                foreach (string statement in statements)
                {
                    await using SqliteCommand command = connection.CreateCommand();
                    command.CommandText = statement;
                    await command.ExecuteNonQueryAsync();
                }
            }

            return await File.ReadAllBytesAsync(copy);
        }
        finally
        {
            File.Delete(copy);
        }
    }

    private static async Task<string> UnpackAsync(byte[] database)
    {
        string copy = Path.Combine(Path.GetTempPath(), $"biomarkers-{Guid.NewGuid():N}.db");
        await File.WriteAllBytesAsync(copy, database);
        return copy;
    }

    private static async Task<List<T>> QueryAsync<T>(SqliteConnection connection, string sql, Func<SqliteDataReader, T> map)
    {
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        await using SqliteDataReader reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
        {
            rows.Add(map(reader));
        }

        return rows;
    }

    private static byte[] BytesOf(ZipArchiveEntry entry)
    {
        using Stream part = entry.Open();
        using var content = new MemoryStream();
        part.CopyTo(content);
        return content.ToArray();
    }

    private static byte[] JsonSerializerBytes(JsonNode node) => System.Text.Encoding.UTF8.GetBytes(node.ToJsonString());
}

using Biomarkers.Storage.Checkpoints;
using Biomarkers.Tests.Server;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Tests.Cli;

/// <summary>What a real server leaves behind: a database, and the checkpoints and public key that were kept elsewhere.</summary>
internal sealed class AuditedServer : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("biomarkers-audited-").FullName;

    /// <summary>Data folder of the server.</summary>
    public string Data => Path.Combine(folder, "data");

    /// <summary>Its database.</summary>
    public string Database => Path.Combine(Data, "biomarkers.db");

    /// <summary>Folder of the checkpoints.</summary>
    public string Checkpoints => Path.Combine(folder, "kept");

    /// <summary>The public key.</summary>
    public string PublicKey => Directory.GetFiles(Checkpoints, "checkpoint-key-*.pem").Single();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Runs a server that takes and analyses plates, and stops it.</summary>
    public async Task ServeAsync(params string[] barcodes)
    {
        Directory.CreateDirectory(Checkpoints);
        await using TestServer server = await TestServer.StartAsync(Data, change: options => options with { CheckpointDirectory = Checkpoints });
        foreach (string barcode in barcodes)
        {
            await server.AnalyzeAsync(barcode);
        }
    }

    /// <summary>Does something to the database behind the server, and leaves no log beside it.</summary>
    public async Task TamperAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Database};Pooling=False;Foreign Keys=False");
        await connection.OpenAsync();
        foreach (string statement in new[] { "audit_event", "result_version", "stream_event", "run_seal", "plate_read" }
            .SelectMany(table => new[] { $"DROP TRIGGER IF EXISTS {table}_no_update", $"DROP TRIGGER IF EXISTS {table}_no_delete" }).Append(sql).Append("PRAGMA wal_checkpoint(TRUNCATE)"))
        {
            await using SqliteCommand command = connection.CreateCommand();
            command.CommandText = statement;
            await command.ExecuteNonQueryAsync();
        }
    }

    /// <summary>The checkpoints that were kept.</summary>
    public IReadOnlyList<HeldCheckpoint> Held() => [.. new CheckpointFolder(Checkpoints).ReadAll()];

    /// <summary>Bytes and times of every file of the data folder.</summary>
    public string Fingerprint() => string.Join('\n', Directory.GetFiles(Data, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        .Select(file => $"{file} {new FileInfo(file).LastWriteTimeUtc.Ticks} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))}"));
}

using System.CommandLine;
using Biomarkers.Storage;

namespace Biomarkers.Cli.Verification;

/// <summary>The options that name a database to commands which need no server.</summary>
internal sealed class DatabaseArguments
{
    private const string DatabaseFile = "biomarkers.db";

    private readonly Option<string> data = new("--data") { Description = "Data folder of a server that is stopped, or a backup. It is read only; no byte of it changes.", HelpName = "PATH" };

    private readonly Option<string> postgres = new("--postgres") { Description = "PostgreSQL database as a connection string, as it is at one moment; servers may be using it.", HelpName = "CONNECTION" };

    private readonly Option<string> passwordFile = new("--postgres-password-file") { Description = "File whose first line is the password of the PostgreSQL user.", HelpName = "FILE" };

    /// <summary>All of them.</summary>
    public IReadOnlyList<Option> All => [data, postgres, passwordFile];

    /// <summary>Databases that are named: 0, 1, or too many.</summary>
    public int CountOf(ParseResult parsed) => (parsed.GetValue(data) is null ? 0 : 1) + (parsed.GetValue(postgres) is null ? 0 : 1);

    /// <summary>The folder of the data, where one is named.</summary>
    public string? FolderOf(ParseResult parsed) => parsed.GetValue(data) is { } path && Directory.Exists(path) ? path : null;

    /// <summary>Reads the database that is named.</summary>
    /// <param name="parsed">The command line; it names one.</param>
    /// <param name="ofFile">What is done with a file.</param>
    /// <param name="ofDatabase">What is done with a database of several servers.</param>
    public async Task<T> ReadAsync<T>(ParseResult parsed, Func<string, Task<T>> ofFile, Func<SqlDatabase, Task<T>> ofDatabase)
    {
        if (parsed.GetValue(data) is { } path)
        {
            return await ofFile(Directory.Exists(path) ? Path.Combine(path, DatabaseFile) : path);
        }

        string? password = parsed.GetValue(passwordFile) is { } file ? File.ReadLines(file).FirstOrDefault() : null;
        await using var database = new PostgresDatabase(parsed.GetValue(postgres)!, password);
        return await ofDatabase(database);
    }
}

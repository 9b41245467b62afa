using System.CommandLine;

namespace Biomarkers.Server.Verbs;

/// <summary>The options that name a PostgreSQL database, the same for every verb that has them.</summary>
internal static class DatabaseOptions
{
    public static readonly Option<string?> Postgres = new("--postgres")
    {
        Description = "PostgreSQL database (15 or newer) as a connection string, such as 'Host=db;Database=biomarkers;Username=biomarkers'. Without it: SQLite in the folder of --data.",
    };

    public static readonly Option<string?> PasswordFile = new("--postgres-password-file") { Description = "File whose first line is the password of the PostgreSQL user." };
}

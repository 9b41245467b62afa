using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;

namespace Biomarkers.Faults;

/// <summary>How a <see cref="LocalPostgres"/> is made.</summary>
internal sealed record LocalPostgresOptions
{
    /// <summary>The folder that the server's own folder is made in; the system's temporary folder by default. One in memory makes it fast.</summary>
    public string Parent { get; init; } = Path.GetTempPath();

    /// <summary>Whether a commit waits for the disk; on by default, off only where nothing is said about durability.</summary>
    public bool Fsync { get; init; } = true;

    /// <summary>Port on 127.0.0.1; 0, the default, picks a free one.</summary>
    public int Port { get; init; }

    /// <summary>Further lines of the server's configuration, by name.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}

/// <summary>How a server is stopped, in the words of PostgreSQL.</summary>
internal enum PostgresStop
{
    /// <summary>Ends the sessions, writes everything out, stops.</summary>
    Fast,

    /// <summary>As a crash: nothing is written out; the next start recovers from the log.</summary>
    Immediate,
}

/// <summary>
/// A throw-away PostgreSQL server of the machine's own binaries, in a folder of its own, on a port of its own of 127.0.0.1. It ends, and its folder goes, with
/// <see cref="DisposeAsync"/> or with the program that started it, however that one ends.
/// </summary>
/// <remarks>PostgreSQL refuses to run as root; for root its programs run as the user postgres. Texts sort by the rules of a language, as on most servers, not by bytes.</remarks>
internal sealed class LocalPostgres : IAsyncDisposable
{
    /// <summary>Role that owns the databases; may make databases and nothing else.</summary>
    public const string User = "biomarkers";

    private const string Administrator = "postgres";
    private const int OldestVersion = 15;
    private const int PortAttempts = 5;

    // Waits for nothing but the end of its input, which comes when the program that started it closes it or is gone.
    private const string GuardScript = """
        trap '' INT HUP TERM
        read -r _
        [ ! -f "$2/data/postmaster.pid" ] || "$1/pg_ctl" stop --silent --mode=immediate --pgdata="$2/data"
        rm -rf "$2" || { sleep 1; rm -rf "$2"; }
        """;

    private readonly string binaries;
    private readonly string folder;
    private readonly LocalPostgresOptions options;
    private readonly string administratorPassword = RandomNumberGenerator.GetHexString(32);
    private Process? guard;

    private LocalPostgres(string binaries, string folder, LocalPostgresOptions options)
    {
        this.binaries = binaries;
        this.folder = folder;
        this.options = options;
    }

    /// <summary>Port on 127.0.0.1; the same over all its starts.</summary>
    public int Port { get; private set; }

    /// <summary>Password of <see cref="User"/>.</summary>
    public string Password { get; } = RandomNumberGenerator.GetHexString(32);

    /// <summary>The cluster's folder.</summary>
    public string DataDirectory => Path.Combine(folder, "data");

    /// <summary>Process of the running server.</summary>
    /// <exception cref="FileNotFoundException">It does not run.</exception>
    public int PostmasterId => int.Parse(File.ReadLines(Path.Combine(DataDirectory, "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <summary>What the server has logged so far.</summary>
    public string Log => File.Exists(LogFile) ? File.ReadAllText(LogFile) : string.Empty;

    private string LogFile => Path.Combine(folder, "server.log");

    /// <summary>Makes and starts a server; it accepts connections when this returns.</summary>
    /// <exception cref="InvalidOperationException">There is no PostgreSQL, or a program of it failed; with its output.</exception>
    /// <exception cref="PlatformNotSupportedException">The machine runs Windows.</exception>
    public static async Task<LocalPostgres> StartAsync(LocalPostgresOptions options, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("A throw-away PostgreSQL needs a POSIX shell.");
        }

        string found = FindBinaries() ?? throw new InvalidOperationException($"Unable to find PostgreSQL {OldestVersion} or newer: apt-get install postgresql");
        string own = Path.Combine(options.Parent, $"biomarkers-postgres-{RandomNumberGenerator.GetHexString(12, lowercase: true)}");
        Directory.CreateDirectory(own, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var server = new LocalPostgres(found, own, options);
        try
        {
            await server.MakeAsync(cancellationToken);
            await server.StartOnFreePortAsync(cancellationToken);
            await server.ExecuteAsync($"CREATE ROLE {User} LOGIN CREATEDB PASSWORD '{server.Password}'", cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Folder of the newest PostgreSQL of this machine; null where there is none of a version that is supported.</summary>
    public static string? FindBinaries() => FindBinaries("/usr/lib/postgresql", Environment.GetEnvironmentVariable("PATH") ?? string.Empty);

    /// <summary>Folder of the newest PostgreSQL in a folder of versions, or else the one of the search path.</summary>
    public static string? FindBinaries(string versions, string searchPath)
    {
        static bool Has(string candidate) => File.Exists(Path.Combine(candidate, "postgres")) && File.Exists(Path.Combine(candidate, "initdb"));

        IEnumerable<string> installed = !Directory.Exists(versions)
            ? []
            : Directory.GetDirectories(versions)
                .Select(path => (Binaries: Path.Combine(path, "bin"), Known: int.TryParse(Path.GetFileName(path), out int version), Version: version))
                .Where(found => found.Known && found.Version >= OldestVersion)
                .OrderByDescending(found => found.Version)
                .Select(found => found.Binaries);
        return installed.Concat(searchPath.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)).FirstOrDefault(Has);
    }

    /// <summary>Connects <see cref="User"/>.</summary>
    public string ConnectionString(string database) => ConnectionString(database, User, Password);

    /// <summary>Connects the superuser; without a pool.</summary>
    public string AdminConnectionString(string database = Administrator) => ConnectionString(database, Administrator, administratorPassword) + ";Pooling=false";

    /// <summary>Makes a database that belongs to <see cref="User"/>.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="template">A database that nobody is connected to, to be copied; null for an empty one.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public Task CreateDatabaseAsync(string name, string? template = null, CancellationToken cancellationToken = default) =>
        ExecuteAsync($"CREATE DATABASE {Quoted(name)} OWNER {User} TEMPLATE {Quoted(template ?? "template1")}", cancellationToken);

    /// <summary>Ends every session of a database and removes it.</summary>
    public Task DropDatabaseAsync(string name, CancellationToken cancellationToken = default) => ExecuteAsync($"DROP DATABASE {Quoted(name)} WITH (FORCE)", cancellationToken);

    /// <summary>Runs a statement as the superuser.</summary>
    public async Task ExecuteAsync(string statement, CancellationToken cancellationToken = default)
    {
        await using var connection = new NpgsqlConnection(AdminConnectionString());
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Stops the server; returns when it has ended.</summary>
    public Task StopAsync(PostgresStop mode, CancellationToken cancellationToken = default) =>
        RunAsync(Program("pg_ctl"), ["stop", "--wait", $"--mode={(mode == PostgresStop.Fast ? "fast" : "immediate")}", $"--pgdata={DataDirectory}"], cancellationToken);

    /// <summary>Starts it again, on its port; it accepts connections, recovered if need be, when this returns.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            string[] arguments = ["start", "--wait", "--timeout=120", $"--pgdata={DataDirectory}", $"--log={LogFile}", $"--options=-p {Port}"];
            await RunAsync(Program("pg_ctl"), arguments, cancellationToken);
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidOperationException($"{exception.Message}\n{Log}", exception);
        }
    }

    /// <summary>Stops the server at once and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        if (guard is null)
        {
            Directory.Delete(folder, recursive: true);
            return;
        }

        guard.StandardInput.Close();
        await guard.WaitForExitAsync(CancellationToken.None);
        guard.Dispose();
    }

    private static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private string ConnectionString(string database, string user, string password) =>
        new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = Port, Database = database, Username = user, Password = password }.ToString();

    private string Program(string name) => Path.Combine(binaries, name);

    private async Task MakeAsync(CancellationToken cancellationToken)
    {
        string passwordFile = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(passwordFile, administratorPassword, cancellationToken);
        if (Environment.IsPrivilegedProcess)
        {
            ProcessStartInfo chown = StartInfo("chown", ["-R", Administrator, folder]);
            await EndAsync(chown, cancellationToken);
        }

        guard = Process.Start(AsServer("/bin/sh", ["-c", GuardScript, "guard", binaries, folder])) ?? throw new InvalidOperationException("Unable to start a shell.");
        string[] arguments =
        [
            $"--pgdata={DataDirectory}", $"--username={Administrator}", $"--pwfile={passwordFile}", "--auth=scram-sha-256", "--no-sync",
            "--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US",
        ];
        await RunAsync(Program("initdb"), arguments, cancellationToken);
        var settings = new Dictionary<string, string>
        {
            ["listen_addresses"] = "127.0.0.1",
            ["unix_socket_directories"] = string.Empty,
            ["max_connections"] = "200",
            ["fsync"] = options.Fsync ? "on" : "off",
        };
        IEnumerable<string> lines = settings.Concat(options.Settings).Select(setting => $"{setting.Key} = '{setting.Value.Replace("'", "''", StringComparison.Ordinal)}'");
        await File.AppendAllLinesAsync(Path.Combine(DataDirectory, "postgresql.conf"), lines, cancellationToken);
    }

    // Between the choice of a free port and its use another program can take it.
    private async Task StartOnFreePortAsync(CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            Port = options.Port == 0 ? FreePort() : options.Port;
            try
            {
                await StartAgainAsync(cancellationToken);
                return;
            }
            catch (InvalidOperationException exception)
                when (options.Port == 0 && attempt < PortAttempts && exception.Message.Contains("Address already in use", StringComparison.Ordinal))
            {
                File.Delete(LogFile);
            }
        }
    }

    private Task RunAsync(string program, string[] arguments, CancellationToken cancellationToken) => EndAsync(AsServer(program, arguments), cancellationToken);

    private ProcessStartInfo AsServer(string program, string[] arguments) =>
        Environment.IsPrivilegedProcess ? StartInfo("runuser", ["-u", Administrator, "--", program, .. arguments]) : StartInfo(program, arguments);

    private ProcessStartInfo StartInfo(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What the caller's own clients are told by variables is not meant for this server; its messages are read here.
        foreach (string variable in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(variable);
        }

        start.Environment["LC_ALL"] = "C";
        return start;
    }

    private static async Task EndAsync(ProcessStartInfo start, CancellationToken cancellationToken)
    {
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"Unable to start {start.FileName}.");
        process.StandardInput.Close();
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"{string.Join(' ', [start.FileName, .. start.ArgumentList])} ended with {process.ExitCode}:\n{await output}{await error}");
            }
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}

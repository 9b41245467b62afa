namespace Biomarkers.Cli.Servers;

/// <summary>A file for a key that is shown once.</summary>
internal sealed class SecretFile : IDisposable
{
    private readonly string path;
    private StreamWriter? writer;

    private SecretFile(string path, StreamWriter writer)
    {
        this.path = path;
        this.writer = writer;
    }

    /// <summary>Makes the file, readable by its owner only from the first moment, before there is a key that could have no place.</summary>
    /// <exception cref="IOException">It is there already, or can't be made.</exception>
    public static SecretFile Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new SecretFile(path, new StreamWriter(path, options));
    }

    /// <summary>Writes the key as the file's one line.</summary>
    public void Write(string secret)
    {
        writer!.WriteLine(secret);
        writer.Dispose();
        writer = null;
    }

    /// <summary>Removes the file where nothing was written.</summary>
    public void Dispose()
    {
        if (writer is not null)
        {
            writer.Dispose();
            File.Delete(path);
        }
    }
}

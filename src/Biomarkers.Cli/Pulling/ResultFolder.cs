using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Biomarkers.Cli.Servers;
using Biomarkers.Client.Pulling;
using Biomarkers.Client.Spool;
using Biomarkers.Immunoassay;
using Biomarkers.Interchange;
using Biomarkers.Results.Delivery;

namespace Biomarkers.Cli.Pulling;

/// <summary>A folder of messages, one file for each result version, and the checkpoints that came with them. One process at a time.</summary>
/// <remarks>Name, control id and time of a message follow from its result version alone: a version that is written again gives the same file and, unless somebody signed
/// it or placed or lifted a hold meanwhile, the same bytes.</remarks>
internal sealed class ResultFolder : IDisposable
{
    // Patients' results: for whoever pulls, and for the group that takes them in.
    private const UnixFileMode OwnerAndGroup = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private const int MaximumFaults = 30;

    private readonly string folder;
    private readonly ResultFormat format;
    private readonly Func<DateTimeOffset, string, InterchangeOptions> optionsOf;
    private readonly FileStream folderLock;

    private ResultFolder(string folder, ResultFormat format, Func<DateTimeOffset, string, InterchangeOptions> optionsOf, FileStream folderLock)
    {
        this.folder = folder;
        this.format = format;
        this.optionsOf = optionsOf;
        this.folderLock = folderLock;
    }

    /// <summary>Opens a folder, or makes it.</summary>
    /// <param name="folder">Its path.</param>
    /// <param name="format">What its files hold.</param>
    /// <param name="optionsOf">What a message says of itself, for its time and control id.</param>
    /// <exception cref="IOException">Another process writes into it, or it can't be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It can't be made.</exception>
    public static ResultFolder Open(string folder, ResultFormat format, Func<DateTimeOffset, string, InterchangeOptions> optionsOf)
    {
        string path = Path.GetFullPath(folder);
        Directory.CreateDirectory(path);
        DurableFolder.FlushFolderOf(path);
        return new ResultFolder(path, format, optionsOf, new FileStream(Path.Combine(path, ".pull.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
    }

    /// <summary>Writes a version; it is there whole, and after a loss of power, when this returns.</summary>
    /// <returns>The file.</returns>
    /// <exception cref="DeliveryRefusedException">The version can't be written in this format; the message says every fault.</exception>
    /// <exception cref="IOException">The disk refuses.</exception>
    public string Write(PulledResult pulled)
    {
        Checked<ReportedResult> reported = DeliveryMessages.ToReported(pulled.Delivery);
        if (reported.Value is not { } result)
        {
            string faults = string.Join("; ", reported.Faults.Take(MaximumFaults));
            throw new DeliveryRefusedException($"{format.Id}: {faults}{(reported.Faults.Count > MaximumFaults ? "; and more" : "")}");
        }

        string file = Path.Combine(folder, FileNameOf(result));
        DurableFolder.Replace(file, format.Encode([result], optionsOf(result.Times.Reported, ControlIdOf(result.Version))), OwnerAndGroup);
        return file;
    }

    /// <summary>Keeps a checkpoint beside the files.</summary>
    public KeptCheckpoint Keep(V1.Checkpoint checkpoint) => KeptCheckpoint.Write(Path.Combine(folder, "checkpoints"), checkpoint);

    /// <summary>Gives the folder to the next process.</summary>
    public void Dispose() => folderLock.Dispose();

    /// <summary>The control id of a version's message: <c>17-2</c> for <c>results/17@2</c>, and a hash of it where that is too long for MSH-10.</summary>
    internal static string ControlIdOf(ReportedVersion version)
    {
        string plain = string.Create(CultureInfo.InvariantCulture, $"{Names.LastOf(version.Name)}-{version.Version}");
        return plain.Length <= InterchangeOptions.MaximumControlIdLength
            ? plain
            : $"h{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(version.VersionName)))[..(InterchangeOptions.MaximumControlIdLength - 1)]}";
    }

    // The place of the release in the audit log comes first: who takes files in by their names has a correction after what it corrects.
    private string FileNameOf(ReportedResult result) => string.Create(
        CultureInfo.InvariantCulture,
        $"{result.Assurance.VerificationToken?.Sequence ?? 0:D10}-result-{Names.LastOf(result.Version.Name)}-v{result.Version.Version}{format.FileExtension}");
}

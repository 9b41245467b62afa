using Biomarkers.Immunoassay;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Checkpoints;

namespace Biomarkers.Cli.Servers;

/// <summary>A checkpoint of the audit log in a folder of this machine, as <c>biomarkers verify --checkpoints</c> takes it.</summary>
/// <param name="File">The checkpoint.</param>
/// <param name="KeyFile">The public key, as the server says it.</param>
internal sealed record KeptCheckpoint(string File, string KeyFile)
{
    private const int KeyNameLength = 16;

    /// <summary>Writes a checkpoint and its key.</summary>
    /// <exception cref="IOException">The folder can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder can't be written.</exception>
    /// <exception cref="FormatException">The server sent no checkpoint.</exception>
    public static async Task<KeptCheckpoint> WriteAsync(string folder, V1.Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        var signed = new SignedCheckpoint(checkpoint.Statement, checkpoint.Signature.ToByteArray(), ContentHash.Parse(checkpoint.KeySha256));
        string file = new CheckpointFolder(folder).Write(signed);
        string key = Path.Combine(folder, $"checkpoint-key-{checkpoint.KeySha256[..KeyNameLength]}.pem");
        await System.IO.File.WriteAllTextAsync(key, checkpoint.PublicKey, cancellationToken);
        return new KeptCheckpoint(file, key);
    }
}

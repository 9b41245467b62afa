using Biomarkers.Immunoassay;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Checkpoints;

namespace Biomarkers.Cli.Servers;

/// <summary>A checkpoint of the audit log in a folder of this machine, as <c>biomarkers verify --checkpoints</c> takes it.</summary>
/// <param name="File">The checkpoint.</param>
/// <param name="KeyFile">The public key, as the server says it.</param>
internal sealed record KeptCheckpoint(string File, string KeyFile)
{
    /// <summary>Writes a checkpoint and its key, where a key of that name is not there yet.</summary>
    /// <exception cref="IOException">The folder can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder can't be written.</exception>
    /// <exception cref="FormatException">The server sent no checkpoint, or one that the key it sent did not sign.</exception>
    public static KeptCheckpoint Write(string folder, V1.Checkpoint checkpoint)
    {
        var kept = new CheckpointFolder(folder);
        try
        {
            var signed = new SignedCheckpoint(checkpoint.Statement, checkpoint.Signature.ToByteArray(), ContentHash.Parse(checkpoint.KeySha256));
            string key = kept.WriteKey(signed, checkpoint.PublicKey);
            return new KeptCheckpoint(kept.Write(signed), key);
        }
        catch (Exception exception) when (exception is InvalidDataException or OverflowException)
        {
            throw new FormatException($"The server sent no checkpoint that can be kept: {exception.Message}", exception);
        }
    }
}

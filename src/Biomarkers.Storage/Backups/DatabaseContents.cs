using Biomarkers.Immunoassay;

namespace Biomarkers.Storage.Backups;

/// <summary>A read stream in a database.</summary>
/// <param name="Instrument">Instrument.</param>
/// <param name="Stream">Stream of the instrument.</param>
/// <param name="NextOffset">Number of events that are stored.</param>
public sealed record StreamContents(string Instrument, string Stream, long NextOffset);

/// <summary>What a database holds, in figures.</summary>
/// <param name="SchemaVersion">Number of its newest migration.</param>
/// <param name="Generation">Number that changes when a backup is restored.</param>
/// <param name="LedgerSequence">Number of audit events.</param>
/// <param name="LedgerHash">Hash at which the ledger's chain ends.</param>
/// <param name="PlateCount">Plates.</param>
/// <param name="RunCount">Analytical runs.</param>
/// <param name="Streams">Read streams, by instrument and stream.</param>
public sealed record DatabaseContents(
    int SchemaVersion, long Generation, long LedgerSequence, ContentHash LedgerHash, long PlateCount, long RunCount, IReadOnlyList<StreamContents> Streams);

/// <summary>A backup that was written and checked.</summary>
/// <param name="File">Path.</param>
/// <param name="ByteCount">Its length.</param>
/// <param name="Sha256">Hash of the file.</param>
/// <param name="Contents">What it holds.</param>
public sealed record CheckedBackup(string File, long ByteCount, ContentHash Sha256, DatabaseContents Contents);

/// <summary>How far long work is.</summary>
/// <param name="Step">What is done, such as <c>Copying</c>.</param>
/// <param name="DoneBytes">Bytes that are done; null where the step can't tell.</param>
/// <param name="AllBytes">Bytes in all; null where the step can't tell.</param>
public sealed record BackupProgress(string Step, long? DoneBytes, long? AllBytes);

/// <summary>A backup or a restore could not be made; nothing was changed. The message is one sentence for whoever asked for it.</summary>
public sealed class BackupException : Exception
{
    /// <summary>Makes the exception.</summary>
    public BackupException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with its cause.</summary>
    public BackupException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes the exception.</summary>
    public BackupException()
    {
    }
}

using System.Buffers;
using System.Security.Cryptography;
using Biomarkers.Immunoassay;

namespace Biomarkers.Storage.Copies;

/// <summary>SHA-256 over the rows of a table in the order of their keys, equal on every engine that holds the same values to the last bit.</summary>
/// <remarks>Each column of a row, in the order of the row's class, by <see cref="ValueEncoding"/>.</remarks>
internal sealed class RowHash<T> : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ArrayBufferWriter<byte> encoded = new();

    /// <summary>Rows so far.</summary>
    public long RowCount { get; private set; }

    /// <summary>Takes a row in.</summary>
    public void Add(T row)
    {
        foreach ((_, Func<T, object?> value) in RowColumns<T>.All)
        {
            ValueEncoding.Write(encoded, value(row));
        }

        hash.AppendData(encoded.WrittenSpan);
        encoded.ResetWrittenCount();
        RowCount++;
    }

    /// <summary>The hash over all rows so far; begins anew after it.</summary>
    public ContentHash Finish() => ContentHash.FromBytes(hash.GetHashAndReset());

    public void Dispose() => hash.Dispose();
}

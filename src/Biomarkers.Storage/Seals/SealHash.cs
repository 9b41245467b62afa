using System.Buffers;
using Biomarkers.Immunoassay;
using Biomarkers.Storage.Copies;

namespace Biomarkers.Storage.Seals;

/// <summary>SHA-256 over named rows, equal on every engine that holds the same values to the last bit.</summary>
/// <remarks>Each row: its table's name, then the name and value of each column that is not absent, then an absent name; all by <see cref="ValueEncoding"/>. So a
/// seal stays valid when a later schema adds a column that old rows leave empty.</remarks>
internal sealed class SealHash
{
    private readonly ArrayBufferWriter<byte> encoded = new(16 * 1024);

    /// <summary>Rows so far.</summary>
    public int RowCount { get; private set; }

    /// <summary>Takes rows in, in their order.</summary>
    public void Add<T>(IEnumerable<T> rows)
    {
        foreach (T row in rows)
        {
            Begin(RowColumns<T>.Table);
            foreach ((string name, Func<T, object?> value) in RowColumns<T>.All)
            {
                Add(name, value(row));
            }

            End();
        }
    }

    /// <summary>Begins a row by hand.</summary>
    public void Begin(string table) => ValueEncoding.Write(encoded, table);

    /// <summary>Takes a column in, unless it is absent.</summary>
    public void Add(string name, object? value)
    {
        if (value is not null)
        {
            ValueEncoding.Write(encoded, name);
            ValueEncoding.Write(encoded, value);
        }
    }

    /// <summary>Ends the row.</summary>
    public void End()
    {
        ValueEncoding.Write(encoded, null);
        RowCount++;
    }

    /// <summary>The hash over all rows.</summary>
    public ContentHash Finish() => ContentHash.Of(encoded.WrittenSpan);
}

using System.Buffers;
using System.Linq.Expressions;
using System.Reflection;
using System.Security.Cryptography;
using Biomarkers.Immunoassay;
using LinqToDB.Mapping;

namespace Biomarkers.Storage.Copies;

/// <summary>SHA-256 over the rows of a table in the order of their keys, equal on every engine that holds the same values to the last bit.</summary>
/// <remarks>Each column of a row, in the order of the row's class, by <see cref="ValueEncoding"/>.</remarks>
internal sealed class RowHash<T> : IDisposable
{
    private static readonly Func<T, object?>[] Columns = [.. typeof(T).GetProperties().Where(property => property.IsDefined(typeof(ColumnAttribute))).Select(Reader)];

    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ArrayBufferWriter<byte> encoded = new();

    /// <summary>Rows so far.</summary>
    public long RowCount { get; private set; }

    /// <summary>Takes a row in.</summary>
    public void Add(T row)
    {
        foreach (Func<T, object?> column in Columns)
        {
            ValueEncoding.Write(encoded, column(row));
        }

        hash.AppendData(encoded.WrittenSpan);
        encoded.ResetWrittenCount();
        RowCount++;
    }

    /// <summary>The hash over all rows so far; begins anew after it.</summary>
    public ContentHash Finish() => ContentHash.FromBytes(hash.GetHashAndReset());

    public void Dispose() => hash.Dispose();

    private static Func<T, object?> Reader(PropertyInfo property)
    {
        ParameterExpression row = Expression.Parameter(typeof(T));
        return Expression.Lambda<Func<T, object?>>(Expression.Convert(Expression.Property(row, property), typeof(object)), row).Compile();
    }
}

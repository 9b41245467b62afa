using System.Buffers.Binary;
using System.Linq.Expressions;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Biomarkers.Immunoassay;
using LinqToDB.Mapping;

namespace Biomarkers.Storage.Copies;

/// <summary>SHA-256 over the rows of a table in the order of their keys, equal on every engine that holds the same values to the last bit.</summary>
/// <remarks>Each column of a row, in the order of the row's class: one byte that names the kind (0 absent, 1 whole number, 2 double, 3 text, 4 bytes,
/// 5 truth value), then the value: eight bytes big endian for a number or the bits of a double, the length in eight bytes and the bytes (UTF-8 for a
/// text), or one byte 0 or 1.</remarks>
internal sealed class RowHash<T> : IDisposable
{
    private static readonly Func<T, object?>[] Columns = [.. typeof(T).GetProperties().Where(property => property.IsDefined(typeof(ColumnAttribute))).Select(Reader)];

    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] head = new byte[9];

    /// <summary>Rows so far.</summary>
    public long RowCount { get; private set; }

    /// <summary>Takes a row in.</summary>
    public void Add(T row)
    {
        foreach (Func<T, object?> column in Columns)
        {
            switch (column(row))
            {
                case null:
                    Write(0, 0, 1);
                    break;
                case long number:
                    Write(1, number, 9);
                    break;
                case int number:
                    Write(1, number, 9);
                    break;
                case double number:
                    Write(2, BitConverter.DoubleToInt64Bits(number), 9);
                    break;
                case string text:
                    Write(3, Encoding.UTF8.GetBytes(text));
                    break;
                case byte[] bytes:
                    Write(4, bytes);
                    break;
                case bool value:
                    Write(5, value ? 1L << 56 : 0, 2);
                    break;
                case { } other:
                    throw new InvalidOperationException($"{typeof(T).Name} has a column of {other.GetType().Name}, which has no form in the hash.");
            }
        }

        RowCount++;
    }

    /// <summary>The hash over all rows so far; begins anew after it.</summary>
    public ContentHash Finish() => ContentHash.FromBytes(hash.GetHashAndReset());

    public void Dispose() => hash.Dispose();

    private void Write(byte kind, byte[] bytes)
    {
        Write(kind, bytes.Length, 9);
        hash.AppendData(bytes);
    }

    private void Write(byte kind, long number, int length)
    {
        head[0] = kind;
        BinaryPrimitives.WriteInt64BigEndian(head.AsSpan(1), number);
        hash.AppendData(head, 0, length);
    }

    private static Func<T, object?> Reader(PropertyInfo property)
    {
        ParameterExpression row = Expression.Parameter(typeof(T));
        return Expression.Lambda<Func<T, object?>>(Expression.Convert(Expression.Property(row, property), typeof(object)), row).Compile();
    }
}

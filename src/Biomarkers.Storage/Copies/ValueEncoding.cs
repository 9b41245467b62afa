using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Biomarkers.Storage.Copies;

/// <summary>Values of columns as bytes, the same on every engine and never the same for two values.</summary>
/// <remarks>One byte that names the kind (0 absent, 1 whole number, 2 double, 3 text, 4 bytes, 5 truth value), then the value: eight bytes big endian for a
/// number or the bits of a double, the length in eight bytes and the bytes (UTF-8 for a text), or one byte 0 or 1.</remarks>
internal static class ValueEncoding
{
    private const int NumberBytes = 8;

    /// <summary>Appends a value.</summary>
    /// <exception cref="InvalidOperationException">A value of a type that no column has: a bug.</exception>
    public static void Write(ArrayBufferWriter<byte> target, object? value)
    {
        switch (value)
        {
            case null:
                WriteKind(target, 0);
                break;
            case long number:
                WriteNumber(target, 1, number);
                break;
            case int number:
                WriteNumber(target, 1, number);
                break;
            case double number:
                WriteNumber(target, 2, BitConverter.DoubleToInt64Bits(number));
                break;
            case string text:
                int length = Encoding.UTF8.GetByteCount(text);
                WriteNumber(target, 3, length);
                target.Advance(Encoding.UTF8.GetBytes(text, target.GetSpan(length)));
                break;
            case byte[] bytes:
                WriteNumber(target, 4, bytes.Length);
                target.Write(bytes);
                break;
            case bool truth:
                WriteKind(target, 5);
                WriteKind(target, truth ? (byte)1 : (byte)0);
                break;
            default:
                throw new InvalidOperationException($"A column of {value.GetType().Name} has no form in a hash.");
        }
    }

    private static void WriteKind(ArrayBufferWriter<byte> target, byte kind)
    {
        target.GetSpan(1)[0] = kind;
        target.Advance(1);
    }

    private static void WriteNumber(ArrayBufferWriter<byte> target, byte kind, long number)
    {
        WriteKind(target, kind);
        BinaryPrimitives.WriteInt64BigEndian(target.GetSpan(NumberBytes), number);
        target.Advance(NumberBytes);
    }
}

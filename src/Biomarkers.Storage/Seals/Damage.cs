using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;
using LinqToDB.Common;

namespace Biomarkers.Storage.Seals;

/// <summary>Tells damage of stored rows from faults of the program.</summary>
internal static class Damage
{
    /// <summary>Reads; a row whose values no longer fit their columns is told as damage.</summary>
    /// <param name="target">What is read.</param>
    /// <param name="read">The reading.</param>
    /// <exception cref="StoredDataDamagedException">A value can't be read.</exception>
    public static async Task<T> GuardAsync<T>(string target, Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception exception) when (exception is InvalidCastException or OverflowException or FormatException or LinqToDBConvertException)
        {
            throw new StoredDataDamagedException(target, "a value of it is of a form that its column never has.", exception);
        }
    }

    /// <summary>Holds an original against the hash that was stored with it.</summary>
    /// <exception cref="StoredDataDamagedException">It is not what was stored.</exception>
    public static void Require(string target, ReadOnlySpan<byte> content, byte[] storedHash)
    {
        var found = ContentHash.Of(content);
        if (!found.ToBytes().AsSpan().SequenceEqual(storedHash))
        {
            throw new StoredDataDamagedException(target, $"its content has SHA-256 {found}; expected {Convert.ToHexStringLower(storedHash)}.");
        }
    }
}

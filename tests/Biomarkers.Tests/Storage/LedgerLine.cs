using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Xunit;

namespace Biomarkers.Tests.Storage;

/// <summary>A row of the ledger, and its chain as it is documented, written a second time.</summary>
internal sealed record LedgerLine(long Sequence, string Action, string Target, byte[] Previous, byte[] Hash, byte[] Content)
{
    private static readonly string[] Texts = ["actor", "action", "target", "reason", "detail"];

    /// <summary>Reads the whole ledger, and fails unless its sequence has no gap and every hash is what its row and the one before make it.</summary>
    public static async Task<IReadOnlyList<LedgerLine>> VerifyAsync(TestDatabase database)
    {
        List<LedgerLine> lines = await database.ReadAsync(
            $"SELECT sequence, event_time, previous_hash, hash, {string.Join(", ", Texts)} FROM audit_event ORDER BY sequence", row =>
            {
                string?[] texts = [.. Texts.Select((_, i) => row.IsDBNull(4 + i) ? null : row.GetString(4 + i))];
                return new LedgerLine(row.GetInt64(0), texts[1]!, texts[2]!, (byte[])row[2], (byte[])row[3], Encode(row.GetInt64(0), row.GetInt64(1), texts));
            });
        byte[] previous = new byte[32];
        for (int i = 0; i < lines.Count; i++)
        {
            Assert.Equal(i + 1, lines[i].Sequence);
            Assert.Equal(previous, lines[i].Previous);
            previous = SHA256.HashData([.. previous, .. lines[i].Content]);
            Assert.Equal(previous, lines[i].Hash);
        }

        Assert.Equal((lines.Count, Convert.ToHexString(previous)), (await database.ReadAsync(
            "SELECT sequence, hash FROM ledger_head", row => ((int)row.GetInt64(0), Convert.ToHexString((byte[])row[1])))).Single());
        return lines;
    }

    private static byte[] Encode(long sequence, long time, string?[] texts)
    {
        var bytes = new List<byte>();
        void Number(long value)
        {
            Span<byte> number = stackalloc byte[8];
            BinaryPrimitives.WriteInt64BigEndian(number, value);
            bytes.AddRange(number);
        }

        Number(sequence);
        Number(time);
        foreach (string? text in texts)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text ?? string.Empty);
            Number(text is null ? -1 : utf8.Length);
            bytes.AddRange(utf8);
        }

        return [.. bytes];
    }
}

namespace Biomarkers.Faults.Fuzzing;

/// <summary>Changes bytes: bits, blocks, lengths, pieces of another input.</summary>
internal static class ByteMutator
{
    private const int MaximumLength = 64 * 1024;

    private static readonly byte[] Odd = [0, 1, 0x7F, 0x80, 0xFF, (byte)'"', (byte)',', (byte)'\n'];

    public static byte[] Mutate(byte[] input, byte[] other, Random random)
    {
        List<byte> bytes = [.. input];
        for (int left = 1 + random.Next(4); left > 0; left--)
        {
            int at = random.Next(bytes.Count + 1);
            int length = Math.Min(bytes.Count - at, 1 + random.Next(16));
            switch (random.Next(7))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = Interesting(random);
                    break;
                case 2:
                    bytes.InsertRange(at, Enumerable.Range(0, 1 + random.Next(8)).Select(_ => Interesting(random)));
                    break;
                case 3:
                    bytes.RemoveRange(at, length);
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 5 when other.Length > 0:
                    int from = random.Next(other.Length);
                    bytes.InsertRange(at, other.AsSpan(from, Math.Min(other.Length - from, 1 + random.Next(64))).ToArray());
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes.Take(MaximumLength)];
    }

    private static byte Interesting(Random random) => random.Next(3) == 0 ? (byte)random.Next(256) : Odd[random.Next(Odd.Length)];
}

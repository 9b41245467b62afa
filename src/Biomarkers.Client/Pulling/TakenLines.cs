using System.Security.Cryptography;
using System.Text;

namespace Biomarkers.Client.Pulling;

/// <summary>The file of <see cref="TakenVersions"/>: a line for each change, words separated by a blank, and before each line the first 16 digits of its SHA-256.</summary>
internal static class TakenLines
{
    private const string Format = "1";
    private const string HeadWord = "biomarkers-taken";
    private const string TakenWord = "taken";
    private const string AcknowledgedWord = "acknowledged";
    private const int CheckLength = 16;

    /// <summary>What a file holds.</summary>
    /// <param name="Subscription">Whose it is; null where that line is not there.</param>
    /// <param name="Pending">Versions that were taken and not acknowledged, with their deliveries.</param>
    /// <param name="DamagedLineCount">Lines that are not as they were written, the last one apart.</param>
    internal sealed record Content(string? Subscription, IReadOnlyDictionary<string, string> Pending, int DamagedLineCount);

    public static string Head(string subscription) => $"{HeadWord} {Format} {subscription}";

    public static string Taken(string versionName, string deliveryId) => $"{TakenWord} {versionName} {Uri.EscapeDataString(deliveryId)}";

    public static string Acknowledged(string versionName) => $"{AcknowledgedWord} {versionName}";

    public static byte[] Bytes(IEnumerable<string> lines) => Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => $"{CheckOf(line)} {line}\n")));

    /// <summary>Reads what can be read. The last line of a process that was killed may be half there, and its version is then not taken.</summary>
    /// <exception cref="BiomarkersClientException">A newer version of this program wrote it.</exception>
    public static Content Read(byte[] bytes)
    {
        string? subscription = null;
        var pending = new Dictionary<string, string>(StringComparer.Ordinal);
        int damaged = 0;
        string[] lines = Encoding.UTF8.GetString(bytes).Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i];
            if (line.Length <= CheckLength || line[..CheckLength] != CheckOf(line[(CheckLength + 1)..]))
            {
                // Behind the last line's end there is nothing, or what an interrupted write left.
                damaged += i < lines.Length - 1 ? 1 : 0;
                continue;
            }

            switch (line[(CheckLength + 1)..].Split(' '))
            {
                case [HeadWord, Format, var name]:
                    subscription = name;
                    break;
                case [TakenWord, var version, var delivery]:
                    pending[version] = Uri.UnescapeDataString(delivery);
                    break;
                case [AcknowledgedWord, var version]:
                    pending.Remove(version);
                    break;
                default:
                    throw new BiomarkersClientException($"The line '{line}' of what was taken is of a kind that this version does not know: a newer one wrote it.");
            }
        }

        return new Content(subscription, pending, damaged);
    }

    private static string CheckOf(string line) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line)))[..CheckLength];
}

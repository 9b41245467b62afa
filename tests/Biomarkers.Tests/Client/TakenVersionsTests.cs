using Biomarkers.Client;
using Biomarkers.Client.Pulling;
using Xunit;

namespace Biomarkers.Tests.Client;

/// <summary>What was taken, over the end of a process at any byte.</summary>
public sealed class TakenVersionsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("biomarkers-taken-").FullName;

    private string LogFile => Path.Combine(folder, "taken.log");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Open_AfterTakenAndAcknowledged_HoldsWhatIsUnderWay()
    {
        using (TakenVersions first = TakenVersions.Open(folder, "lims-1"))
        {
            first.Take("results/1@2", "7");
            first.Take("results/2@2", "a delivery");
            first.Take("results/1@2", "9");
            first.Acknowledged(["results/2@2", "results/99@1"]);
        }

        using TakenVersions second = TakenVersions.Open(folder, "subscriptions/lims-1");

        Assert.Equal([new("results/1@2", "9")], second.Pending);
        Assert.True(second.Contains("results/1@2"));
        Assert.Equal((1, 0), (second.Count, second.DamagedLineCount));
    }

    [Fact]
    public void Open_FileCutAtEveryByte_HoldsAPrefixOfWhatWasTaken()
    {
        string[] versions = ["results/1@2", "results/2@2", "results/3@2"];
        using (TakenVersions written = TakenVersions.Open(folder, "lims-1"))
        {
            foreach (string version in versions)
            {
                written.Take(version, "7");
            }
        }

        byte[] whole = File.ReadAllBytes(LogFile);
        for (int length = whole.Length; length >= 0; length--)
        {
            File.WriteAllBytes(LogFile, whole[..length]);
            using TakenVersions read = TakenVersions.Open(folder, "lims-1");
            Assert.Equal(versions[..read.Count], read.Pending.Select(item => item.Key));
            Assert.Equal(0, read.DamagedLineCount);
        }
    }

    [Fact]
    public void Open_LineThatTheDiskChanged_IsCountedAndTheOthersStay()
    {
        using (TakenVersions written = TakenVersions.Open(folder, "lims-1"))
        {
            written.Take("results/1@2", "7");
            written.Take("results/2@2", "8");
        }

        File.WriteAllText(LogFile, File.ReadAllText(LogFile).Replace("results/1@2", "results/1@3", StringComparison.Ordinal));
        using TakenVersions read = TakenVersions.Open(folder, "lims-1");

        Assert.Equal((1, 1), (read.Count, read.DamagedLineCount));
        Assert.True(read.Contains("results/2@2"));
    }

    [Fact]
    public void Open_OfAnotherSubscriptionOrInUse_IsRefused()
    {
        using (TakenVersions first = TakenVersions.Open(folder, "lims-1"))
        {
            Assert.Contains("another process", Assert.Throws<BiomarkersClientException>(() => TakenVersions.Open(folder, "lims-1")).Message, StringComparison.Ordinal);
        }

        Assert.Contains("subscriptions/lims-1", Assert.Throws<BiomarkersClientException>(() => TakenVersions.Open(folder, "lims-2")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Acknowledged_ManyVersions_KeepsTheFileSmall()
    {
        using TakenVersions record = TakenVersions.Open(folder, "lims-1");
        for (int i = 0; i < 6000; i++)
        {
            // Known already, so that the second note of each is no flush of the disk.
            record.Take("results/1@2", $"{i}");
            record.Acknowledged(i % 2 == 0 ? [] : ["results/1@2"]);
        }

        Assert.InRange(new FileInfo(LogFile).Length, 1, 1_000_000);
        Assert.Equal(0, record.Count);
    }
}

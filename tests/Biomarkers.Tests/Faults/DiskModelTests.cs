using Biomarkers.Faults.Disks;
using Xunit;

namespace Biomarkers.Tests.Faults;

/// <summary>What the model of a disk keeps and forgets; the proof of durability is as good as it.</summary>
public sealed class DiskModelTests
{
    private const string Folder = "/data";
    private const string File = "/data/a";
    private const int Seeds = 200;

    private readonly DiskModel disk = new();
    private int count;

    [Fact]
    public void Crash_WhatWasSynced_IsThereInEveryCrash()
    {
        Do(DiskCallKind.Create, File);
        Do(DiskCallKind.Sync, Folder);
        Do(DiskCallKind.Write, File, 0, 1, 2, 3);
        Do(DiskCallKind.Sync, File);
        Do(DiskCallKind.Write, File, 3, 4);
        Assert.All(Crashes(), files => Assert.Equal([1, 2, 3], files[File].Take(3)));
        Assert.Equal([3, 4], Crashes().Select(files => files[File].Length).Distinct().Order());
    }

    [Fact]
    public void Crash_WriteWithoutSync_IsKeptDroppedOrTornAtSectors()
    {
        Do(DiskCallKind.Create, File);
        Do(DiskCallKind.Sync, Folder);
        Do(DiskCallKind.Write, File, 0, [.. Enumerable.Repeat((byte)7, 1024)]);
        string[] states = [.. Crashes().Select(files => string.Join(' ', files[File].Chunk(512).Select(sector => string.Concat(sector.Distinct())))).Distinct().Order()];
        Assert.Equal(["", "0 7", "7", "7 7"], states);
    }

    [Fact]
    public void Crash_SyncThatBeganBeforeAWrite_DoesNotCoverIt()
    {
        Do(DiskCallKind.Create, File);
        Do(DiskCallKind.Sync, Folder);
        Do(DiskCallKind.Write, File, 0, 1);
        Apply(new DiskCall(0, DiskCallKind.Sync, File, 0, [], Began: 2));
        Assert.Contains(Crashes(), files => files[File].Length == 0);
    }

    [Fact]
    public void Crash_NameWithoutSyncOfItsFolder_MayBeGoneWithAllThatWasSynced()
    {
        Do(DiskCallKind.Create, File);
        Do(DiskCallKind.Write, File, 0, 1);
        Do(DiskCallKind.Sync, File);
        Assert.Equal([0, 1], Crashes().Select(files => files.Count).Distinct().Order());
        Do(DiskCallKind.Sync, Folder);
        Do(DiskCallKind.Unlink, File);
        Assert.Equal([0, 1], Crashes().Select(files => files.Count).Distinct().Order());
        Do(DiskCallKind.Sync, Folder);
        Assert.All(Crashes(), Assert.Empty);
    }

    [Fact]
    public void Crash_SyncThatIsIgnored_LosesWhatItSynced()
    {
        Do(DiskCallKind.Create, File);
        Do(DiskCallKind.Sync, Folder);
        Do(DiskCallKind.Write, File, 0, 1);
        disk.Apply(new DiskCall(0, DiskCallKind.Sync, File, 0, [], count++), isSyncIgnored: true);
        Assert.Contains(Crashes(), files => files[File].Length == 0);
    }

    private IEnumerable<Dictionary<string, byte[]>> Crashes() => Enumerable.Range(0, Seeds).Select(seed => disk.Crash(new Random(seed)));

    private void Do(DiskCallKind kind, string path, long offset = 0, params byte[] bytes) => Apply(new DiskCall(0, kind, path, offset, bytes, count));

    private void Apply(DiskCall call)
    {
        disk.Apply(call, isSyncIgnored: false);
        count++;
    }
}

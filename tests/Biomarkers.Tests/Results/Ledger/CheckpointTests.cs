using Biomarkers.Immunoassay;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Checkpoints;
using Xunit;

namespace Biomarkers.Tests.Results.Ledger;

/// <summary>Checkpoints: what is signed, who can verify it, and what a detail vouches for.</summary>
public sealed class CheckpointTests : IDisposable
{
    private static readonly Checkpoint Sample = new(
        ContentHash.Of([1]),
        3,
        42,
        ContentHash.Of([2]),
        DateTimeOffset.UnixEpoch.AddMicroseconds(1_700_000_000_000_001),
        [new StreamHead(1, "instruments/reader-1/readStreams/main", 7, ContentHash.Of([3])), new StreamHead(2, "instruments/reader 2/readStreams/~submitted", 0, default)]);

    private readonly string folder = Directory.CreateTempSubdirectory("biomarkers-checkpoint-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Statement_OfACheckpoint_ReadsBackAsItWas()
    {
        var read = Checkpoint.Parse(Sample.ToStatement());

        Assert.Equal(Sample.ToStatement(), read.ToStatement());
        Assert.True(Sample.SaysTheSame(read));
        Assert.Equal(Sample.Time, read.Time);
        Assert.StartsWith("biomarkers-checkpoint 1\nledger ", Sample.ToStatement(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("biomarkers-checkpoint 2\n")]
    [InlineData("{}")]
    public void Statement_ThatIsNone_IsRefused(string text) => Assert.Throws<FormatException>(() => Checkpoint.Parse(text));

    /// <summary>OpenSSL says whether the signature is right, from the files alone; and that it is not, when one digit is another one.</summary>
    [OpenSslFact]
    public async Task Signature_OfACheckpoint_IsRightForOpenSsl()
    {
        using var key = CheckpointKey.ReadOrCreate(Path.Combine(folder, "checkpoint.key"));
        var kept = new CheckpointFolder(Path.Combine(folder, "kept"));
        string publicKey = kept.WriteKey(key);
        var signed = SignedCheckpoint.FromJson(await File.ReadAllTextAsync(kept.Write(key.Sign(Sample))));
        await File.WriteAllBytesAsync(Path.Combine(folder, "signature"), signed.Signature);
        string statement = Path.Combine(folder, "statement");

        await File.WriteAllTextAsync(statement, signed.Statement);
        ProgramRun right = await VerifyAsync(publicKey, statement);
        await File.WriteAllTextAsync(statement, signed.Statement.Replace("sequence 42", "sequence 43", StringComparison.Ordinal));
        ProgramRun wrong = await VerifyAsync(publicKey, statement);

        Assert.Equal((0, 1), (right.ExitCode, wrong.ExitCode));
        Assert.Single(kept.ReadAll());
    }

    [Fact]
    public void Key_OfTheFirstStart_IsTheOwnersAndTheSameAfterwards()
    {
        string file = Path.Combine(folder, "checkpoint.key");
        using var made = CheckpointKey.ReadOrCreate(file);
        using var read = CheckpointKey.ReadOrCreate(file);

        Assert.Equal(made.Name, read.Name);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
            Assert.Throws<InvalidDataException>(() => CheckpointKey.ReadOrCreate(file));
        }
    }

    [Fact]
    public void IsSignedBy_OtherStatementOrKey_IsFalse()
    {
        using var key = CheckpointKey.ReadOrCreate(Path.Combine(folder, "one.key"));
        using var other = CheckpointKey.ReadOrCreate(Path.Combine(folder, "other.key"));
        using var trusted = PublicKeys.Read(new CheckpointFolder(folder).WriteKey(key));
        SignedCheckpoint signed = key.Sign(Sample);

        Assert.True(signed.IsSignedBy(trusted));
        Assert.False((signed with { Statement = signed.Statement.Replace("generation 3", "generation 4", StringComparison.Ordinal) }).IsSignedBy(trusted));
        Assert.False(other.Sign(Sample).IsSignedBy(trusted));
    }

    /// <summary>A barcode may hold what looks like the hashes of another run: what ends the detail counts.</summary>
    [Fact]
    public void Detail_OfARunWithAMisleadingBarcode_NamesItsOwnSeal()
    {
        var coverage = new RunCoverage(2, ContentHash.Of([1]), ContentHash.Of([2]));
        string barcode = CoveredContent.Describe("plates/P-1", new RunCoverage(9, ContentHash.Of([8]), ContentHash.Of([9])));
        var audit = new AuditEvent(DateTimeOffset.UnixEpoch, "server", AuditActions.RunSaved, "analyticalRuns/1", null, CoveredContent.Describe(barcode, coverage));

        Assert.Equal(coverage, CoveredContent.RunOf(audit));
        Assert.Null(CoveredContent.RunOf(audit with { Detail = $"{audit.Detail}, Accepted" }));
    }

    [Fact]
    public void FromMicroseconds_NumberThatIsNoInstant_IsRefused()
    {
        // Ten times this is, in 64 bits, ten times 5.
        const long Wrapped = long.MinValue + 5;

        Assert.Throws<OverflowException>(() => Instant.FromMicroseconds(Wrapped));
        Assert.Equal(5, Instant.ToMicroseconds(Instant.FromMicroseconds(5)));
    }

    private Task<ProgramRun> VerifyAsync(string publicKey, string statement) =>
        ProgramRun.OfAsync("/usr/bin/openssl", ["dgst", "-sha256", "-verify", publicKey, "-signature", Path.Combine(folder, "signature"), statement], folder);
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Checkpoints;

namespace Biomarkers.Storage.Bundles;

/// <summary>The parts of a bundle, each held against the manifest.</summary>
/// <param name="archive">The bundle.</param>
/// <param name="manifest">What it says of its parts.</param>
/// <param name="databaseFile">Where its database is unpacked; nothing is there yet.</param>
internal sealed class BundleParts(BundleArchive archive, BundleManifest manifest, string databaseFile)
{
    private const string Runs = "analyticalRuns/";
    private const string Plates = "plates/";

    private readonly List<Tampering> findings = [];
    private readonly Dictionary<string, byte[]> texts = [];

    /// <summary>What it says of itself.</summary>
    public BundleManifest Manifest => manifest;

    /// <summary>What was found; one of each part.</summary>
    public IReadOnlyList<Tampering> Findings => findings;

    /// <summary>Where its database was unpacked.</summary>
    public string DatabaseFile => databaseFile;

    /// <summary>Whether it was.</summary>
    public bool HasDatabase { get; private set; }

    /// <summary>The checkpoint; null where there is none that can be read.</summary>
    public HeldCheckpoint? Checkpoint { get; private set; }

    /// <summary>The key that came with it; null where there is none that can be read.</summary>
    public ECDsa? PublicKey { get; private set; }

    /// <summary>Key of the run that it is about; -1, which none has, where it names none.</summary>
    public long RunKey =>
        manifest.Run.StartsWith(Runs, StringComparison.Ordinal) && long.TryParse(manifest.Run.AsSpan(Runs.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long key)
            ? key
            : -1;

    /// <summary>Barcode of its plate.</summary>
    public string Barcode => manifest.Plate.StartsWith(Plates, StringComparison.Ordinal) ? manifest.Plate[Plates.Length..] : manifest.Plate;

    /// <summary>A hash that the manifest names; where it names none, one that nothing has.</summary>
    public static ContentHash HashOf(string text) =>
        text.Length == 64 && text.All(char.IsAsciiHexDigit) ? ContentHash.Parse(text) : ContentHash.Of(Encoding.UTF8.GetBytes(text));

    /// <summary>Reads all parts.</summary>
    public void Read()
    {
        foreach (IGrouping<string, string> name in archive.Names.GroupBy(name => name, StringComparer.Ordinal))
        {
            if (name.Count() > 1)
            {
                Add(TamperingKind.Inserted, name.Key, string.Create(CultureInfo.InvariantCulture, $"is there {name.Count()} times"));
            }
            else if (name.Key != BundleArchive.Manifest && !(BundleArchive.KnownParts.Contains(name.Key) && manifest.Parts.Any(part => part.Name == name.Key)))
            {
                Add(TamperingKind.Inserted, name.Key, "is there, and the manifest does not name it");
            }
        }

        foreach (IGrouping<string, BundlePart> part in manifest.Parts.GroupBy(part => part.Name, StringComparer.Ordinal))
        {
            if (part.Count() > 1 || !BundleArchive.KnownParts.Contains(part.Key))
            {
                Add(TamperingKind.Changed, BundleArchive.Manifest, $"names the part '{part.Key}' {(part.Count() > 1 ? "twice" : "which no bundle has")}");
            }
            else
            {
                ReadPart(part.First());
            }
        }

        foreach (string missing in BundleArchive.NeededParts.Where(name => manifest.Parts.All(part => part.Name != name)))
        {
            Add(TamperingKind.Deleted, missing, "is not named by the manifest; every bundle has it");
        }

        ReadCheckpoint();
    }

    /// <summary>Holds the readable parts against what the rows give.</summary>
    public void Compare(IEnumerable<(string Name, byte[] Content)> expected)
    {
        foreach ((string name, byte[] content) in expected)
        {
            if (texts.TryGetValue(name, out byte[]? found) && !found.AsSpan().SequenceEqual(content))
            {
                Add(TamperingKind.Changed, name, $"is not what the rows of '{BundleArchive.Database}' say", ContentHash.Of(content), ContentHash.Of(found));
            }
        }
    }

    /// <summary>Takes a finding about a part; the first of each is kept.</summary>
    public void Add(TamperingKind kind, string part, string text, ContentHash? expected = null, ContentHash? actual = null)
    {
        if (!findings.Exists(finding => finding.Target == part))
        {
            findings.Add(new Tampering(kind, part, null, $"'{part}' {text}") { Expected = expected, Actual = actual });
        }
    }

    private void ReadPart(BundlePart part)
    {
        if (!archive.Names.Contains(part.Name))
        {
            Add(TamperingKind.Deleted, part.Name, "is not there; the manifest names it", HashOf(part.Sha256));
            return;
        }

        bool isDatabase = part.Name == BundleArchive.Database;
        long most = Math.Clamp(part.Bytes, 0, isDatabase ? BundleArchive.MaximumDatabaseBytes : BundleArchive.MaximumTextBytes);
        ContentHash? found;
        long length;
        using (Stream target = isDatabase ? new FileStream(databaseFile, FileMode.CreateNew, FileAccess.ReadWrite) : new MemoryStream())
        {
            found = archive.Copy(part.Name, target, most);
            length = target.Length;
            if (target is MemoryStream text && found is not null)
            {
                texts[part.Name] = text.ToArray();
            }
        }

        HasDatabase |= isDatabase && found is not null;
        if (found is null)
        {
            Add(TamperingKind.Changed, part.Name, string.Create(CultureInfo.InvariantCulture, $"can't be unpacked, or has more than its {part.Bytes} bytes"), HashOf(part.Sha256));
        }
        else if (found != HashOf(part.Sha256) || length != part.Bytes)
        {
            Add(TamperingKind.Changed, part.Name, "is not what the manifest says", HashOf(part.Sha256), found);
        }
    }

    private void ReadCheckpoint()
    {
        if (texts.TryGetValue(BundleArchive.Checkpoint, out byte[]? json))
        {
            try
            {
                var signed = SignedCheckpoint.FromJson(Encoding.UTF8.GetString(json));
                _ = signed.ToCheckpoint();
                Checkpoint = new HeldCheckpoint(BundleArchive.Checkpoint, signed);
            }
            catch (Exception exception) when (exception is FormatException or OverflowException)
            {
                Add(TamperingKind.Changed, BundleArchive.Checkpoint, $"is no checkpoint: {exception.Message.ReplaceLineEndings(" ")}");
            }
        }

        if (texts.TryGetValue(BundleArchive.PublicKey, out byte[]? pem))
        {
            try
            {
                PublicKey = PublicKeys.Import(Encoding.UTF8.GetString(pem), BundleArchive.PublicKey);
            }
            catch (InvalidDataException exception)
            {
                Add(TamperingKind.Changed, BundleArchive.PublicKey, $"is no public key: {exception.Message.ReplaceLineEndings(" ")}");
            }
        }

        if (Checkpoint is { } held && PublicKey is { } key && SignedCheckpoint.KeyOf(key) != held.Signed.Key)
        {
            Add(TamperingKind.Changed, BundleArchive.PublicKey, $"is another key than the one that signed '{BundleArchive.Checkpoint}'", held.Signed.Key, SignedCheckpoint.KeyOf(key));
        }

        if (Checkpoint is null && PublicKey is not null)
        {
            Add(TamperingKind.Deleted, BundleArchive.Checkpoint, "is not there; its key is");
        }
    }
}

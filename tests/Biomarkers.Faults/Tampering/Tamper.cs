namespace Biomarkers.Faults.Tampering;

/// <summary>Something to do to a database, and what must be said of it.</summary>
/// <param name="Kind">What it is, for the report.</param>
/// <param name="Statements">How it is done.</param>
internal sealed record Tamper(string Kind, IReadOnlyList<string> Statements)
{
    /// <summary>Audit events one of which must be named as the first bad one; empty where none vouches for what is changed.</summary>
    public IReadOnlySet<long> Sequences { get; init; } = new HashSet<long>();

    /// <summary>Asks the same of what is there afterwards, where a row may have become another's; null where nothing can.</summary>
    public string? SequencesAfterwards { get; init; }

    /// <summary>Whether a range that holds one of them is right as well: hashes were made anew.</summary>
    public bool MayBeRange { get; init; }

    /// <summary>Read stream that must be named; null for none.</summary>
    public string? Stream { get; init; }

    /// <summary>Its first bad event; null for any.</summary>
    public long? Offset { get; init; }

    /// <summary>Whether it lies above the last checkpoint and need not be found.</summary>
    public bool IsBeyond { get; init; }

    public override string ToString() => $"{Kind}: {string.Join("; ", Statements.Select(statement => statement.Length <= 300 ? statement : statement[..300]).Take(4))}";
}

namespace Biomarkers.Faults.Io;

/// <summary>What is done.</summary>
/// <param name="Step">Every so many calls one fails; 1 for each of them.</param>
/// <param name="First">First call that fails.</param>
/// <param name="Last">Last call that fails.</param>
/// <param name="FinishEvery">After every so many faults a whole server goes on without one.</param>
/// <param name="Seed">Seed of the plate.</param>
internal sealed record IoPlan(int Step, int First, int Last, int FinishEvery, int Seed);

/// <summary>What became of it.</summary>
/// <param name="Plan">What was done.</param>
/// <param name="Points">Calls on the database's files in one life of a plate.</param>
/// <param name="Faults">Lives with a fault: a call that fails by EIO or ENOSPC, once or for good.</param>
/// <param name="Ends">How the servers came out of them.</param>
/// <param name="NotReached">Faults that did not happen, because the life was shorter this time.</param>
/// <param name="FinishedAgain">Lives that a whole server finished without a fault: sent again, analysed, stopped.</param>
/// <param name="Kept">What the checks found.</param>
/// <param name="IsControlFound">Whether the check noticed an acknowledged event that was taken out.</param>
/// <param name="ElapsedSeconds">Of everything.</param>
internal sealed record IoReport(
    IoPlan Plan,
    int Points,
    int Faults,
    IReadOnlyDictionary<IoEnd, int> Ends,
    int NotReached,
    int FinishedAgain,
    KeptFigures Kept,
    bool IsControlFound,
    double ElapsedSeconds)
{
    /// <summary>Whether no acknowledgement came without storage, every database is whole, every server ended or went on, and the check can complain.</summary>
    public bool IsClean => Kept.IsClean && IsControlFound && NotReached < Faults / 4;

    /// <summary>The figures as lines of a table.</summary>
    public IEnumerable<(string Name, string Value)> Lines()
    {
        yield return ("seed", Figures.Text(Plan.Seed));
        yield return ("calls in one life of a plate (N)", Figures.Text(Points));
        yield return ("faults: EIO, ENOSPC, once, for good", Figures.Text(Faults));
        yield return ("the plate was served all the same", Figures.Text(Ends.GetValueOrDefault(IoEnd.Served)));
        yield return ("the server ended with an error", Figures.Text(Ends.GetValueOrDefault(IoEnd.Failed)));
        yield return ("the server did not start", Figures.Text(Ends.GetValueOrDefault(IoEnd.NotStarted)));
        yield return ("the server refused, and answered reads", Figures.Text(Ends.GetValueOrDefault(IoEnd.Refuses)));
        yield return ("stuck", Figures.Text(Ends.GetValueOrDefault(IoEnd.Stuck)));
        yield return ("faults that were not reached", Figures.Text(NotReached));
        yield return ("finished by a server without a fault", Figures.Text(FinishedAgain));
        yield return ("acknowledged without storage, damaged, stuck", Figures.Text(Kept.Others));
        yield return ("control: event taken out is missed", IsControlFound ? "yes" : "NO");
        yield return ("elapsed, s", Figures.Seconds(ElapsedSeconds));
        yield return ("verdict", IsClean ? "no acknowledgement without storage" : "FAILED");
    }
}

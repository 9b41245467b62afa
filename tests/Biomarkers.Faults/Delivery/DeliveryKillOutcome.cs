namespace Biomarkers.Faults.Delivery;

/// <summary>What came of a real server that was killed while pullers pulled.</summary>
/// <param name="Engine">Name of the engine.</param>
/// <param name="Kills">SIGKILLs.</param>
/// <param name="Released">Versions that were released.</param>
/// <param name="Deliveries">Deliveries that pullers saw.</param>
/// <param name="Repeats">Those of a version that a puller saw before.</param>
/// <param name="Acknowledgements">Acknowledgements that were answered.</param>
/// <param name="InDoubt">Acknowledgements whose answer was lost.</param>
/// <param name="ControlsFound">Things that must not be, put into the log of it, that were found.</param>
/// <param name="Controls">How many were put in.</param>
/// <param name="Findings">What must not be.</param>
/// <param name="Seconds">Time of all.</param>
internal sealed record DeliveryKillOutcome(
    string Engine,
    int Kills,
    int Released,
    int Deliveries,
    int Repeats,
    int Acknowledgements,
    int InDoubt,
    int ControlsFound,
    int Controls,
    IReadOnlyList<string> Findings,
    double Seconds)
{
    public bool IsClean => Findings.Count == 0;

    public IEnumerable<(string Name, string Value)> Lines() =>
    [
        ("SIGKILLs", Figures.Text(Kills)),
        ("versions released", Figures.Text(Released)),
        ("deliveries", Figures.Text(Deliveries)),
        ("repeats among them", Figures.Text(Repeats)),
        ("acknowledgements", Figures.Text(Acknowledgements)),
        ("acknowledgements whose answer was lost", Figures.Text(InDoubt)),
        ("controls: faults put into the log", $"found {ControlsFound} of {Controls}"),
        ("findings", Figures.Text(Findings.Count)),
        ("seconds", Figures.Seconds(Seconds)),
    ];
}

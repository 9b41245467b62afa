using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Interchange;
using Biomarkers.Results;
using Biomarkers.Results.Delivery;

namespace Biomarkers.Tests.Interchange;

/// <summary>One result with every field, and what tests make of it.</summary>
internal sealed record SampleResults
{
    public ReportedVersion Version { get; init; } = new("results/17", 2, ResultStatus.Final, null, null);

    public ReportedSample Sample { get; init; } = new(
        "S-0001",
        "PLATE-0042",
        [WellPosition.Parse("A03"), WellPosition.Parse("A04")],
        2,
        new Specimen("ANA-1", "1007", "week 13", "OGTT 30 min", "serum", "none", new DateTimeOffset(2026, 11, 20, 8, 30, 0, TimeSpan.FromHours(1)), 0.1, true, 1));

    public ReportedAnalyte Analyte { get; init; } = new("il-6", "Interleukin 6", "26881-3", ConcentrationUnit.PgPerMl, 4);

    public ReportedMeasurement Measurement { get; init; } = new()
    {
        RangeStatus = RangeStatus.Quantified,
        Concentration = 1.23456,
        Lower = 1.1,
        Upper = 1.4,
        CvPercent = 4.5,
        MeanResponse = 0.51,
        FlagCodes = ["S_REP_CV"],
    };

    public ReportedOrigin Origin { get; init; } =
        new("reader-1", "kim", "analyticalRuns/5", "il-6@1", ContentHash.Parse(new string('a', 64)), [new LotReference(LotKind.Kit, "K-1", new DateOnly(2027, 3, 31))]);

    public ReportedTimes Times { get; init; } = new(
        new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.FromHours(1)),
        new DateTimeOffset(2026, 11, 21, 9, 15, 30, TimeSpan.FromHours(1)).AddTicks(1234567),
        new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    public ReportedAssurance Assurance { get; init; } = new(
        new ReportedSignature("Dr. Roe", new DateTimeOffset(2026, 11, 22, 11, 59, 58, TimeSpan.Zero), "reviewed and released"),
        new VerificationToken(4711, ContentHash.Parse(new string('b', 64))),
        []);

    public static InterchangeOptions Options { get; } = InterchangeOptions.Create(
        new MessageParty("Biomarkers", "Laboratory 1"), new MessageParty("LIMS", "Hospital"), new DateTimeOffset(2026, 11, 22, 12, 0, 5, TimeSpan.Zero), "C-1").ValueOrThrow();

    /// <summary>A version that replaces version 1, or takes it back.</summary>
    public SampleResults As(ResultStatus status, string? reason = "sample was swapped", int? superseded = 1) => this with
    {
        Version = new ReportedVersion("results/17", 2, status, status == ResultStatus.Final ? null : superseded, status == ResultStatus.Final ? null : reason),
        Measurement = status is ResultStatus.Withdrawn or ResultStatus.Cancelled
            ? new ReportedMeasurement { RangeStatus = RangeStatus.NotDetermined, MeanResponse = 0.51, FlagCodes = Measurement.FlagCodes }
            : Measurement,
    };

    /// <summary>The result beyond the range.</summary>
    public SampleResults Beyond(RangeStatus status, double limit) => this with
    {
        Measurement = new ReportedMeasurement { RangeStatus = status, Limit = limit, FlagCodes = [status == RangeStatus.BelowLloq ? "S_BELOW_LLOQ" : "S_ABOVE_ULOQ"] },
    };

    public SampleResults WithFlags(params string[] codes) => this with { Measurement = Measurement with { FlagCodes = codes } };

    public SampleResults WithSpecimen(Func<Specimen, Specimen> change) => this with { Sample = Sample with { Specimen = change(Sample.Specimen!) } };

    public Checked<ReportedResult> Check() => ReportedResult.Create(Version, Sample, Analyte, Measurement, Origin, Times, Assurance);

    public ReportedResult Make() => Check().ValueOrThrow();
}

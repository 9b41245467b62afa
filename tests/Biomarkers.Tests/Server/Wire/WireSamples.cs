using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using CsCheck;
using Google.Protobuf.WellKnownTypes;

namespace Biomarkers.Tests.Server.Wire;

/// <summary>Messages and domain values to map, and the domain to the wire as an instrument would write it: the second implementation.</summary>
internal static class WireSamples
{
    /// <summary>Random whole reads: every format, gaps, negative responses, with and without beads, wells in any order.</summary>
    public static Gen<PlateRead> Reads { get; } =
        from wellCount in Gen.OneOf(96, 384, 1536)
        from kind in Gen.OneOf(System.Enum.GetValues<ResponseKind>())
        from columnCount in Gen.Int[1, 3]
        from columns in Column(wellCount).Array[columnCount]
        select PlateRead.Create("P-1", wellCount, kind, [.. columns.Select((column, i) => Renamed(column, $"analyte-{i}"))]).ValueOrThrow();

    /// <summary>Random layouts with every content and every optional field there and not there.</summary>
    public static Gen<PlateLayout> Layouts { get; } =
        from version in Gen.Int[0, 3]
        from contents in Content.Array[1, 40]
        from lots in Lot.Array[0, 3]
        let wells = contents.Select((content, i) => new LayoutWell(PlateFormat.Wells96.WellAt(i * 2), content)).ToArray()
        select PlateLayout.Create("il-6", version, PlateFormat.Wells96, wells, lots).ValueOrThrow();

    private static Gen<string?> MaybeText => Gen.OneOf<string?>(null, "a", "week 13", "ä/ö");

    private static Gen<WellContent> Content => Gen.OneOf(
        from kind in Gen.OneOf(CalibratorKind.Calibrator, CalibratorKind.Anchor)
        from value in Gen.Double[0.001, 1000]
        select (WellContent)new Calibrator("CAL1", kind, [new NominalConcentration("il-6", value, ConcentrationUnit.PgPerMl)]),
        Gen.Const<WellContent>(new Calibrator("ZERO", CalibratorKind.Zero, [new NominalConcentration("il-6", 0, ConcentrationUnit.PgPerMl)])),
        from set in Gen.Int[1, 9]
        from lot in MaybeText
        from dilution in Gen.Double[1, 100]
        select (WellContent)new Control("LQC", set, lot, dilution, []),
        from dilution in Gen.Double[1, 1e9]
        from specimen in Specimen
        select (WellContent)new UnknownSample("S/1 ä", dilution, specimen),
        Gen.Const<WellContent>(new Blank("B")),
        Gen.Const<WellContent>(new Unused()));

    private static Gen<Specimen?> Specimen =>
        from present in Gen.Bool
        from texts in MaybeText.Array[6]
        from minutes in Gen.Int[-14 * 60, 14 * 60]
        from ticks in Gen.Long[0, DateTime.MaxValue.AddYears(-1).Ticks]
        from timed in Gen.Bool
        from haemolysis in Gen.Bool
        from fasting in Gen.OneOf<bool?>(null, true, false)
        from thaws in Gen.OneOf<int?>(null, 0, 2)
        let time = timed ? new DateTimeOffset(ticks + (15 * TimeSpan.TicksPerHour), TimeSpan.FromMinutes(minutes)) : (DateTimeOffset?)null
        select present
            ? new Specimen(texts[0], texts[1], texts[2], texts[3], texts[4], texts[5], time, haemolysis ? 1.5 : null, fasting, thaws)
            : null;

    private static Gen<LotReference> Lot =>
        from kind in Gen.OneOf(System.Enum.GetValues<LotKind>())
        from dated in Gen.Bool
        select new LotReference(kind, "L-1", dated ? new DateOnly(2027, 2, 28) : null);

    public static V1.PlateRead Read() => new()
    {
        PlateBarcode = "P-1",
        ReadId = "R-1",
        WellCount = 96,
        ResponseKind = V1.ResponseKind.OpticalDensity,
        Operator = "Ada",
        ReadTime = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).ToTimestamp(),
        Columns =
        {
            new V1.ResponseColumn
            {
                Analyte = "il-6",
                Positions = { 0, 1, 12, 95 },
                Responses = { 0.1, 0.2, 0.3, 0.4 },
                BeadCounts = { 50, 51, 52, 53 },
                Exceptions = { new V1.WellException { Position = 13, Status = V1.WellStatus.Saturated, Token = "OVRFLW" } },
            },
        },
    };

    public static V1.PlateLayout Layout() => new()
    {
        Assay = "assays/il-6@2",
        WellCount = 96,
        Wells =
        {
            new V1.LayoutWell { Position = "A01", Calibrator = new V1.Calibrator { Name = "CAL1", Nominals = { Nominal(10) } } },
            new V1.LayoutWell { Position = "A2", Control = new V1.Control { Level = "LQC", Nominals = { Nominal(5) } } },
            new V1.LayoutWell { Position = "A03", Unknown = new V1.UnknownSample { SampleId = "S1", Specimen = new V1.Specimen { StudyId = "T1" } } },
            new V1.LayoutWell { Position = "A04", Blank = new V1.Blank() },
            new V1.LayoutWell { Position = "A05", Unused = new V1.Unused() },
        },
        Lots = { new V1.LotReference { Kind = V1.LotKind.Kit, LotNumber = "L1", ExpiryDate = "2027-01-31" } },
    };

    /// <summary>A read as an instrument would send it, its wells in another order.</summary>
    public static V1.PlateRead ToWire(PlateRead read)
    {
        var wire = new V1.PlateRead { PlateBarcode = read.PlateBarcode, ReadId = "R-1", WellCount = read.Format.WellCount, ResponseKind = (V1.ResponseKind)(int)read.ResponseKind };
        foreach (ResponseColumn column in read.Columns)
        {
            var sent = new V1.ResponseColumn { Analyte = column.Analyte, Purpose = (V1.ColumnPurpose)(int)column.Purpose };
            if (column.WavelengthNm is { } wavelength)
            {
                sent.WavelengthNm = wavelength;
            }

            sent.Positions.AddRange(column.Positions.Reverse().Select(well => (uint)read.Format.IndexOf(well)));
            sent.Responses.AddRange(column.Responses.Reverse());
            sent.BeadCounts.AddRange(column.BeadCounts.Reverse());
            sent.Exceptions.AddRange(column.Exceptions.Reverse().Select(exception => new V1.WellException
            {
                Position = (uint)read.Format.IndexOf(exception.Position),
                Status = (V1.WellStatus)(int)exception.Status,
                Token = exception.Token,
            }));
            wire.Columns.Add(sent);
        }

        return wire;
    }

    /// <summary>A layout as a LIMS would send it.</summary>
    public static V1.PlateLayout ToWire(PlateLayout layout)
    {
        string version = layout.AssayVersion == 0 ? string.Empty : $"@{layout.AssayVersion}";
        var wire = new V1.PlateLayout { Assay = $"assays/{layout.AssayId}{version}", WellCount = layout.WellCount };
        wire.Wells.AddRange(layout.Wells.Reverse().Select(ToWire));
        wire.Lots.AddRange(layout.Lots.Select(lot => new V1.LotReference
        {
            Kind = (V1.LotKind)((int)lot.Kind + 1),
            LotNumber = lot.LotNumber,
            ExpiryDate = lot.ExpiryDate?.ToString("o") ?? string.Empty,
        }));
        return wire;
    }

    private static V1.NominalConcentration Nominal(double value) => new() { Analyte = "il-6", Value = value, Unit = "pg/mL" };

    private static V1.LayoutWell ToWire(LayoutWell well)
    {
        var wire = new V1.LayoutWell { Position = well.Position.ToString() };
        switch (well.Content)
        {
            case Calibrator calibrator:
                wire.Calibrator = new V1.Calibrator
                {
                    Name = calibrator.Name,
                    Kind = (V1.CalibratorKind)((int)calibrator.Kind + 1),
                    Nominals = { calibrator.Nominals.Select(ToWire) },
                };
                break;
            case Control control:
                wire.Control = new V1.Control
                {
                    Level = control.Level,
                    SetNumber = control.SetNumber,
                    LotNumber = control.LotNumber ?? string.Empty,
                    DilutionFactor = control.DilutionFactor,
                    Nominals = { control.Nominals.Select(ToWire) },
                };
                break;
            case UnknownSample unknown:
                wire.Unknown = new V1.UnknownSample
                {
                    SampleId = unknown.SampleId,
                    DilutionFactor = unknown.DilutionFactor,
                    Specimen = unknown.Specimen is { } specimen ? ToWire(specimen) : null,
                };
                break;
            case Blank blank:
                wire.Blank = new V1.Blank { Name = blank.Name };
                break;
            default:
                wire.Unused = new V1.Unused();
                break;
        }

        return wire;
    }

    private static V1.NominalConcentration ToWire(NominalConcentration nominal) => new() { Analyte = nominal.Analyte, Value = nominal.Value, Unit = nominal.Unit.Code };

    private static V1.Specimen ToWire(Specimen specimen)
    {
        var wire = new V1.Specimen
        {
            StudyId = specimen.StudyId ?? string.Empty,
            SubjectId = specimen.SubjectId ?? string.Empty,
            Visit = specimen.Visit ?? string.Empty,
            Timepoint = specimen.Timepoint ?? string.Empty,
            SpecimenType = specimen.SpecimenType ?? string.Empty,
            Anticoagulant = specimen.Anticoagulant ?? string.Empty,
            CollectionTime = specimen.CollectionTime?.ToString("o") ?? string.Empty,
        };
        if (specimen.HaemolysisIndex is { } haemolysis)
        {
            wire.HaemolysisIndex = haemolysis;
        }

        if (specimen.Fasting is { } fasting)
        {
            wire.Fasting = fasting;
        }

        if (specimen.FreezeThawCount is { } count)
        {
            wire.FreezeThawCount = count;
        }

        return wire;
    }

    private static Gen<ResponseColumn> Column(int wellCount) =>
        from purpose in Gen.OneOf(System.Enum.GetValues<ColumnPurpose>())
        from wavelength in Gen.OneOf<double?>(null, 450, 570.5)
        from beads in Gen.Bool
        from wells in Gen.Int[0, wellCount - 1].HashSet[1, 60]
        from exceptionCount in Gen.Int[0, wells.Count]
        from responses in Gen.Double[-1e6, 1e6].Array[wells.Count - exceptionCount]
        select Column(purpose, wavelength, beads, [.. wells], exceptionCount, responses, wellCount);

    private static ResponseColumn Column(ColumnPurpose purpose, double? wavelength, bool beads, int[] wells, int exceptionCount, double[] responses, int wellCount)
    {
        PlateFormat.TryFromWellCount(wellCount, out PlateFormat? format);
        int measured = wells.Length - exceptionCount;
        return new ResponseColumn(
            "a",
            purpose,
            wavelength,
            [.. wells.Take(measured).Select(format!.WellAt)],
            responses,
            beads ? [.. wells.Take(measured)] : [],
            [.. wells.Skip(measured).Select((well, i) => new WellException(format.WellAt(well), (WellStatus)(1 + (i % 4)), i % 2 == 0 ? "OVRFLW" : string.Empty))]);
    }

    private static ResponseColumn Renamed(ResponseColumn column, string analyte) =>
        new(analyte, column.Purpose, column.WavelengthNm, column.Positions, column.Responses, column.BeadCounts, column.Exceptions);
}

using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments.Tables;

namespace Biomarkers.Instruments.PlainCsv;

/// <summary>What one line says is in its well, without concentrations. Lines of one well must say the same.</summary>
/// <param name="Role">A word of <see cref="PlainCsvColumns.ContentWords"/>.</param>
/// <param name="Name">Level, sample or blank; empty for an unused well.</param>
/// <param name="SetNumber">Control set; 1 where it is not a control.</param>
/// <param name="LotNumber">Lot of the calibrator or control; null when not stated.</param>
/// <param name="DilutionFactor">1 or more; 1 for what is not diluted.</param>
/// <param name="Specimen">Specimen of an unknown sample; null when nothing is stated.</param>
internal sealed record PlainCsvWell(string Role, string Name, int SetNumber, string? LotNumber, double DilutionFactor, Specimen? Specimen)
{
    public bool TakesNominal => Role is PlainCsvColumns.Calibrator or PlainCsvColumns.Anchor or PlainCsvColumns.Zero or PlainCsvColumns.Control;

    /// <summary>Reads the content of a line; null where it describes none, or with a fault.</summary>
    public static PlainCsvWell? Read(PlainCsvTable table, DelimitedLine line, PlateFileOptions options, NoticeList notices, List<Fault> faults)
    {
        string role = table.Cell(line, PlainCsvColumns.Content).ToLowerInvariant();
        if (role.Length == 0)
        {
            return null;
        }

        if (!PlainCsvColumns.ContentWords.Contains(role))
        {
            string word = Texts.Shorten(table.Cell(line, PlainCsvColumns.Content));
            faults.Add(new Fault(
                PlainCsvTable.Field(line, PlainCsvColumns.Content),
                FaultReasons.UnknownWord,
                $"'{word}' is no content; expected one of {string.Join(", ", PlainCsvColumns.ContentWords)}."));
            return null;
        }

        double dilution = ReadDilution(table, line, role, options, notices, faults);
        string lot = table.Cell(line, PlainCsvColumns.LotNumber);
        string? lotNumber = lot.Length == 0 ? null : lot;
        if (role == PlainCsvColumns.Unused)
        {
            return new PlainCsvWell(role, "", 1, null, 1, null);
        }

        string? name = ReadName(table, line, role, faults);
        if (name is null)
        {
            return null;
        }

        switch (role)
        {
            case PlainCsvColumns.Control:
                (string level, int set) = ReadSet(table, line, name, options, faults);
                return new PlainCsvWell(role, level, set, lotNumber, dilution, null);
            case PlainCsvColumns.Unknown:
                return new PlainCsvWell(role, name, 1, null, dilution, ReadSpecimen(table, line, faults));
            case PlainCsvColumns.Blank:
                return new PlainCsvWell(role, name, 1, null, 1, null);
            default:
                return new PlainCsvWell(role, name, 1, lotNumber, 1, null);
        }
    }

    public WellContent ToContent(IReadOnlyList<NominalConcentration> nominals) => Role switch
    {
        PlainCsvColumns.Calibrator => new Calibrator(Name, CalibratorKind.Calibrator, nominals),
        PlainCsvColumns.Anchor => new Calibrator(Name, CalibratorKind.Anchor, nominals),
        PlainCsvColumns.Zero => new Calibrator(Name, CalibratorKind.Zero, nominals),
        PlainCsvColumns.Control => new Control(Name, SetNumber, LotNumber, DilutionFactor, nominals),
        PlainCsvColumns.Unknown => new UnknownSample(Name, DilutionFactor, Specimen),
        PlainCsvColumns.Blank => new Blank(Name),
        _ => new Unused(),
    };

    public LotReference? ToLot() => LotNumber is null
        ? null
        : new LotReference(Role == PlainCsvColumns.Control ? LotKind.Control : LotKind.Calibrator, LotNumber, null);

    /// <inheritdoc/>
    public override string ToString()
    {
        string set = Role == PlainCsvColumns.Control ? $" set {SetNumber}" : "";
        string dilution = DilutionFactor == 1 ? "" : $" diluted {DilutionFactor}";
        string lot = LotNumber is null ? "" : $" of lot '{Texts.Shorten(LotNumber)}'";
        return $"{Role} '{Texts.Shorten(Name)}'{set}{lot}{dilution}";
    }

    // A sample's id is echoed byte for byte; other names are compared, and white space around them would part replicates.
    private static string? ReadName(PlainCsvTable table, DelimitedLine line, string role, List<Fault> faults)
    {
        string name = role == PlainCsvColumns.Unknown ? table.Raw(line, PlainCsvColumns.Name) : table.Cell(line, PlainCsvColumns.Name);
        string field = PlainCsvTable.Field(line, PlainCsvColumns.Name);
        if (string.IsNullOrWhiteSpace(name))
        {
            switch (role)
            {
                case PlainCsvColumns.Blank:
                    return "BLANK";
                case PlainCsvColumns.Zero:
                    return "ZERO";
                default:
                    faults.Add(new Fault(field, FaultReasons.Required, $"A well of content '{role}' has no name; expected its level or sample."));
                    return null;
            }
        }

        int before = faults.Count;
        Texts.CheckText(field, name, faults);
        return faults.Count == before ? name : null;
    }

    // The set stands in its own column, or after the last colon of the name; a level without either belongs to set 1.
    private static (string Level, int Set) ReadSet(PlainCsvTable table, DelimitedLine line, string name, PlateFileOptions options, List<Fault> faults)
    {
        int? stated = CellFaults.ReadWhole(table.Cell(line, PlainCsvColumns.Set), PlainCsvTable.Field(line, PlainCsvColumns.Set), 1, options.DecimalSeparator, faults);
        int colon = name.LastIndexOf(':');
        if (stated is not null || colon <= 0)
        {
            return (name, stated ?? 1);
        }

        int? set = CellFaults.ReadWhole(name[(colon + 1)..], PlainCsvTable.Field(line, PlainCsvColumns.Name), 1, options.DecimalSeparator, faults);
        return (name[..colon].TrimEnd(), set ?? 1);
    }

    private static double ReadDilution(PlainCsvTable table, DelimitedLine line, string role, PlateFileOptions options, NoticeList notices, List<Fault> faults)
    {
        string cell = table.Cell(line, PlainCsvColumns.DilutionFactor);
        string field = PlainCsvTable.Field(line, PlainCsvColumns.DilutionFactor);
        double dilution = CellFaults.ReadNumber(cell, field, "final / sample volume, 1 or more", options.DecimalSeparator, faults) ?? 1;
        if (role is not (PlainCsvColumns.Unknown or PlainCsvColumns.Control))
        {
            if (dilution != 1)
            {
                notices.Add(field, PlateFileNoticeReasons.NotUsed, $"Dilution factor {dilution} of a well of content '{role}' is not used.");
            }

            return 1;
        }

        if (dilution < 1)
        {
            faults.Add(new Fault(field, FaultReasons.OutOfRange, $"Dilution factor {dilution} is not final / sample volume; expected 1 or more, such as 10 for one part in ten."));
        }

        return dilution;
    }

    private static Specimen? ReadSpecimen(PlainCsvTable table, DelimitedLine line, List<Fault> faults)
    {
        string fasting = table.Cell(line, PlainCsvColumns.Fasting).ToLowerInvariant();
        if (fasting is not ("" or PlainCsvColumns.Yes or PlainCsvColumns.No))
        {
            faults.Add(new Fault(
                PlainCsvTable.Field(line, PlainCsvColumns.Fasting),
                FaultReasons.UnknownWord,
                $"'{Texts.Shorten(fasting)}' does not say whether the subject fasted; expected yes, no or nothing."));
        }

        var specimen = new Specimen(
            StudyId: Text(PlainCsvColumns.Study),
            SubjectId: Text(PlainCsvColumns.Subject),
            Visit: Text(PlainCsvColumns.Visit),
            Timepoint: Text(PlainCsvColumns.Timepoint),
            SpecimenType: Text(PlainCsvColumns.SpecimenType),
            Fasting: fasting.Length == 0 ? null : fasting == PlainCsvColumns.Yes);
        return specimen == new Specimen() ? null : specimen;

        string? Text(string column) => table.Cell(line, column) is { Length: > 0 } text ? text : null;
    }
}

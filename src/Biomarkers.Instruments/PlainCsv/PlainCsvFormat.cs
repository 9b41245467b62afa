using Biomarkers.Immunoassay;

namespace Biomarkers.Instruments.PlainCsv;

/// <summary>Plain CSV: one line per well and analyte. This is the form for everything that has no adapter of its own.</summary>
/// <remarks>
/// Header required, any order, case does not matter: <c>well, content, name, set, lot_number, nominal_concentration, unit, dilution_factor,
/// analyte, purpose, wavelength_nm, response, bead_count, study, subject, visit, timepoint, specimen_type, fasting</c>; only <c>well</c> and
/// <c>response</c> must be there, and <c>analyte</c> where an option does not name it.
/// <c>content</c> is calibrator, anchor, zero, control, unknown, blank, unused, or empty where the well is not described.
/// A control is named by its level; its set is in <c>set</c>, or after a colon of the name (<c>LQC:2</c>), else 1.
/// A response is a number or the reader's word for its absence, such as <c>OVRFLW</c>. The lines of one well agree in all but analyte,
/// concentration, response and bead count.
/// </remarks>
internal sealed class PlainCsvFormat : PlateFileFormat
{
    public override string Id => "plain-csv";

    public override string DisplayName => "plain CSV of a plate";

    public override bool Recognises(string text) => PlainCsvReader.HasHeader(text);

    internal override PlateFile? Parse(PlateFileSource source, PlateFileOptions options, List<Fault> faults)
    {
        PlainCsvTable? table = PlainCsvReader.Read(source, options, faults);
        if (table is null)
        {
            return null;
        }

        PlainCsvPlate plate = new PlainCsvStructure(table, options, source.Notices, faults).Read();
        return new PlateFile
        {
            FormatId = Id,
            SuggestedBarcode = options.PlateBarcode ?? FileNames.Barcode(FileNames.WithoutExtension(source.FileName)),
            WellCount = plate.Format.WellCount,
            ResponseKind = options.ResponseKind,
            Columns = plate.Columns,
            Analytes = plate.Analytes,
            LayoutWells = plate.Wells,
            Lots = plate.Lots,
        };
    }
}

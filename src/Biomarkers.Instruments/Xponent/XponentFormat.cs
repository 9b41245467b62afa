using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;

namespace Biomarkers.Instruments.Xponent;

/// <summary>The CSV export of Luminex xPONENT (LX100/200, FLEXMAP 3D, MAGPIX, INTELLIFLEX), with or without quotes.</summary>
/// <remarks>Used: the batch header, and the blocks Median or Net MFI (see <see cref="BeadResponse"/>), Count, Dilution Factor, Units, Standard
/// and Control Expected Concentration, Warnings/Errors. xPONENT's own curves and results are not: the assay computes them.</remarks>
internal sealed class XponentFormat : PlateFileFormat
{
    public override string Id => "luminex-xponent";

    public override string DisplayName => "Luminex xPONENT CSV";

    public override bool Recognises(string text) => XponentReader.IsXponent(text);

    internal override PlateFile? Parse(PlateFileSource source, PlateFileOptions options, List<Fault> faults)
    {
        XponentTables? tables = XponentReader.Read(source.Text, options.Delimiter, faults);
        XponentPlate? plate = tables is null ? null : new XponentStructure(tables, options, source.Notices, faults).Read();
        if (tables is null || plate is null)
        {
            return null;
        }

        string? readTime = tables.Field("BatchStartTime");
        if (readTime is not null)
        {
            source.Notices.Add("", PlateFileNoticeReasons.NoTimeZone, $"The file prints '{Texts.Shorten(readTime)}' without a zone: it is kept as text and is no point in time.");
        }

        return new PlateFile
        {
            FormatId = Id,
            SuggestedBarcode = options.PlateBarcode ?? FileNames.Barcode(tables.Field("Batch"), FileNames.WithoutExtension(source.FileName)),
            WellCount = plate.Format.WellCount,
            ResponseKind = options.ResponseKind ?? ResponseKind.MedianFluorescence,
            Columns = plate.Columns,
            Analytes = plate.Analytes,
            LayoutWells = plate.Wells,
            InstrumentSerial = tables.Field("SN"),
            InstrumentModel = tables.Field("Program", 3),
            Operator = tables.Field("Operator"),
            PrintedReadTime = readTime,
        };
    }
}

using System.Text.RegularExpressions;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments.Tables;

namespace Biomarkers.Instruments.Xponent;

/// <summary>What an xPONENT export says is in its wells: roles by the names that xPONENT gives them, concentrations by the lists of standards and controls.</summary>
/// <remarks><c>Standard1</c>, <c>Control1</c> and <c>Background0</c> are xPONENT's own names of roles; a sample in a list of expected
/// concentrations has that list's role whatever its name. Every other name is a person's and so an unknown sample: a name such as
/// <c>African-Mix-Standard01</c> is not taken for a role.</remarks>
internal sealed partial class XponentLayout(XponentTables tables, PlateFileOptions options, NoticeList notices, List<Fault> faults)
{
    private const string StandardList = "Standard Expected Concentration";
    private const string ControlList = "Control Expected Concentration";

    public IReadOnlyList<LayoutWell> Read(XponentWellTable responses, IReadOnlyList<FileAnalyte> analytes, XponentWellTable? dilutions)
    {
        Dictionary<string, ConcentrationUnit> units = ReadUnits(analytes);
        Dictionary<string, List<NominalConcentration>> standards = ReadExpected(StandardList, analytes, units, isSeries: true);
        Dictionary<string, List<NominalConcentration>> controls = ReadExpected(ControlList, analytes, units, isSeries: false);
        Dictionary<WellPosition, double> dilutionOf = ReadDilutions(dilutions);
        var wells = new List<LayoutWell>();
        var withoutConcentration = new HashSet<string>();
        foreach (XponentWell well in responses.Wells)
        {
            string sample = well.Sample.Trim();
            double dilution = dilutionOf.GetValueOrDefault(well.Well, 1);
            if (sample.Length == 0)
            {
                notices.Add(XponentWellTable.Field(well.Line, "Sample"), PlateFileNoticeReasons.Absent, $"Well {well.Well} has no sample; it is not described.");
            }
            else if (standards.ContainsKey(sample) || StandardPattern().IsMatch(sample))
            {
                Calibrator calibrator = CalibratorOf(sample, standards.GetValueOrDefault(sample) ?? []);
                if (calibrator.Nominals.Count == 0)
                {
                    withoutConcentration.Add(sample);
                }

                wells.Add(new LayoutWell(well.Well, calibrator));
            }
            else if (controls.ContainsKey(sample) || ControlPattern().IsMatch(sample))
            {
                // A control list may hold 0 for an analyte that the control lacks: it is measured and not judged.
                NominalConcentration[] nominals = [.. (controls.GetValueOrDefault(sample) ?? []).Where(nominal => nominal.Value > 0)];
                wells.Add(new LayoutWell(well.Well, new Control(sample, 1, LotNumber: null, dilution, nominals)));
            }
            else
            {
                wells.Add(new LayoutWell(well.Well, BackgroundPattern().IsMatch(sample) ? new Blank(sample) : new UnknownSample(well.Sample, dilution, Specimen: null)));
            }
        }

        if (withoutConcentration.Count > 0)
        {
            notices.Add("", PlateFileNoticeReasons.Absent, $"The file gives no concentration of {string.Join(", ", withoutConcentration)}: a curve needs them from elsewhere.");
        }

        return wells;
    }

    private Dictionary<string, ConcentrationUnit> ReadUnits(IReadOnlyList<FileAnalyte> analytes)
    {
        var units = new Dictionary<string, ConcentrationUnit>();
        tables.Blocks.TryGetValue("Units", out XponentBlock? block);
        DelimitedLine? names = block?.Lines.FirstOrDefault(line => line.Trimmed(0) == "Analyte:");
        DelimitedLine? codes = block?.Lines.FirstOrDefault(line => line.Trimmed(0) == "Units:");
        foreach (FileAnalyte analyte in analytes)
        {
            int index = names is null ? -1 : Array.FindIndex(names.Cells, cell => cell.Trim() == analyte.Original);
            if (index > 0 && codes is not null && ConcentrationUnit.TryParse(codes.Trimmed(index), out ConcentrationUnit? unit))
            {
                units[analyte.Name] = unit;
            }
            else if (options.Unit is not null)
            {
                units[analyte.Name] = options.Unit;
            }
        }

        return units;
    }

    private Dictionary<string, List<NominalConcentration>> ReadExpected(
        string name, IReadOnlyList<FileAnalyte> analytes, Dictionary<string, ConcentrationUnit> units, bool isSeries)
    {
        if (!tables.Blocks.TryGetValue(name, out XponentBlock? block))
        {
            return [];
        }

        if (!options.TakeExpectedConcentrations)
        {
            notices.Add($"line {block.Line}", PlateFileNoticeReasons.NotUsed, $"Block '{name}' is not used, as the options say.");
            return [];
        }

        return XponentExpected.Read(block, analytes, units, isSeries, options, faults);
    }

    private Dictionary<WellPosition, double> ReadDilutions(XponentWellTable? table)
    {
        var dilutions = new Dictionary<WellPosition, double>();
        foreach (XponentWell well in table?.Wells ?? [])
        {
            string field = XponentWellTable.Field(well.Line, "Dilution Factor");
            double? dilution = CellFaults.ReadNumber(well.Line[2], field, "final / sample volume, 1 or more", options.DecimalSeparator, faults);
            if (dilution is < 1)
            {
                faults.Add(new Fault(field, FaultReasons.OutOfRange, $"Dilution factor {dilution} is not final / sample volume; expected 1 or more."));
            }
            else if (dilution is { } factor)
            {
                dilutions[well.Well] = factor;
            }
        }

        return dilutions;
    }

    // A well is a zero calibrator where every analyte's concentration is 0; a single 0 beside others gives that analyte no point.
    private static Calibrator CalibratorOf(string sample, List<NominalConcentration> nominals)
    {
        bool isZero = nominals.Count > 0 && nominals.TrueForAll(nominal => nominal.Value == 0);
        return isZero
            ? new Calibrator(sample, CalibratorKind.Zero, nominals)
            : new Calibrator(sample, CalibratorKind.Calibrator, [.. nominals.Where(nominal => nominal.Value > 0)]);
    }

    [GeneratedRegex("^Standard ?[0-9]+$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex StandardPattern();

    [GeneratedRegex("^Control ?[0-9]+$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex ControlPattern();

    [GeneratedRegex("^Background ?[0-9]*$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex BackgroundPattern();
}

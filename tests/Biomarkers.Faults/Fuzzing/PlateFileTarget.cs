using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Instruments;
using Biomarkers.Simulation.Plates;

namespace Biomarkers.Faults.Fuzzing;

/// <summary>Plate files: any bytes to a format, to tables, to a read and a layout.</summary>
internal sealed class PlateFileTarget : FuzzTarget
{
    private static readonly string[] Cells =
    [
        "", "NaN", "1e999", "-1e-400", "OVRFLW", "####", "Path?", "1,234", "1.234,5", "-", "+1", "0x10", "1 000", "\"", "\"\"", "\"a\nb\"", "A1", "H12", "I13", "P24", "ZZ99", "calibrator", "unknown",
        "LQC:2", "pg/mL", "10^3", "\u00b5g/L", "\ufeff", "x;y", "\t", "il-6", "well", "response", "9999999999999999999999",
    ];

    private static readonly PlateFileOptions[] Options =
    [
        new() { ResponseKind = ResponseKind.OpticalDensity, Analyte = "il-6", Unit = ConcentrationUnit.PgPerMl },
        new() { Delimiter = ';', DecimalSeparator = ',', PlateBarcode = "P1" },
        new() { WellCount = 384, BeadResponse = BeadResponse.NetMedian, TakeExpectedConcentrations = false },
    ];

    public override string Name => "plate-file";

    public override IReadOnlyList<byte[]> Seeds { get; } = [.. MakeSeeds()];

    public override byte[] Mutate(byte[] input, byte[] other, Random random)
    {
        if (random.Next(3) == 0)
        {
            return ByteMutator.Mutate(input, other, random);
        }

        List<string> lines = [.. Encoding.UTF8.GetString(input).Split('\n')];
        for (int left = 1 + random.Next(3); left > 0; left--)
        {
            int at = random.Next(lines.Count);
            string[] cells = lines[at].Split(',');
            switch (random.Next(6))
            {
                case 0:
                    lines.Insert(at, lines[random.Next(lines.Count)]);
                    break;
                case 1 when lines.Count > 1:
                    lines.RemoveAt(at);
                    break;
                case 2:
                    lines[at] = string.Join(',', cells.Append(Cells[random.Next(Cells.Length)]));
                    break;
                case 3:
                    lines[at] = string.Join(',', cells.Skip(1));
                    break;
                default:
                    cells[random.Next(cells.Length)] = Cells[random.Next(Cells.Length)];
                    lines[at] = string.Join(',', cells);
                    break;
            }
        }

        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    public override string Run(byte[] input)
    {
        PlateFileOptions options = Options[input.Length % Options.Length];
        Checked<PlateFile> parsed = PlateFile.Parse("P1.csv", input, options);
        if (parsed.Value is not { } file)
        {
            return KindOf(parsed.Faults);
        }

        Checked<PlateRead> read = file.ToPlateRead(ResponseKind.OpticalDensity);
        Checked<PlateLayout> layout = file.ToLayout("il-6", 1);
        if (read.Value is not null && PlateReadEncoding.Decode(PlateReadEncoding.Encode(read.Value)).Hash != read.Value.Hash)
        {
            throw new FuzzFindingException("A read of a file is another one after it was stored.");
        }

        // The project's own form holds what it was made of.
        if (read.Value is not null && layout.Value is not null)
        {
            byte[] written = Encoding.UTF8.GetBytes(PlainPlateCsv.Write(read.Value, layout.Value));
            var again = new PlateFileOptions { ResponseKind = read.Value.ResponseKind, PlateBarcode = read.Value.PlateBarcode, WellCount = read.Value.Format.WellCount };
            Checked<PlateFile> back = PlateFile.Parse("P1.csv", written, again);
            if (back.Value is null || back.Value.ToPlateRead().Value?.Hash != read.Value.Hash)
            {
                throw new FuzzFindingException($"A file that was written from a read is read as another one: {string.Join("; ", back.Faults.Take(3))}");
            }
        }

        return $"{file.FormatId} {read.Value is not null} {layout.Value is not null} {string.Join(' ', file.Notices.Select(notice => notice.Reason).Distinct().Order(StringComparer.Ordinal))}";
    }

    private static string KindOf(IReadOnlyList<Fault> faults) =>
        string.Join(' ', faults.Select(fault => $"{new string([.. fault.Field.Where(char.IsAsciiLetterLower).Take(40)])}:{fault.Reason}").Distinct().Order(StringComparer.Ordinal).Take(4));

    private static IEnumerable<byte[]> MakeSeeds()
    {
        foreach (AssayDefinition assay in BuiltInAssays.All.Take(3))
        {
            SimulatedPlate plate = PlateSimulator.Create(assay, PlateScenario.Clean, 1);
            string[] lines = PlainPlateCsv.Write(plate.Read, plate.Layout).Split('\n');
            yield return Encoding.UTF8.GetBytes(string.Join('\n', lines.Take(12)));
        }

        yield return Encoding.UTF8.GetBytes("well;response\nA1;0,5\nA2;OVRFLW\n");
        yield return Encoding.UTF8.GetBytes(
            "Program,xPONENT\nBuild,4.2\nSN,LX1\nBatch,B1\nSamples,2,Min Events,50\n\nResults\n\nDataType:,Median\nLocation,Sample,IL-6,Total Events\n\"1(1,A1)\",Standard1,120.5,300\n"
            + "\"2(1,B1)\",Unknown1,45,280\n\nDataType:,Count\nLocation,Sample,IL-6,Total Events\n\"1(1,A1)\",Standard1,100,300\n\"2(1,B1)\",Unknown1,90,280\n\n-- CRC --\n");
    }
}

using Biomarkers.V1;
using Google.Protobuf;

namespace Biomarkers.Faults;

/// <summary>The bytes of the model's events.</summary>
internal static class ModelMessages
{
    private const int WellsPerThird = 2;

    public static string PlateOf(int schedule, int plate) => $"M{schedule}-{plate}";

    public static byte[] ToBytes(int schedule, ModelEvent said)
    {
        string readId = $"m{schedule}-r{said.Read}";
        return said.Content switch
        {
            ModelContent.Garbage => [0xFF, 0xFE, (byte)said.Variant, .. BitConverter.GetBytes(schedule)],
            ModelContent.Whole => Whole(PlateOf(schedule, said.Plate), readId, said.Variant),
            ModelContent.Nameless => Whole(string.Empty, readId, said.Variant),
            ModelContent.Started => new StreamEventContent
            {
                PlateStarted = new PlateStarted { PlateBarcode = PlateOf(schedule, said.Plate), ReadId = readId, WellCount = 96, ResponseKind = ResponseKind.OpticalDensity },
            }.ToByteArray(),
            ModelContent.Wells => new StreamEventContent { WellsRead = new WellsRead { ReadId = readId, Columns = { Column(said.Variant, said.Third, 1) } } }.ToByteArray(),
            _ => new StreamEventContent { PlateCompleted = new PlateCompleted { ReadId = readId, WellResponseCount = WellsPerThird * said.Variant } }.ToByteArray(),
        };
    }

    private static byte[] Whole(string barcode, string readId, int variant) => new StreamEventContent
    {
        PlateRead = new PlateRead { PlateBarcode = barcode, ReadId = readId, WellCount = 96, ResponseKind = ResponseKind.OpticalDensity, Columns = { Column(variant, 0, 3) } },
    }.ToByteArray();

    private static ResponseColumn Column(int variant, int firstThird, int thirds)
    {
        var column = new ResponseColumn { Analyte = "il-6", Purpose = ColumnPurpose.Measurement, WavelengthNm = 450 };
        for (int well = firstThird * WellsPerThird; well < (firstThird + thirds) * WellsPerThird; well++)
        {
            column.Positions.Add((uint)well);
            column.Responses.Add(0.25 + well + (100 * variant));
        }

        return column;
    }
}

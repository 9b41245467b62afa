using Biomarkers.Immunoassay.Assays;
using Biomarkers.Simulation;
using Biomarkers.Simulation.Plates;
using Biomarkers.V1;
using Google.Protobuf;

namespace Biomarkers.Faults;

/// <summary>The plates of one instrument, each the same whenever it is asked for.</summary>
internal sealed class LoadPlates(int number, ulong seed)
{
    // One event in so many is no message: it must be kept too, and stop nothing.
    private const int GarbageEvery = 29;

    public static string InstrumentIdOf(int number) => $"reader-{number}";

    /// <summary>An event, and its wells with a response.</summary>
    public (StreamEventContent Content, int Wells) At(int index)
    {
        if (index % GarbageEvery == GarbageEvery - 1)
        {
            return (Garbage(BitConverter.GetBytes(((long)number << 32) + index)), 0);
        }

        AssayDefinition assay = BuiltInAssays.All[index % BuiltInAssays.All.Count];
        SimulatedPlate plate = PlateSimulator.Create(assay, PlateScenario.Clean, seed + ((ulong)number << 32) + (ulong)index, $"K{number}-{index}");
        var content = new StreamEventContent { PlateRead = PlateMessages.ToWire(plate.Read, "r1", plate.Layout) };
        return (content, plate.Read.WellResponseCount);
    }

    // A message of a field that nobody knows: well-formed on the wire, and it says nothing.
    private static StreamEventContent Garbage(byte[] bytes)
    {
        using var buffer = new MemoryStream();
        using (var output = new CodedOutputStream(buffer, leaveOpen: true))
        {
            output.WriteTag(1000, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(bytes));
        }

        return StreamEventContent.Parser.ParseFrom(buffer.ToArray());
    }
}

using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Server.Wire;
using Biomarkers.Simulation;
using Biomarkers.Simulation.Plates;
using Google.Protobuf;

namespace Biomarkers.Faults.Fuzzing;

/// <summary>A target whose inputs are messages, or were.</summary>
internal abstract class MessageTarget<T>(MessageParser<T> parser) : FuzzTarget
    where T : IMessage<T>
{
    public override byte[] Mutate(byte[] input, byte[] other, Random random)
    {
        if (random.Next(4) == 0)
        {
            return ByteMutator.Mutate(input, other, random);
        }

        try
        {
            T message = parser.ParseFrom(input);
            MessageMutator.Mutate(message, random);
            return message.ToByteArray();
        }
        catch (InvalidProtocolBufferException)
        {
            // What is no message any more is changed as bytes.
            return ByteMutator.Mutate(input, other, random);
        }
    }

    /// <summary>What faults come to, without numbers; a fault that says too little is a finding.</summary>
    protected static string KindOf(IReadOnlyList<Fault> faults)
    {
        foreach (Fault fault in faults)
        {
            if (fault.Reason.Length == 0 || fault.Description.Length is 0 or > 4096 || fault.Description.Contains("   at ", StringComparison.Ordinal))
            {
                throw new FuzzFindingException($"The fault '{fault}' says too little or too much.");
            }
        }

        // The status of a call must be made of any faults.
        RpcErrors.StatusOf(faults);
        return string.Join(' ', faults.Select(fault => $"{new string([.. fault.Field.Where(c => !char.IsDigit(c)).Take(60)])}:{fault.Reason}").Distinct().Order(StringComparer.Ordinal).Take(4));
    }
}

/// <summary>Events of a stream: bytes to message, message to domain, and what the domain takes, to a run.</summary>
internal sealed class StreamEventTarget() : MessageTarget<V1.StreamEventContent>(V1.StreamEventContent.Parser)
{
    // One plate in so many is analysed: a fit takes a hundred times as long as a check.
    private const int AnalysedOneIn = 16;

    private static readonly AssayDefinition[] Assays = [.. BuiltInAssays.All];

    public override string Name => "stream-event";

    public override IReadOnlyList<byte[]> Seeds { get; } = [.. MakeSeeds()];

    public override string Run(byte[] input)
    {
        Checked<EventContent> content = PlateReadMapper.ToEventContent(input);
        if (content.Value is null)
        {
            return KindOf(content.Faults);
        }

        if (content.Value is not WholePlateRead whole)
        {
            return content.Value.GetType().Name;
        }

        if (PlateReadEncoding.Decode(PlateReadEncoding.Encode(whole.Read)).Hash != whole.Read.Hash)
        {
            throw new FuzzFindingException("A read is another one after it was stored.");
        }

        return $"{nameof(WholePlateRead)} {whole.Read.Columns.Count > 1} {whole.Layout is not null} {(input.Length % AnalysedOneIn == 0 ? Analyse(whole) : "")}";
    }

    private static string Analyse(WholePlateRead whole)
    {
        if (whole.Layout is null || Array.Find(Assays, assay => assay.Id == whole.Layout.AssayId) is not { } assay)
        {
            return "no assay";
        }

        RulePacks.TryFind(assay.RulePack, out RulePack? pack);
        Checked<AnalysisInputs> inputs = AnalysisInputs.Check(whole.Read, whole.Layout.WithAssayVersion(assay.Version), assay, pack!);
        if (inputs.Value is null)
        {
            return KindOf(inputs.Faults);
        }

        AnalyticalRun run = PlateAnalyzer.Analyze(inputs.Value);
        foreach (SampleResult result in run.Results)
        {
            if (result.Concentration is { } concentration && !(double.IsFinite(concentration) && concentration >= 0))
            {
                throw new FuzzFindingException($"Sample '{result.SampleId}' has the concentration {concentration}.");
            }
        }

        return string.Join(' ', run.Flags.Select(flag => flag.Code).Distinct().Order(StringComparer.Ordinal));
    }

    private static IEnumerable<byte[]> MakeSeeds()
    {
        foreach (AssayDefinition assay in Assays)
        {
            V1.PlateRead read = SmallPlates.Of(assay);
            yield return new V1.StreamEventContent { PlateRead = read }.ToByteArray();
            yield return new V1.StreamEventContent
            {
                PlateStarted = new V1.PlateStarted
                {
                    PlateBarcode = read.PlateBarcode,
                    ReadId = read.ReadId,
                    WellCount = read.WellCount,
                    ResponseKind = read.ResponseKind,
                    Layout = read.Layout,
                },
            }.ToByteArray();
            yield return new V1.StreamEventContent { WellsRead = new V1.WellsRead { ReadId = read.ReadId, Columns = { read.Columns } } }.ToByteArray();
        }

        yield return new V1.StreamEventContent { PlateCompleted = new V1.PlateCompleted { ReadId = "r1", WellResponseCount = 8 } }.ToByteArray();
    }
}

/// <summary>Layouts by themselves, as SubmitPlateLayout takes them.</summary>
internal sealed class LayoutTarget() : MessageTarget<V1.PlateLayout>(V1.PlateLayout.Parser)
{
    public override string Name => "layout";

    public override IReadOnlyList<byte[]> Seeds { get; } = [.. BuiltInAssays.All.Select(assay => SmallPlates.Of(assay).Layout.ToByteArray())];

    public override string Run(byte[] input)
    {
        V1.PlateLayout message;
        try
        {
            message = V1.PlateLayout.Parser.ParseFrom(input);
        }
        catch (InvalidProtocolBufferException)
        {
            return "no message";
        }

        Checked<PlateLayout> layout = PlateLayoutMapper.ToDomain(message, "layout");
        if (layout.Value is null)
        {
            return KindOf(layout.Faults);
        }

        return PlateLayout.FromCanonicalJson(layout.Value.ToCanonicalJson()).Hash == layout.Value.Hash
            ? $"{layout.Value.Wells.Count > 8} {layout.Value.Lots.Count > 0}"
            : throw new FuzzFindingException("A layout is another one after it was stored.");
    }
}

/// <summary>Small plates of the simulator: the first wells only, so that an input is small and quick.</summary>
internal static class SmallPlates
{
    private const int Wells = 24;

    public static V1.PlateRead Of(AssayDefinition assay)
    {
        SimulatedPlate plate = PlateSimulator.Create(assay, PlateScenario.Clean, 1);
        V1.PlateRead read = PlateMessages.ToWire(plate.Read, "r1", plate.Layout, "kim");
        HashSet<WellPosition> first = [.. plate.Layout.Wells.Take(Wells).Select(well => well.Position)];
        read.Columns.Clear();
        read.Columns.Add(plate.Read.Columns.Select(column => PlateMessages.ToWire(column, plate.Read.Format, first.Contains)));
        while (read.Layout.Wells.Count > Wells)
        {
            read.Layout.Wells.RemoveAt(Wells);
        }

        return read;
    }
}

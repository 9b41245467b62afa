using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Server.Wire;
using Google.Protobuf;

namespace Biomarkers.Faults.Fuzzing;

/// <summary>Requests of lists: conditions, resource names, orders and page tokens. The first byte says which list, the rest is its request.</summary>
internal sealed class RequestTarget : FuzzTarget
{
    private static readonly IMessage[] Requests =
    [
        new V1.ListPlatesRequest { PageSize = 10, State = V1.PlateState.Ready },
        new V1.ListAnalyticalRunsRequest { PageSize = 10, Plate = "plates/P1" },
        new V1.ListResultsRequest { PageSize = 10, SampleId = "S-1", Plate = "plates/P1" },
        new V1.ListQuarantinedEventsRequest { PageSize = 10, Parent = "instruments/-" },
        new V1.ListHeldPlatesRequest { PageSize = 10, Instrument = "instruments/r1" },
    ];

    public override string Name => "request";

    public override IReadOnlyList<byte[]> Seeds { get; } = [.. Requests.SelectMany((request, i) => new[] { InputOf(i, request), InputOf(i, WithToken(request)) })];

    public override byte[] Mutate(byte[] input, byte[] other, Random random)
    {
        if (input.Length == 0 || random.Next(4) == 0)
        {
            return ByteMutator.Mutate(input, other, random);
        }

        int kind = input[0] % Requests.Length;
        try
        {
            IMessage message = Requests[kind].Descriptor.Parser.ParseFrom(input.AsSpan(1).ToArray());
            if (random.Next(4) == 0)
            {
                SetToken(message, TokenOf(message, random.Next(3) switch { 0 => "12", 1 => "-9223372036854775808", _ => "\u0000x" }));
            }
            else
            {
                MessageMutator.Mutate(message, random);
            }

            return InputOf(kind, message);
        }
        catch (InvalidProtocolBufferException)
        {
            return ByteMutator.Mutate(input, other, random);
        }
    }

    public override string Run(byte[] input)
    {
        if (input.Length == 0)
        {
            return "empty";
        }

        IMessage message;
        try
        {
            message = Requests[input[0] % Requests.Length].Descriptor.Parser.ParseFrom(input.AsSpan(1).ToArray());
        }
        catch (InvalidProtocolBufferException)
        {
            return "no message";
        }

        var faults = new List<Fault>();
        PageRequest page = message switch
        {
            V1.ListPlatesRequest list => Ask(list, list.PageSize, list.PageToken, list.Order, () => PlateMapper.ToFilter(list, faults), faults),
            V1.ListAnalyticalRunsRequest list => Ask(list, list.PageSize, list.PageToken, list.Order, () => AnalyticalRunMapper.ToFilter(list, faults), faults),
            V1.ListResultsRequest list => Ask(list, list.PageSize, list.PageToken, list.Order, () => ResultMapper.ToFilter(list, faults), faults),
            V1.ListQuarantinedEventsRequest list =>
                Ask(list, list.PageSize, list.PageToken, V1.ListOrder.Unspecified, () => ResourceNames.ParseInstrumentOrAll("parent", list.Parent, faults), faults),
            V1.ListHeldPlatesRequest list =>
                Ask(list, list.PageSize, list.PageToken, V1.ListOrder.Unspecified, () => ResourceNames.ParseInstrument("instrument", list.Instrument, faults), faults),
            _ => throw new InvalidOperationException($"No list takes {message.Descriptor.Name}."),
        };
        if (page.Size is < 1 or > PageTokens.MaximumPageSize)
        {
            throw new FuzzFindingException($"A page of {page.Size} rows.");
        }

        return faults.Count == 0 ? $"{message.Descriptor.Name} {page.After is not null}" : string.Join(' ', faults.Select(fault => $"{fault.Field}:{fault.Reason}").Distinct().Order(StringComparer.Ordinal));
    }

    private static PageRequest Ask<T>(T request, int size, string token, V1.ListOrder order, Func<object?> filter, List<Fault> faults)
        where T : IMessage<T>
    {
        filter();
        return PageTokens.ToPageRequest(request, size, token, order, faults);
    }

    private static byte[] InputOf(int kind, IMessage message) => [(byte)kind, .. message.ToByteArray()];

    private static IMessage WithToken(IMessage request)
    {
        IMessage copy = request.Descriptor.Parser.ParseFrom(request.ToByteString());
        SetToken(copy, TokenOf(copy, "41"));
        return copy;
    }

    private static void SetToken(IMessage message, string token) => message.Descriptor.FindFieldByName("page_token").Accessor.SetValue(message, token);

    private static string TokenOf(IMessage message, string key) => message switch
    {
        V1.ListPlatesRequest list => PageTokens.Encode(list, key),
        V1.ListAnalyticalRunsRequest list => PageTokens.Encode(list, key),
        V1.ListResultsRequest list => PageTokens.Encode(list, key),
        V1.ListQuarantinedEventsRequest list => PageTokens.Encode(list, key),
        V1.ListHeldPlatesRequest list => PageTokens.Encode(list, key),
        _ => Convert.ToBase64String(Encoding.UTF8.GetBytes(key)),
    };
}

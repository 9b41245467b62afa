using Biomarkers.Client;
using Biomarkers.Server.Access;
using Biomarkers.Server.Hosting;
using Biomarkers.Tests.Architecture;
using Biomarkers.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;
using Xunit.Abstractions;
using AccessKey = Biomarkers.Pipeline.Access.AccessKey;

namespace Biomarkers.Tests.Server.Access;

/// <summary>Every method, by every role, about what is the caller's own and what is another's, and without, with an expired and with a revoked key: real calls
/// against a real server, held against the table beside this file. A new method fails here until somebody has decided its rows.</summary>
public sealed class AccessMatrixTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Table = "tests/Biomarkers.Tests/Server/Access/access-matrix.csv";
    private const string Header = "method,role,own,foreign,none,expired,revoked";

    private static readonly string[] Cells = ["own", "foreign", "none", "expired", "revoked"];

    // What is asked for by name; every other method is called with an empty message, which a caller who may is told is not enough.
    private static readonly Dictionary<string, Func<string, IMessage>> Messages = new()
    {
        ["StreamPlateReads"] = instrument => new StreamPlateReadsRequest { Open = new OpenReadStream { Instrument = instrument, StreamId = "matrix" } },
        ["GetReadStream"] = instrument => new GetReadStreamRequest { Name = $"{instrument}/readStreams/s1" },
        ["SubmitPlateRead"] = instrument => new SubmitPlateReadRequest { Instrument = instrument, PlateRead = TestServer.Read("of-reader-1") },
        ["ListQuarantinedEvents"] = instrument => new ListQuarantinedEventsRequest { Parent = instrument },
        ["GetPlate"] = instrument => new GetPlateRequest { Name = $"plates/of-{instrument["instruments/".Length..]}" },
        // The first event that was refused is of reader-1, the second of reader-2.
        ["GetQuarantinedEvent"] = instrument => new GetQuarantinedEventRequest { Name = $"quarantinedEvents/{instrument[^1]}" },
        ["GetSubscription"] = instrument => new GetSubscriptionRequest { Name = SubscriptionOf(instrument) },
        ["ListParkedDeliveries"] = instrument => new ListParkedDeliveriesRequest { Subscription = SubscriptionOf(instrument) },
        ["PullResults"] = instrument => new PullResultsRequest { Subscription = SubscriptionOf(instrument) },
        ["AcknowledgeResults"] = instrument => new AcknowledgeResultsRequest { Subscription = SubscriptionOf(instrument), DeliveryIds = { "1" } },
        ["ModifyAckDeadline"] = instrument => new ModifyAckDeadlineRequest { Subscription = SubscriptionOf(instrument), DeliveryIds = { "1" } },
        ["Seek"] = instrument => new SeekRequest { Subscription = SubscriptionOf(instrument) },
        ["StreamResultChanges"] = instrument => new StreamResultChangesRequest { Subscription = SubscriptionOf(instrument) },
        // Its own one is only asked about: it is needed for the other methods.
        ["DeleteSubscription"] = instrument => new DeleteSubscriptionRequest { Name = SubscriptionOf(instrument), Reason = instrument == "instruments/reader-2" ? "foreign" : "" },
        ["GetAssay"] = _ => new GetAssayRequest { Name = "assays/il-6" },
    };

    private readonly string folder = Path.Combine(Path.GetTempPath(), $"biomarkers-{Guid.NewGuid():N}");
    private readonly Dictionary<(string Role, string Cell), string> keys = [];
    private TestServer server = null!;
    private GrpcChannel channel = null!;

    private static IEnumerable<MethodDescriptor> Methods => typeof(Plate).Assembly.GetTypes().Select(type => type.GetProperty("Descriptor"))
        .Where(property => property?.PropertyType == typeof(FileDescriptor)).Select(property => (FileDescriptor)property!.GetValue(null)!)
        .SelectMany(file => file.Services).SelectMany(service => service.Methods).OrderBy(method => method.FullName, StringComparer.Ordinal);

    public async Task InitializeAsync()
    {
        var planted = new List<AccessKey>();
        foreach (string role in Roles.All)
        {
            string? instrument = role == Roles.Instrument ? "reader-1" : null;
            (AccessKey active, keys[(role, "own")]) = AccessSeed.Key(role, instrument);
            (AccessKey expired, keys[(role, "expired")]) = AccessSeed.Key(role, instrument, expired: true);
            (AccessKey revoked, keys[(role, "revoked")]) = AccessSeed.Key(role, instrument, revoked: true);
            keys[(role, "foreign")] = keys[(role, "own")];
            planted.AddRange([active, expired, revoked]);
        }

        await AccessSeed.PlantAsync(folder, ["reader-1", "reader-2"], planted);
        // Hundreds of calls without a known key come from one address here.
        server = await TestServer.StartAsync(folder, new WireLimits { UnknownCallsPerSecond = 100_000, CallsPerSecond = 100_000 });
        channel = server.Anonymous();
        await server.Connection.Delivery.CreateSubscriptionAsync(new CreateSubscriptionRequest { SubscriptionId = "of-another" });
        string keyFile = Path.Combine(folder, "lims.key");
        await File.WriteAllTextAsync(keyFile, keys[(Roles.Lims, "own")]);
        using (BiomarkersConnection lims = server.Connect(keyFile))
        {
            await lims.Delivery.CreateSubscriptionAsync(new CreateSubscriptionRequest { SubscriptionId = "own" });
        }

        // What is asked for is there, of both instruments.
        foreach (string instrument in new[] { "reader-1", "reader-2" })
        {
            var submission = new SubmitPlateReadRequest { Instrument = $"instruments/{instrument}", PlateRead = TestServer.Read($"of-{instrument}") };
            await server.Connection.Ingest.SubmitPlateReadAsync(submission);
            using TestStream stream = await TestStream.OpenAsync(server.Connection, instrument: $"instruments/{instrument}");
            await stream.SendAsync(0, [0xFF]);
            await stream.AckedToAsync(1);
            await stream.HalfCloseAsync();
            await stream.NextAsync();
        }
    }

    public async Task DisposeAsync()
    {
        channel.Dispose();
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task EveryCell_OfMethodRoleAndCredential_IsAsTheTableSays()
    {
        var rows = new List<string>();
        foreach (MethodDescriptor method in Methods)
        {
            foreach (string role in Roles.All)
            {
                var cells = new List<string>();
                foreach (string cell in Cells)
                {
                    string instrument = cell == "foreign" ? "instruments/reader-2" : "instruments/reader-1";
                    cells.Add(WordOf(await CallAsync(method, instrument, keys.GetValueOrDefault((role, cell)))));
                }

                rows.Add($"{method.Service.Name}.{method.Name},{role},{string.Join(',', cells)}");
            }
        }

        string[] expected = await File.ReadAllLinesAsync(ProjectTree.PathOf(Table));
        output.WriteLine($"{rows.Count * Cells.Length} cells: {Methods.Count()} methods x {Roles.All.Count} roles x {Cells.Length} credentials");
        Assert.Equal(Header, expected[0]);
        Architecture.Faults.None(rows.Except(expected).Select(row => $"the server says {row}").Concat(expected.Skip(1).Except(rows).Select(row => $"the table says {row}")));
        Assert.Equal(rows, expected.Skip(1));
    }

    // The LIMS of this test has one of its own; the other one is the owner's.
    private static string SubscriptionOf(string instrument) => instrument == "instruments/reader-2" ? "subscriptions/of-another" : "subscriptions/own";

    private static string WordOf(StatusCode code) => code switch
    {
        StatusCode.Unauthenticated => "unauthenticated",
        StatusCode.PermissionDenied => "denied",
        StatusCode.NotFound => "not found",
        StatusCode.ResourceExhausted => "limited",
        _ => "allowed",
    };

    private async Task<StatusCode> CallAsync(MethodDescriptor method, string instrument, string? key)
    {
        byte[] message = Messages.TryGetValue(method.Name, out Func<string, IMessage>? make) ? make(instrument).ToByteArray() : [];
        MethodType type = method.IsClientStreaming ? MethodType.DuplexStreaming : method.IsServerStreaming ? MethodType.ServerStreaming : MethodType.Unary;
        Marshaller<byte[]> bytes = Marshallers.Create(value => value, value => value);
        var called = new Method<byte[], byte[]>(type, method.Service.FullName, method.Name, bytes, bytes);
        var headers = new Metadata();
        if (key is not null)
        {
            headers.Add("authorization", $"Bearer {key}");
        }

        var options = new CallOptions(headers, TestServer.Deadline);
        try
        {
            await FirstAnswerAsync(called, message, options);
            return StatusCode.OK;
        }
        catch (RpcException exception)
        {
            return exception.StatusCode;
        }
    }

    private async Task FirstAnswerAsync(Method<byte[], byte[]> method, byte[] message, CallOptions options)
    {
        CallInvoker invoker = channel.CreateCallInvoker();
        if (method.Type == MethodType.Unary)
        {
            await invoker.AsyncUnaryCall(method, null, options, message);
        }
        else if (method.Type == MethodType.ServerStreaming)
        {
            using AsyncServerStreamingCall<byte[]> watch = invoker.AsyncServerStreamingCall(method, null, options, message);
            // A watch says where it begins before there is anything to say; a refusal says no such thing.
            if ((await watch.ResponseHeadersAsync).Get("biomarkers-cursor") is null)
            {
                await watch.ResponseStream.MoveNext(CancellationToken.None);
            }
        }
        else
        {
            using AsyncDuplexStreamingCall<byte[], byte[]> stream = invoker.AsyncDuplexStreamingCall(method, null, options);
            try
            {
                await stream.RequestStream.WriteAsync(message);
            }
            catch (RpcException)
            {
                // Refused before the message was sent: the answer below says why.
            }

            await stream.ResponseStream.MoveNext(CancellationToken.None);
        }
    }
}

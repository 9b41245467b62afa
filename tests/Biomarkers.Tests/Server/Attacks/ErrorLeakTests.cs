using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using System.Text.RegularExpressions;
using Biomarkers.Simulation;
using Biomarkers.Tests.Pipeline;
using Biomarkers.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Xunit;

namespace Biomarkers.Tests.Server.Attacks;

/// <summary>Thousands of bad requests to every method, by seed: no answer says how the server is made.</summary>
public sealed partial class ErrorLeakTests : IAsyncLifetime, IDisposable
{
    private const int Seed = 20261123;
    private const int RequestsPerMethod = 75;
    private const int PathsOfJson = 400;

    private static readonly MethodDescriptor[] Methods =
    [
        .. typeof(Plate).Assembly.GetTypes().Select(type => type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static))
            .Where(property => property?.PropertyType == typeof(FileDescriptor)).Select(property => (FileDescriptor)property!.GetValue(null)!)
            .SelectMany(file => file.Services).SelectMany(service => service.Methods),
    ];

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    private readonly Random random = new(Seed);
    private TestServer server = null!;
    private HttpClient grpc = null!;

    public async Task InitializeAsync()
    {
        server = await TestServer.StartAsync();
        grpc = new HttpClient { BaseAddress = server.Address, Timeout = TestServer.Patience };
    }

    public async Task DisposeAsync() => await server.DisposeAsync();

    public void Dispose() => grpc.Dispose();

    [Fact]
    public async Task BadRequests_ToEveryMethod_AreAnsweredWithoutInternals()
    {
        var statuses = new Dictionary<StatusCode, int>();
        foreach (MethodDescriptor method in Methods)
        {
            byte[] sample = Sample(method);
            foreach (byte[][] batch in Enumerable.Range(0, RequestsPerMethod).Select(_ => Mutate(sample)).Chunk(20))
            {
                foreach ((StatusCode status, string text) in await Task.WhenAll(batch.Select(message => CallAsync(method, message))))
                {
                    statuses[status] = statuses.GetValueOrDefault(status) + 1;
                    AssertClean($"{method.FullName}: {status}", text);
                }
            }
        }

        Assert.True(statuses.GetValueOrDefault(StatusCode.InvalidArgument) > Methods.Length * RequestsPerMethod / 3, "Few requests were bad.");
        Assert.DoesNotContain(StatusCode.Unknown, statuses.Keys);
        Assert.DoesNotContain(StatusCode.Internal, statuses.Keys);
    }

    [Fact]
    public async Task BadRequests_AsJson_AreAnsweredWithoutInternals()
    {
        string[] addresses = ["/v1/plates", "/v1/results", "/v1/analyticalRuns", "/v1/assays", "/v1/heldPlates", "/v1/instruments/-/quarantinedEvents"];
        string[] names = ["pageSize", "pageToken", "order", "filter", "plate", "state", "verdict", "sampleId", "unknown", "instrument"];
        string[] values = ["", "-1", "99999999999", "%00", "'; DROP TABLE plate; --", "..%2f..%2fetc", "plates/%20", "NaN", new string('x', 3000), "{\"a\":", "AAAA"];
        string[] bodies = ["", "{", "[]", "{\"layout\":7}", "{\"layout\":{\"wells\":[{}]}}", "null", "{\"reason\":\"\\ud800\"}", new string('[', 5000)];
        for (int i = 0; i < PathsOfJson; i++)
        {
            string address = random.Next(3) == 0 ? $"{Pick(addresses)}/{Pick(values)}" : Pick(addresses);
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{address}?{Pick(names)}={Pick(values)}&{Pick(names)}={Pick(values)}");
            if (random.Next(3) == 0)
            {
                request.Method = HttpMethod.Post;
                request.RequestUri = new Uri(Pick(["/v1/plates/P1:submitLayout", "/v1/instruments/a:submitPlateRead", "/v1/assays", "/v1/heldPlates/1:resolve"]), UriKind.Relative);
                request.Content = new StringContent(Pick(bodies), null, "application/json");
            }

            using HttpResponseMessage answer = await server.Web.SendAsync(request);
            AssertClean($"{request.Method} {request.RequestUri}: {(int)answer.StatusCode}", answer.IsSuccessStatusCode ? string.Empty : await answer.Content.ReadAsStringAsync());
            Assert.NotEqual(HttpStatusCode.InternalServerError, answer.StatusCode);
        }
    }

    [Theory]
    [InlineData("   at Foo.Bar(String a)")]
    [InlineData("System.NullReferenceException: no")]
    [InlineData("SQLite Error 19: 'UNIQUE constraint failed'")]
    [InlineData("Could not open /var/lib/biomarkers.db")]
    public void Internals_InAnAnswer_AreFound(string text) => Assert.Matches(Internals(), text);

    private void AssertClean(string request, string text)
    {
        Assert.False(Internals().IsMatch(text), $"{request} tells internals: {text}");
        Assert.False(text.Contains(server.Key, StringComparison.Ordinal) || text.Contains(server.Options.DataDirectory, StringComparison.Ordinal), $"{request} tells a key or a path: {text}");
    }

    // The status, and every text in it; of streams the first answer.
    private async Task<(StatusCode Code, string Text)> CallAsync(MethodDescriptor method, byte[] message)
    {
        byte[] framed = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        message.CopyTo(framed.AsSpan(5));
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/{method.Service.FullName}/{method.Name}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(framed),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.ParseAdd("trailers");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", server.Key);
        // A watch whose request is right by chance has no end of its own.
        request.Headers.Add("grpc-timeout", method.IsServerStreaming ? "200m" : "30S");
        using HttpResponseMessage response = await grpc.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
        string text = $"{Uri.UnescapeDataString(GrpcAnswers.Value(response, "grpc-message") ?? string.Empty)} {(GrpcAnswers.Details(response) is { } details ? DetailFormat.Format(details) : string.Empty)}";
        return (GrpcAnswers.Read(response).Code, text);
    }

    private static readonly JsonFormatter DetailFormat = new(JsonFormatter.Settings.Default.WithTypeRegistry(Biomarkers.Server.Wire.RpcErrors.DetailTypes));

    private static byte[] Sample(MethodDescriptor method)
    {
        var message = (IMessage)Activator.CreateInstance(method.InputType.ClrType)!;
        foreach (FieldDescriptor field in method.InputType.Fields.InDeclarationOrder().Where(field => !field.IsRepeated))
        {
            if (field.FieldType == FieldType.String)
            {
                field.Accessor.SetValue(message, field.Name == "name" ? "plates/P1" : "x");
            }
            else if (field.FieldType != FieldType.Message)
            {
                continue;
            }
            else if (field.MessageType == PlateRead.Descriptor)
            {
                field.Accessor.SetValue(message, TestServer.Read("P1"));
            }
            else if (field.MessageType == PlateLayout.Descriptor)
            {
                field.Accessor.SetValue(message, PlateMessages.ToWire(TestPlates.Layout()));
            }
        }

        return message.ToByteArray();
    }

    private byte[] Mutate(byte[] sample)
    {
        byte[] mutated = [.. sample];
        switch (random.Next(5))
        {
            case 0:
                byte[] noise = new byte[random.Next(1, 200)];
                random.NextBytes(noise);
                return noise;
            case 1 when sample.Length > 0:
                return mutated[..random.Next(sample.Length)];
            case 2:
                // A text that is none in UTF-8, and one of what a shell or a database would take amiss.
                return [.. mutated, 0x0A, 3, 0xFF, 0xFE, 0xFD];
            case 3:
                return [.. mutated, 0x0A, .. LengthAndText("'; DROP TABLE plate; -- \0 ../../etc/passwd")];
            default:
                for (int i = 0; i < 1 + random.Next(8) && mutated.Length > 0; i++)
                {
                    mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
                }

                return mutated;
        }
    }

    private static byte[] LengthAndText(string text) => [(byte)text.Length, .. System.Text.Encoding.ASCII.GetBytes(text)];

    private T Pick<T>(T[] choices) => choices[random.Next(choices.Length)];
#pragma warning restore CA5394

    // Stack frames, types, namespaces, paths, statements and engines.
    [GeneratedRegex(@"^\s*at \w+\.|\w+Exception\b|\bSystem\.\w|\bMicrosoft\.\w|\bGoogle\.Protobuf\b|Biomarkers\.(?!v1)\w|/(home|var|usr|tmp|work|root)/|\.cs:|SQLite|Npgsql|\bSELECT\b|\bINSERT\b|constraint failed|bmk_", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Internals();
}

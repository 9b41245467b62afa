using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Biomarkers.Client;
using Biomarkers.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Biomarkers.Faults;

/// <summary>What is run.</summary>
/// <param name="Sessions">Sessions with a fault.</param>
/// <param name="Seed">Seed of the faults.</param>
internal sealed record NetPlan(int Sessions, int Seed);

/// <summary>Sessions of real senders with real servers, one with TLS and one without, each through a proxy that does something to its connection.</summary>
internal sealed class NetSession(NetPlan plan, string folder, Action<string> tell)
{
    private const int EventsPerSession = 3;
    private const int ControlSessions = 60;

    // Most of a session is waiting before it connects again.
    private const int AtOnce = 64;

    private static readonly TimeSpan SessionLimit = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<NetworkFault, int> counts = [];
    private readonly KeptFigures figures = new();
    private readonly Lock gate = new();
    private int brokenSessions;

    public async Task<NetReport> RunAsync(CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        await using Target plain = await Target.StartAsync(Path.Combine(folder, "plain"), hasTls: false, cancellationToken);
        await using Target secret = await Target.StartAsync(Path.Combine(folder, "tls"), hasTls: true, cancellationToken);
        (long sent, long answered) = await MeasureAsync(plain, cancellationToken);
        (long sentByTls, _) = await MeasureAsync(secret, cancellationToken);
        tell($"a session without a fault sends {sent} bytes and is answered by {answered}; by TLS it sends {sentByTls}");
        var faults = new NetFaultPlan(plan, (int)sent, (int)answered, (int)sentByTls);
        int done = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, plan.Sessions), Options(cancellationToken), async (number, limited) =>
        {
            (bool byTls, PlannedFault[] planned) = faults.Of(number);
            foreach (PlannedFault fault in planned)
            {
                counts.AddOrUpdate(fault.Kind, 1, (_, count) => count + 1);
            }

            await RunOneAsync(byTls ? secret : plain, $"session-{number}", planned, limited);
            if (Interlocked.Increment(ref done) % 1000 == 0)
            {
                tell($"{done} of {plan.Sessions} sessions");
            }
        });
        int lostByControl = await ControlAsync(plain, (int)sent, cancellationToken);
        return new NetReport(
            plan, counts.OrderBy(pair => pair.Key).ToDictionary(pair => pair.Key.ToString(), pair => pair.Value), (int)sent, (int)answered, faults.EveryByteOnce, brokenSessions,
            plan.Sessions * EventsPerSession, figures, lostByControl, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private static ParallelOptions Options(CancellationToken cancellationToken) => new() { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };

    private static async Task<(long Sent, long Answered)> MeasureAsync(Target target, CancellationToken cancellationToken)
    {
        var proxy = new FaultProxy(target.Address, () => new PlannedFault(NetworkFault.None, 0));
        await using (proxy)
        {
            await SendAsync(target, proxy, "measure", cancellationToken);
        }

        return (proxy.MostSent, proxy.MostAnswered);
    }

    private async Task RunOneAsync(Target target, string name, PlannedFault[] planned, CancellationToken cancellationToken)
    {
        var faults = new ConcurrentQueue<PlannedFault>(planned);
        int connections = 0;
        await using var proxy = new FaultProxy(target.Address, () =>
        {
            Interlocked.Increment(ref connections);
            return faults.TryDequeue(out PlannedFault? fault) ? fault : new PlannedFault(NetworkFault.None, 0);
        });
        try
        {
            byte[] chain = await SendAsync(target, proxy, name, cancellationToken);
            ReadStream stored = await target.Direct.Ingest.GetReadStreamAsync(NameOf(name), cancellationToken: cancellationToken);
            Compare(name, planned, stored, chain);
        }
        catch (Exception exception) when (exception is PlateReadSenderException or RpcException or TimeoutException)
        {
            lock (gate)
            {
                figures.AddOther($"{name} with {string.Join(", ", planned.Select(fault => fault.ToString()))}: {exception.Message}");
            }
        }

        if (connections > 1)
        {
            Interlocked.Increment(ref brokenSessions);
        }
    }

    private void Compare(string name, PlannedFault[] planned, ReadStream stored, byte[] chain)
    {
        lock (gate)
        {
            string what = $"{name} with {string.Join(", ", planned.Select(fault => fault.ToString()))}: {stored.NextOffset} of {EventsPerSession} events are stored";
            if (stored.NextOffset < EventsPerSession)
            {
                figures.AddLost(what);
            }
            else if (stored.NextOffset > EventsPerSession)
            {
                figures.AddTwice(what);
            }
            else if (stored.ChainSha256 != Convert.ToHexStringLower(chain))
            {
                figures.AddChanged(what);
            }
        }
    }

    // Returns the chain of the hashes of what was sent, all of it acknowledged.
    private static async Task<byte[]> SendAsync(Target target, FaultProxy proxy, string name, CancellationToken cancellationToken)
    {
        using BiomarkersConnection connection = target.Connect(proxy.Address.Port);
        await using PlateReadSender sender = PlateReadSender.Start(
            connection.Ingest,
            new PlateReadSenderOptions
            {
                InstrumentId = name,
                StreamId = "net",
                InitialBackoff = TimeSpan.FromMilliseconds(5),
                MaximumBackoff = TimeSpan.FromMilliseconds(50),
                OpenTimeout = TimeSpan.FromSeconds(10),
                JitterSeed = 1,
            },
            TimeProvider.System);
        StreamEventContent[] contents = [.. Enumerable.Range(0, EventsPerSession).Select(i => Content(name, i))];
        Task<SendOutcome>[] sends = [.. contents.Select(content => sender.SendAsync(content, cancellationToken).AsTask())];
        await Task.WhenAll(sends).WaitAsync(SessionLimit, cancellationToken);
        await sender.CompleteAsync(cancellationToken).WaitAsync(SessionLimit, cancellationToken);
        byte[] chain = new byte[SHA256.HashSizeInBytes];
        foreach (StreamEventContent content in contents)
        {
            chain = SHA256.HashData([.. chain, .. SHA256.HashData(content.ToByteArray())]);
        }

        return chain;
    }

    // A sender that takes a write without an error for an acknowledgement, and sends nothing again: the same comparison must find what it lost.
    private static async Task<int> ControlAsync(Target target, int sent, CancellationToken cancellationToken)
    {
        int lost = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, ControlSessions), Options(cancellationToken), async (number, limited) =>
        {
            string name = $"control-{number}";
            int believed = 0;
            await using var proxy = new FaultProxy(target.Address, () => new PlannedFault(NetworkFault.CutAfterSent, sent * (number + 1) / (ControlSessions + 1)));
            using BiomarkersConnection connection = target.Connect(proxy.Address.Port);
            try
            {
                using AsyncDuplexStreamingCall<StreamPlateReadsRequest, StreamPlateReadsResponse> call = connection.Ingest.StreamPlateReads(cancellationToken: limited);
                await call.RequestStream.WriteAsync(new StreamPlateReadsRequest { Open = new OpenReadStream { Instrument = $"instruments/{name}", StreamId = "net" } }, limited);
                for (int i = 0; i < EventsPerSession; i++)
                {
                    ByteString content = Content(name, i).ToByteString();
                    var message = new StreamEvent { Offset = i, Content = content, Sha256 = ByteString.CopyFrom(SHA256.HashData(content.Span)) };
                    await call.RequestStream.WriteAsync(new StreamPlateReadsRequest { Event = message }, limited);
                    believed++;
                }
            }
            catch (Exception exception) when (exception is RpcException or IOException or HttpRequestException or InvalidOperationException)
            {
                // It believes what it believes, and goes.
                await Task.Yield();
            }

            Interlocked.Add(ref lost, (int)Math.Max(0, believed - await StoredAsync(target, name, limited)));
        });
        return lost;
    }

    private static async Task<long> StoredAsync(Target target, string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await target.Direct.Ingest.GetReadStreamAsync(NameOf(name), cancellationToken: cancellationToken)).NextOffset;
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.NotFound)
        {
            return 0;
        }
    }

    private static GetReadStreamRequest NameOf(string name) => new() { Name = $"instruments/{name}/readStreams/net" };

    // A plate of few wells without a layout: stored, and waiting for it.
    private static StreamEventContent Content(string name, int number) => new()
    {
        PlateRead = new PlateRead
        {
            PlateBarcode = $"{name}-{number}",
            ReadId = "r1",
            Operator = System.Text.Encoding.ASCII.GetString(FaultProxy.ContentMark),
            WellCount = 96,
            ResponseKind = ResponseKind.OpticalDensity,
            Columns = { new ResponseColumn { Analyte = "il-6", Purpose = ColumnPurpose.Measurement, Positions = { 0, 1, 2 }, Responses = { 0.1, 0.2, 0.3 + number } } },
        },
    };

    /// <summary>A server, and how it is reached.</summary>
    private sealed class Target(ServerProcess server, string keyFile, string? authority) : IAsyncDisposable
    {
        public IPEndPoint Address { get; } = new(IPAddress.Loopback, server.GrpcAddress.Port);

        public BiomarkersConnection Direct => field ??= Connect(Address.Port);

        public static async Task<Target> StartAsync(string folder, bool hasTls, CancellationToken cancellationToken)
        {
            Directory.CreateDirectory(folder);
            string certificates = Path.Combine(folder, "certs");
            if (hasTls)
            {
                await ServerVerb.RunPlainAsync(cancellationToken, "certs", "init", "--out", certificates, "--authority", Path.Combine(folder, "authority"), "--name", "localhost");
            }

            string[] options = hasTls ? ["--certificate", Path.Combine(certificates, "server.crt"), "--certificate-key", Path.Combine(certificates, "server.key")] : [];
            string data = Path.Combine(folder, "data");
            ServerProcess started = await ServerProcess.StartAsync(data, 0, 0, cancellationToken, options);
            return new Target(started, Path.Combine(data, "client.key"), hasTls ? Path.Combine(certificates, "ca.crt") : null);
        }

        public BiomarkersConnection Connect(int port) => BiomarkersConnection.Open(new BiomarkersConnectionOptions
        {
            Server = new UriBuilder(authority is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps, authority is null ? "127.0.0.1" : "localhost", port).Uri,
            KeyFile = keyFile,
            CertificateAuthorityFile = authority,
        });

        public async ValueTask DisposeAsync()
        {
            Direct.Dispose();
            await server.DisposeAsync();
        }
    }
}

using System.Net;
using System.Net.Http.Headers;
using Biomarkers.Client;
using Biomarkers.Server.Hosting;
using Biomarkers.Simulation;
using Biomarkers.Tests.Pipeline;
using Biomarkers.V1;
using Grpc.Net.Client;

namespace Biomarkers.Tests.Server;

/// <summary>The real server on free loopback ports over a folder of its own, and the real client connected to it.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly bool ownsFolder;
    private readonly ServerHost host;
    private HttpClient? web;

    private TestServer(ServerHost host, ServerOptions options, bool ownsFolder)
    {
        this.host = host;
        this.ownsFolder = ownsFolder;
        Options = options;
        Connection = Connect();
    }

    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(60);

    /// <summary>When a call of a test is given up.</summary>
    public static DateTime Deadline => TimeProvider.System.GetUtcNow().UtcDateTime + Patience;

    public ServerOptions Options { get; }

    public Uri Address => host.GrpcAddress;

    public BiomarkersConnection Connection { get; }

    public string Key => File.ReadAllText(Options.KeyFile).Trim();

    /// <summary>HTTP/1.1 with the key, for JSON.</summary>
    public HttpClient Web => web ??= new HttpClient
    {
        BaseAddress = host.WebAddress,
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Key) },
    };

    public static async Task<TestServer> StartAsync(string? folder = null, WireLimits? wire = null, Func<ServerOptions, ServerOptions>? change = null, TimeProvider? time = null)
    {
        string used = folder ?? Path.Combine(Path.GetTempPath(), $"biomarkers-{Guid.NewGuid():N}");
        var options = new ServerOptions
        {
            DataDirectory = used,
            GrpcEndpoint = new IPEndPoint(IPAddress.Loopback, 0),
            WebEndpoint = new IPEndPoint(IPAddress.Loopback, 0),
            Wire = wire ?? new WireLimits(),
        };
        options = change?.Invoke(options) ?? options;
        ServerHost started = await ServerHost.StartAsync(options, time ?? TimeProvider.System, _ => { }, CancellationToken.None);
        return new TestServer(started, options, folder is null);
    }

    /// <summary>Waits until the server has ended; whether a fault ended it.</summary>
    public async Task<bool> EndAsync()
    {
        await host.WaitForShutdownAsync(CancellationToken.None).WaitAsync(Patience);
        return host.Failed;
    }

    /// <summary>What SIGTERM does.</summary>
    public void RequestShutdown() => host.RequestShutdown();

    public BiomarkersConnection Connect(string? keyFile = null, string? authority = null) => BiomarkersConnection.Open(new BiomarkersConnectionOptions
    {
        Server = Address,
        KeyFile = keyFile ?? Options.KeyFile,
        CertificateAuthorityFile = authority,
        Deadline = Patience,
    });

    /// <summary>A channel without a key.</summary>
    public GrpcChannel Anonymous() => GrpcChannel.ForAddress(Address);

    public PlateReadSender Sender(string stream = "s1", string instrument = "reader-1") => PlateReadSender.Start(
        Connection.Ingest,
        new PlateReadSenderOptions { InstrumentId = instrument, StreamId = stream, InitialBackoff = TimeSpan.FromMilliseconds(20), JitterSeed = 1 },
        TimeProvider.System);

    /// <summary>Stores a plate with its layout and waits for its run.</summary>
    public async Task<Plate> AnalyzeAsync(string barcode, double factor = 1, DateTimeOffset? readTime = null)
    {
        PlateRead read = Read(barcode, factor: factor, readTime: readTime);
        await Connection.Ingest.SubmitPlateReadAsync(new SubmitPlateReadRequest { Instrument = "instruments/reader-1", PlateRead = read });
        return await UntilAsync(barcode, PlateState.Analyzed);
    }

    /// <summary>Waits, by the server's own watch, until a plate is in a state.</summary>
    public async Task<Plate> UntilAsync(string barcode, PlateState state)
    {
        using var watch = Connection.Plates.WatchPlates(new WatchPlatesRequest { Plate = $"plates/{barcode}" }, deadline: Deadline);
        await watch.ResponseHeadersAsync;
        Plate plate = await Connection.Plates.GetPlateAsync(new GetPlateRequest { Name = $"plates/{barcode}" });
        while (plate.State != state && await watch.ResponseStream.MoveNext(CancellationToken.None))
        {
            plate = watch.ResponseStream.Current.Plate;
        }

        return plate;
    }

    public static PlateRead Read(string barcode, string readId = "r1", bool withLayout = true, double factor = 1, DateTimeOffset? readTime = null) =>
        PlateMessages.ToWire(TestPlates.Read(barcode, factor), readId, withLayout ? TestPlates.Layout() : null, "kim", readTime);

    public async ValueTask DisposeAsync()
    {
        Connection.Dispose();
        web?.Dispose();
        await host.DisposeAsync();
        if (ownsFolder)
        {
            Directory.Delete(Options.DataDirectory, recursive: true);
        }
    }
}

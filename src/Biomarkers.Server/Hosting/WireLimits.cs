namespace Biomarkers.Server.Hosting;

/// <summary>Every limit of the wire in one place; checked at the start.</summary>
public sealed record WireLimits
{
    /// <summary>Largest message that is received, in bytes; 1,024 or more, default 1 MiB. A larger read is sent in parts.</summary>
    public int ReceiveBytes { get; init; } = 1024 * 1024;

    /// <summary>Largest message that is sent, in bytes; 1,024 or more, default 16 MiB: a run of 1,536 wells and 64 analytes without its results.</summary>
    public int SendBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Headers of one call in all, in bytes; 1,024 to 1 MiB, default 16 KiB.</summary>
    public int HeaderBytes { get; init; } = 16 * 1024;

    /// <summary>Events of one stream that are on their way to the disk; 1 to 1,000, default 64.</summary>
    public int EventsInFlight { get; init; } = 64;

    /// <summary>Bytes of events of all streams that are on their way to the disk; at least <see cref="ReceiveBytes"/>, default 64 MiB. A stream without room is not read.</summary>
    public int BytesInFlight { get; init; } = 64 * 1024 * 1024;

    /// <summary>Connections; 1 or more, default 512.</summary>
    public int Connections { get; init; } = 512;

    /// <summary>Calls at once on one connection; 1 or more, default 100. Kestrel ends a connection that has many more calls cut before they end, as in a rapid reset: with
    /// fewer, a client whose calls are refused for a limit would lose its connection too.</summary>
    public int StreamsPerConnection { get; init; } = 100;

    /// <summary>Read streams of one instrument that one caller has open; 1 or more, default 32. Opening a stream again counts once.</summary>
    public int StreamsPerInstrument { get; init; } = 32;

    /// <summary>Calls of one caller at once, streams and watches included; 1 or more, default 256.</summary>
    public int CallsPerCaller { get; init; } = 256;

    /// <summary>Calls of one caller that may begin in a second, over time; twice as many may begin at once. 10 or more, default 1,000.</summary>
    public int CallsPerSecond { get; init; } = 1000;

    /// <summary>As <see cref="CallsPerSecond"/> for an address whose calls bring no known key; 10 or more, default 100. Health is not counted.</summary>
    public int UnknownCallsPerSecond { get; init; } = 100;

    /// <summary>Unary writes of all callers that wait for the disk or for the analysis, half of them by one caller; 2 or more, default 128.</summary>
    public int WritesAtOnce { get; init; } = 128;

    /// <summary>Events of one stream in a minute, over time; 60 or more, default 60,000. A stream above it is slowed by not being read, and never cut.</summary>
    public int EventsPerMinute { get; init; } = 60_000;

    /// <summary>Bytes of events of one stream in a minute, likewise; at least <see cref="ReceiveBytes"/>, default 1 GiB.</summary>
    public int BytesPerMinute { get; init; } = 1024 * 1024 * 1024;

    /// <summary>Longest time of a unary call; default 30 s.</summary>
    public TimeSpan UnaryDeadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest time of a page of a list; default 15 min.</summary>
    public TimeSpan ListDeadline { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Age at which a read stream is ended, so that its sender opens it again, at another server perhaps; default 24 h.</summary>
    public TimeSpan StreamAge { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Pause of a read stream without any message, heartbeats included, after which it is cut; default 60 s.</summary>
    public TimeSpan StreamIdle { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Longest time that one message to a reader may take; a reader that does not read is cut. Default 30 s.</summary>
    public TimeSpan Write { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest time that the headers of a call may take to come; default 10 s.</summary>
    public TimeSpan Headers { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest time of a TLS handshake; default 5 s.</summary>
    public TimeSpan TlsHandshake { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Silence of a connection after which it is asked whether it lives; 1 s or more, default 30 s.</summary>
    public TimeSpan PingDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the answer may take before the connection is ended; 1 s or more, default 10 s.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>When a caller that was refused for a limit shall come again; default 1 s.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often a watcher asks the store even without a signal; default 1 s.</summary>
    public TimeSpan WatchPoll { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a server that was asked to end goes on serving while it says that it is not ready, so that a load balancer takes it
    /// out first; 0 to 300 s, default 0: a lone server has nobody to leave its calls to.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.Zero;

    /// <summary>How long a shutdown waits for calls to end, after the drain; default 20 s.</summary>
    public TimeSpan Shutdown { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Everything that is wrong with these limits; empty when they are right.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        Check(nameof(ReceiveBytes), ReceiveBytes, 1024, faults);
        Check(nameof(SendBytes), SendBytes, 1024, faults);
        Check(nameof(HeaderBytes), HeaderBytes, 1024, faults, 1024 * 1024);
        Check(nameof(EventsInFlight), EventsInFlight, 1, faults, 1000);
        Check(nameof(BytesInFlight), BytesInFlight, ReceiveBytes, faults);
        Check(nameof(Connections), Connections, 1, faults);
        Check(nameof(StreamsPerConnection), StreamsPerConnection, 1, faults);
        Check(nameof(StreamsPerInstrument), StreamsPerInstrument, 1, faults);
        Check(nameof(CallsPerCaller), CallsPerCaller, 1, faults);
        Check(nameof(CallsPerSecond), CallsPerSecond, 10, faults, int.MaxValue / 2);
        Check(nameof(UnknownCallsPerSecond), UnknownCallsPerSecond, 10, faults, int.MaxValue / 2);
        Check(nameof(WritesAtOnce), WritesAtOnce, 2, faults);
        Check(nameof(EventsPerMinute), EventsPerMinute, 60, faults);
        Check(nameof(BytesPerMinute), BytesPerMinute, ReceiveBytes, faults);
        foreach ((string name, TimeSpan value) in Times())
        {
            if (value <= TimeSpan.Zero)
            {
                faults.Add($"{name} is {value}; expected more than 0.");
            }
        }

        if (PingDelay < TimeSpan.FromSeconds(1) || PingTimeout < TimeSpan.FromSeconds(1))
        {
            faults.Add($"PingDelay is {PingDelay} and PingTimeout {PingTimeout}; expected 1 s or more.");
        }

        if (Drain < TimeSpan.Zero || Drain > TimeSpan.FromSeconds(300))
        {
            faults.Add($"The drain is {Drain.TotalSeconds} s; expected 0 to 300.");
        }

        return faults;
    }

    private IEnumerable<(string Name, TimeSpan Value)> Times() =>
    [
        (nameof(UnaryDeadline), UnaryDeadline), (nameof(ListDeadline), ListDeadline), (nameof(StreamAge), StreamAge), (nameof(StreamIdle), StreamIdle), (nameof(Write), Write),
        (nameof(Headers), Headers), (nameof(TlsHandshake), TlsHandshake), (nameof(RetryAfter), RetryAfter), (nameof(WatchPoll), WatchPoll), (nameof(Shutdown), Shutdown),
    ];

    private static void Check(string name, int value, int minimum, List<string> faults, int maximum = int.MaxValue)
    {
        if (value < minimum || value > maximum)
        {
            faults.Add(maximum == int.MaxValue ? $"{name} is {value}; expected {minimum} or more." : $"{name} is {value}; expected {minimum} to {maximum}.");
        }
    }
}

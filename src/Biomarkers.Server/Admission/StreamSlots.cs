using System.Runtime.InteropServices;
using Biomarkers.Server.Hosting;
using Biomarkers.Server.Wire;

namespace Biomarkers.Server.Admission;

/// <summary>Counts which read streams a caller has open for an instrument. A stream that is opened again, while its broken call has not been noticed yet, counts once.</summary>
internal sealed class StreamSlots(WireLimits limits)
{
    private readonly Lock gate = new();
    private readonly Dictionary<(string Caller, string Instrument), Dictionary<string, int>> open = [];

    /// <summary>Takes a place.</summary>
    /// <returns>Dispose of it when the call ends.</returns>
    /// <exception cref="Grpc.Core.RpcException">RESOURCE_EXHAUSTED: as many other streams are open.</exception>
    public IDisposable Take(string caller, string instrument, string stream)
    {
        lock (gate)
        {
            if (!open.TryGetValue((caller, instrument), out Dictionary<string, int>? streams))
            {
                open[(caller, instrument)] = streams = [];
            }

            if (streams.Count >= limits.StreamsPerInstrument && !streams.ContainsKey(stream))
            {
                throw RpcErrors.RateLimited(caller, $"expected at most {limits.StreamsPerInstrument} read streams of instrument '{instrument}' at once", limits.RetryAfter);
            }

            CollectionsMarshal.GetValueRefOrAddDefault(streams, stream, out _)++;
        }

        return new Slot(this, caller, instrument, stream);
    }

    private void Release(string caller, string instrument, string stream)
    {
        lock (gate)
        {
            Dictionary<string, int> streams = open[(caller, instrument)];
            if (--streams[stream] > 0)
            {
                return;
            }

            streams.Remove(stream);
            if (streams.Count == 0)
            {
                open.Remove((caller, instrument));
            }
        }
    }

    private sealed class Slot(StreamSlots slots, string caller, string instrument, string stream) : IDisposable
    {
        public void Dispose() => slots.Release(caller, instrument, stream);
    }
}

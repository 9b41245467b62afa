using System.Globalization;
using Biomarkers.Immunoassay;

namespace Biomarkers.Server.Wire;

/// <summary>Cursors of watches: a place in an order of changes, as a text that callers hand back.</summary>
internal static class WatchCursors
{
    /// <summary>Name of the initial metadata that says where a watch begins.</summary>
    public const string MetadataName = "biomarkers-cursor";

    /// <summary>The text of a place.</summary>
    public static string ToWire(long place) => place.ToString(CultureInfo.InvariantCulture);

    /// <summary>The place where a watch begins.</summary>
    /// <param name="cursor">What the request says; empty for now.</param>
    /// <param name="newest">The newest place.</param>
    /// <exception cref="Grpc.Core.RpcException">INVALID_ARGUMENT for what is no cursor, OUT_OF_RANGE for one beyond the newest change.</exception>
    public static long Begin(string cursor, long newest)
    {
        if (cursor.Length == 0)
        {
            return newest;
        }

        if (!long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out long place))
        {
            throw RpcErrors.InvalidArgument([new Fault("cursor", FaultReasons.InvalidText, $"'{cursor}' is no cursor; expected the cursor of an earlier response.")]);
        }

        return place <= newest ? place : throw RpcErrors.CursorAhead(place, newest);
    }
}

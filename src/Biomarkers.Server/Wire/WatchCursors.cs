using System.Globalization;
using Biomarkers.Immunoassay;

namespace Biomarkers.Server.Wire;

/// <summary>Cursors of watches: a place in an order of changes, as a text that callers hand back. It names the database's generation too, because a
/// restored database gives the places after its backup a second time.</summary>
internal static class WatchCursors
{
    /// <summary>Name of the initial metadata that says where a watch begins.</summary>
    public const string MetadataName = "biomarkers-cursor";

    /// <summary>The text of a place.</summary>
    public static string ToWire(long generation, long place) => string.Create(CultureInfo.InvariantCulture, $"{generation}-{place}");

    /// <summary>The place where a watch begins.</summary>
    /// <param name="cursor">What the request says; empty for now.</param>
    /// <param name="generation">Generation of the database.</param>
    /// <param name="newest">The newest place.</param>
    /// <exception cref="Grpc.Core.RpcException">INVALID_ARGUMENT for what is no cursor, OUT_OF_RANGE for one of another generation or beyond the newest change.</exception>
    public static long Begin(string cursor, long generation, long newest)
    {
        if (cursor.Length == 0)
        {
            return newest;
        }

        string[] parts = cursor.Split('-');
        if (parts.Length != 2
            || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long of)
            || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long place))
        {
            throw RpcErrors.InvalidArgument([new Fault("cursor", FaultReasons.InvalidText, $"'{cursor}' is no cursor; expected the cursor of an earlier response.")]);
        }

        return of == generation && place <= newest ? place : throw RpcErrors.CursorExpired(cursor);
    }
}

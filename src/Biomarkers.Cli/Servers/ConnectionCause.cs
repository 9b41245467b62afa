namespace Biomarkers.Cli.Servers;

/// <summary>Why a connection failed, where the address names the wrong port or the wrong scheme.</summary>
internal static class ConnectionCause
{
    /// <summary>One sentence with the likely cause; null where the error does not show one.</summary>
    /// <param name="server">Address that was tried.</param>
    /// <param name="exception">What failed; its causes are looked through by what the platform says of them, for it gives these no types of their own.</param>
    public static string? Of(Uri server, Exception exception)
    {
        string text = exception.ToString();
        return text switch
        {
            _ when text.Contains("HTTP_1_1_REQUIRED", StringComparison.Ordinal) =>
                $"{server} does not speak gRPC: it is probably the JSON port. The gRPC port is usually 5080; name it by --server.",
            _ when server.Scheme == Uri.UriSchemeHttps && (Says(text, "Cannot determine the frame size") || Says(text, "corrupted frame")) =>
                $"{server} speaks no TLS. Where the server runs without a certificate, use {new UriBuilder(server) { Scheme = Uri.UriSchemeHttp }.Uri}.",
            _ when Says(text, "RemoteCertificateNameMismatch") =>
                $"Unable to reach {server}: the server's certificate is not for the name '{server.Host}'. Use a name that it was made for.",
            _ when Says(text, "PartialChain") || Says(text, "UntrustedRoot") =>
                $"Unable to reach {server}: the server's certificate is not of an authority that is trusted here. Give its authority's certificate by --ca FILE.",
            // The JSON port looks so too where its reason is lost with the connection, and a server that ends in the middle of a call: all are named.
            _ when server.Scheme == Uri.UriSchemeHttp && (Says(text, "ended prematurely") || Says(text, "did not complete the HTTP/2 handshake")) =>
                $"Unable to reach {server}: it ended the connection. It may be the JSON port (that of gRPC is usually 5080); "
                + $"where the server has a certificate, use {new UriBuilder(server) { Scheme = Uri.UriSchemeHttps }.Uri} with its name.",
            _ => null,
        };
    }

    private static bool Says(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);
}

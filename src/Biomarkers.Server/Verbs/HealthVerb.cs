using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace Biomarkers.Server.Verbs;

/// <summary><c>biomarkers-server health</c>: asks a running server whether it serves.</summary>
internal static class HealthVerb
{
    private static readonly Option<Uri> Address = new("--address")
    {
        Description = "Address of the server's gRPC port.",
        DefaultValueFactory = _ => new Uri("http://127.0.0.1:5080"),
        CustomParser = ParseAddress,
    };

    private static readonly Option<string?> Authority = new("--ca") { Description = "Certificate of the laboratory's authority (PEM), for https." };

    private static readonly Option<int> TimeoutSeconds = new("--timeout-seconds") { Description = "Longest wait for the answer.", DefaultValueFactory = _ => 5 };

    public static Command Create()
    {
        var command = new Command("health", "Ask a running server whether it serves. Exit codes: 0 it serves, 1 it does not, 2 wrong options.") { Address, Authority, TimeoutSeconds };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        Uri address = parsed.GetValue(Address)!;
        TimeSpan timeout = TimeSpan.FromSeconds(parsed.GetValue(TimeoutSeconds));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            var options = new GrpcChannelOptions { HttpHandler = CreateHandler(parsed.GetValue(Authority)), DisposeHttpClient = true };
            using GrpcChannel channel = GrpcChannel.ForAddress(address, options);
            HealthCheckResponse answer = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest(), cancellationToken: limit.Token);
            Console.WriteLine($"{address}: {answer.Status}");
            return answer.Status == HealthCheckResponse.Types.ServingStatus.Serving ? ExitCodes.Success : ExitCodes.Failed;
        }
        catch (RpcException exception)
        {
            await Console.Error.WriteLineAsync($"biomarkers-server: {address} does not answer within {timeout.TotalSeconds} s: {exception.Status.Detail}");
            return ExitCodes.Failed;
        }
    }

    private static Uri? ParseAddress(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps))
        {
            return address;
        }

        result.AddError($"--address '{text}' is no address; expected one such as https://lab-server:5080.");
        return null;
    }

    private static SocketsHttpHandler CreateHandler(string? authorityFile)
    {
        var handler = new SocketsHttpHandler();
        if (authorityFile is not null)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(authorityFile);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }

        return handler;
    }
}

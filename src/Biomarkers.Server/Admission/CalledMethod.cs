using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;

namespace Biomarkers.Server.Admission;

/// <summary>What is called, by gRPC or as JSON.</summary>
/// <param name="Name">Name of the method such as <c>ListPlates</c>; empty for an address that is no method.</param>
/// <param name="IsUnary">Whether it takes one message and gives one.</param>
/// <param name="IsGrpc">Whether it came by gRPC.</param>
internal readonly record struct CalledMethod(string Name, bool IsUnary, bool IsGrpc)
{
    /// <summary>Whether it gives a page of a list.</summary>
    public bool IsList => Name.StartsWith("List", StringComparison.Ordinal);

    /// <summary>Whether it may change something: by the contract's conventions, whatever neither gets nor lists.</summary>
    public bool IsUnaryWrite => IsUnary && !IsList && !Name.StartsWith("Get", StringComparison.Ordinal);

    public static CalledMethod Of(HttpContext context)
    {
        EndpointMetadataCollection? metadata = context.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<GrpcMethodMetadata>()?.Method is not { } method)
        {
            return default;
        }

        // An address of JSON carries both.
        return new CalledMethod(method.Name, method.Type == MethodType.Unary, metadata.GetMetadata<GrpcJsonTranscodingMetadata>() is null);
    }
}

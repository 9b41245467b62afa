using Biomarkers.Immunoassay;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.AspNetCore.Server;

namespace Biomarkers.Server.Wire;

/// <summary>Refuses query parameters that a JSON method does not know: a mistyped condition would otherwise answer with everybody's results.</summary>
internal static class JsonQueries
{
    /// <summary>Goes on where every query parameter names a field of the request; answers INVALID_ARGUMENT with each that does not.</summary>
    public static Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Query.Count == 0 || RequestOf(context) is not { } request)
        {
            return next(context);
        }

        string known = string.Join(", ", request.Fields.InDeclarationOrder().Select(field => field.JsonName));
        var faults = context.Request.Query.Keys
            .Where(name => !IsField(request, name))
            .Select(name => new Fault(name, FaultReasons.UnknownWord, $"'{name}' is no parameter of this method; expected one of {known}."))
            .ToList();
        return faults.Count == 0 ? next(context) : context.AnswerAsync(StatusCodes.Status400BadRequest, RpcErrors.InvalidArgument(faults));
    }

    /// <summary>The request message of the method that a call is for; null where it is for none.</summary>
    public static MessageDescriptor? RequestOf(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method is not { } method)
        {
            return null;
        }

        Type request = method.GetType().GetGenericArguments()[0];
        return (Activator.CreateInstance(request) as IMessage)?.Descriptor;
    }

    // A dotted name reaches into a message.
    private static bool IsField(MessageDescriptor message, string name)
    {
        MessageDescriptor? inside = message;
        foreach (string part in name.Split('.'))
        {
            FieldDescriptor? field = inside?.Fields.InDeclarationOrder().FirstOrDefault(candidate => candidate.JsonName == part || candidate.Name == part);
            if (field is null)
            {
                return false;
            }

            inside = field.FieldType == FieldType.Message ? field.MessageType : null;
        }

        return true;
    }
}

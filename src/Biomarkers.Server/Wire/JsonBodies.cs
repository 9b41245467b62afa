using System.Text.Json;
using Biomarkers.Immunoassay;
using Biomarkers.Server.Hosting;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Grpc.JsonTranscoding;

namespace Biomarkers.Server.Wire;

/// <summary>Refuses JSON bodies with a field that the method does not know, or one that stands twice: a mistyped condition would otherwise make a subscription to
/// everything, and a mistyped signature a release without one.</summary>
/// <param name="limits">How large a body may be.</param>
internal sealed class JsonBodies(WireLimits limits)
{
    private const string WellKnown = "google.protobuf.";
    private const int FaultsTold = 20;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    /// <summary>Goes on where every field of the body is one of the request; answers INVALID_ARGUMENT with each that is not.</summary>
    public async Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        if (BodyOf(context) is not { } message)
        {
            await next(context);
            return;
        }

        if (!context.Request.HasJsonContentType())
        {
            string type = Immunoassay.Plates.Texts.Shorten(context.Request.ContentType ?? "");
            await RefuseAsync(context, [new Fault("", FaultReasons.UnknownFormat, $"The body is of type '{type}'; expected the header Content-Type: application/json.")]);
            return;
        }

        context.Request.EnableBuffering(limits.ReceiveBytes);
        var faults = new List<Fault>();
        try
        {
            using JsonDocument document = await JsonDocument.ParseAsync(context.Request.Body, Strict, context.RequestAborted);
            Check(document.RootElement, message, "", faults);
        }
        catch (JsonException exception)
        {
            faults.Add(new Fault("", FaultReasons.InvalidText, $"The body is no JSON object, or has a field twice: {exception.Message}"));
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            await context.AnswerAsync(StatusCodes.Status413PayloadTooLarge, RpcErrors.MessageTooLarge(limits.ReceiveBytes));
            return;
        }

        if (faults.Count > 0)
        {
            await RefuseAsync(context, faults);
            return;
        }

        context.Request.Body.Position = 0;
        await next(context);
    }

    private static Task RefuseAsync(HttpContext context, IReadOnlyList<Fault> faults) => context.AnswerAsync(StatusCodes.Status400BadRequest, RpcErrors.InvalidArgument(faults));

    // The message that the body is: the request, or the field of it that the method's address names; null where there is none.
    private static MessageDescriptor? BodyOf(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<GrpcJsonTranscodingMetadata>()?.HttpRule.Body is not { Length: > 0 } body
            || JsonQueries.RequestOf(context) is not { } request)
        {
            return null;
        }

        return body == "*" ? request : request.FindFieldByName(body)?.MessageType;
    }

    private static void Check(JsonElement element, MessageDescriptor message, string place, List<Fault> faults)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new Fault(place, FaultReasons.InvalidText, $"Expected a JSON object of {message.Name}; it is {Immunoassay.Plates.Texts.Shorten(element.GetRawText())}."));
            return;
        }

        var seen = new HashSet<int>();
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (faults.Count >= FaultsTold)
            {
                return;
            }

            string name = Immunoassay.Plates.Texts.Shorten(property.Name);
            string here = place.Length == 0 ? name : $"{place}.{name}";
            FieldDescriptor? field = message.Fields.InDeclarationOrder().FirstOrDefault(candidate => candidate.JsonName == property.Name || candidate.Name == property.Name);
            if (field is null)
            {
                string known = string.Join(", ", message.Fields.InDeclarationOrder().Select(candidate => candidate.JsonName));
                faults.Add(new Fault(here, FaultReasons.UnknownWord, $"'{name}' is no field of {message.Name}; expected one of {known}."));
            }
            else if (!seen.Add(field.FieldNumber))
            {
                // By its other spelling: JSON's and the contract's name are one field.
                faults.Add(new Fault(here, FaultReasons.InvalidText, $"The field '{field.JsonName}' stands twice; expected it once."));
            }
            else
            {
                CheckValue(property.Value, field, here, faults);
            }
        }
    }

    // Values themselves are read, and refused, by whoever serves the method.
    private static void CheckValue(JsonElement value, FieldDescriptor field, string place, List<Fault> faults)
    {
        if (field.FieldType != FieldType.Message || field.IsMap || value.ValueKind == JsonValueKind.Null
            || field.MessageType.FullName.StartsWith(WellKnown, StringComparison.Ordinal))
        {
            return;
        }

        if (!field.IsRepeated)
        {
            Check(value, field.MessageType, place, faults);
            return;
        }

        if (value.ValueKind == JsonValueKind.Array)
        {
            int index = 0;
            foreach (JsonElement item in value.EnumerateArray().TakeWhile(_ => faults.Count < FaultsTold))
            {
                Check(item, field.MessageType, FormattableString.Invariant($"{place}[{index++}]"), faults);
            }
        }
    }
}

using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Queries;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Biomarkers.Server.Wire;

/// <summary>Page tokens: opaque, good for the same question only.</summary>
/// <remarks>A token is the key of the page's last row and eight bytes of a hash over the request without page size and token, in base64url.
/// The key comes back checked and bound as a number, so a made-up token can at most ask for another place of the caller's own list.</remarks>
public static class PageTokens
{
    /// <summary>Rows of a page when the request names none.</summary>
    public const int DefaultPageSize = 50;

    /// <summary>Most rows of a page.</summary>
    public const int MaximumPageSize = 1000;

    private const int ScopeBytes = 8;
    private const int MaximumTokenLength = 256;

    /// <summary>Token of the next page; empty at the end.</summary>
    /// <param name="request">The request that is answered.</param>
    /// <param name="next">Key to continue after; null at the end.</param>
    public static string Next<T>(T request, long? next)
        where T : IMessage<T> => next is { } key ? Encode(request, key.ToString(CultureInfo.InvariantCulture)) : string.Empty;

    /// <summary>Token that continues after a textual key, such as an assay's id.</summary>
    public static string Encode<T>(T request, string key)
        where T : IMessage<T> => Base64Url.EncodeToString([.. ScopeOf(request), .. Encoding.UTF8.GetBytes(key)]);

    /// <summary>Textual key of a request's token; null for the first page, or with a fault.</summary>
    public static string? Decode<T>(T request, string token, List<Fault> faults)
        where T : IMessage<T>
    {
        if (token.Length == 0)
        {
            return null;
        }

        if (token.Length <= MaximumTokenLength && Base64Url.IsValid(token))
        {
            byte[] bytes = Base64Url.DecodeFromChars(token);
            if (bytes.Length > ScopeBytes && bytes.AsSpan(0, ScopeBytes).SequenceEqual(ScopeOf(request)))
            {
                return Encoding.UTF8.GetString(bytes, ScopeBytes, bytes.Length - ScopeBytes);
            }
        }

        Refuse(faults);
        return null;
    }

    /// <summary>The page that a list request asks for; faults are added for a negative size, an unknown order and a token of another request.</summary>
    /// <param name="request">The whole request.</param>
    /// <param name="pageSize">Its page size; 0 means 50, more than 1,000 means 1,000.</param>
    /// <param name="pageToken">Its token.</param>
    /// <param name="order">Its order.</param>
    /// <param name="faults">Receives the faults.</param>
    public static PageRequest ToPageRequest<T>(T request, int pageSize, string pageToken, V1.ListOrder order, List<Fault> faults)
        where T : IMessage<T>
    {
        var own = new WireFaults();
        bool oldestFirst = WireWords.ReadIsOldestFirst(order, "order", own);
        faults.AddRange(own.List);
        int size = ToPageSize(pageSize, faults);
        string? text = Decode(request, pageToken, faults);
        if (text is null)
        {
            return new PageRequest(size, null, oldestFirst);
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long after))
        {
            return new PageRequest(size, after, oldestFirst);
        }

        Refuse(faults);
        return new PageRequest(size, null, oldestFirst);
    }

    /// <summary>Rows of a page: 50 by default, at most 1,000; a fault for a negative number.</summary>
    public static int ToPageSize(int pageSize, List<Fault> faults)
    {
        if (pageSize < 0)
        {
            faults.Add(new Fault("page_size", FaultReasons.OutOfRange, $"Page size {pageSize} is negative; expected 1 to {MaximumPageSize}, or 0 for {DefaultPageSize}."));
        }

        return pageSize <= 0 ? DefaultPageSize : Math.Min(pageSize, MaximumPageSize);
    }

    private static byte[] ScopeOf<T>(T request)
        where T : IMessage<T>
    {
        T question = request.Clone();
        foreach (string name in new[] { "page_size", "page_token" })
        {
            FieldDescriptor field = question.Descriptor.FindFieldByName(name)
                ?? throw new ArgumentException($"{question.Descriptor.Name} has no field {name}; expected a list request.", nameof(request));
            field.Accessor.Clear(question);
        }

        byte[] scope = [.. Encoding.UTF8.GetBytes(question.Descriptor.FullName), .. question.ToByteArray()];
        return SHA256.HashData(scope)[..ScopeBytes];
    }

    private static void Refuse(List<Fault> faults) => faults.Add(new Fault(
        "page_token",
        FaultReasons.InvalidText,
        "The page token is not of this request; expected next_page_token of the page before, with the same conditions and order."));
}

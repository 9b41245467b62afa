using System.Security.Cryptography.X509Certificates;
using System.Text.Encodings.Web;
using Biomarkers.Pipeline.Access;
using Biomarkers.Pipeline.Store;
using Biomarkers.Server.Wire;
using Grpc.Core;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Biomarkers.Server.Access;

/// <summary>Knows a caller by <c>authorization: Bearer</c> with a key or a token, or, without that header, by its client certificate; who is not known is
/// told so as by every other error.</summary>
internal sealed class CallerAuthenticationHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory loggers,
    UrlEncoder encoder,
    KeyFile ownerKey,
    AccessDirectory directory,
    PersonTokens tokens,
    ClientCertificates certificates,
    Denials denials,
    IStore store)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    /// <summary>Name of the scheme.</summary>
    public const string SchemeName = "Caller";

    private const string Bearer = "Bearer ";

    private RpcException refusal = RpcErrors.Unauthenticated("Expected 'authorization: Bearer KEY' with a key that this server knows.");

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        string? header = Request.Headers.Authorization;
        X509Certificate2? certificate = Context.Connection.ClientCertificate;
        if (string.IsNullOrEmpty(header) && (certificate is null || !certificates.AreAccepted))
        {
            return AuthenticateResult.NoResult();
        }

        try
        {
            Known<Caller> known = string.IsNullOrEmpty(header) ? await OfCertificateAsync(certificate!) : await OfHeaderAsync(header);
            return known.Value is { } caller ? Accept(caller) : Refuse(RpcErrors.Unauthenticated(known.Fault));
        }
        catch (RpcException exception)
        {
            return Refuse(exception);
        }
        catch (Exception exception) when (store.IsUnavailable(exception) || store.IsTransient(exception) || store.IsFatal(exception))
        {
            return Refuse(RpcErrors.StoreUnavailable());
        }
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        bool isUnavailable = refusal.StatusCode == StatusCode.Unavailable;
        if (isUnavailable)
        {
            return Context.AnswerAsync(StatusCodes.Status503ServiceUnavailable, refusal);
        }

        denials.Count(Context, "UNAUTHENTICATED");
        Response.Headers.WWWAuthenticate = Bearer.TrimEnd();
        return Context.AnswerAsync(StatusCodes.Status401Unauthorized, refusal);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        const string Reason = "PERMISSION_DENIED";
        if (Context.Features.Get<Caller>() is { IsUnenrolled: true, Instrument: { } instrument })
        {
            denials.Count(Context, AccessReasons.InstrumentUnknown);
            return Context.AnswerAsync(StatusCodes.Status403Forbidden, InstrumentAccess.NotEnrolled(instrument));
        }

        denials.Count(Context, Reason);
        string roles = Context.Features.Get<Caller>() is { Roles.Count: > 0 } caller ? string.Join(", ", caller.Roles) : "none";
        string needed = Policies.RolesFor(Context.GetEndpoint()) is { Length: > 0 } able ? $" Expected one of: {able}." : "";
        return Context.AnswerAsync(StatusCodes.Status403Forbidden, RpcErrors.PermissionDenied(Reason, $"The caller has no right to this method; its roles: {roles}.{needed}"));
    }

    private AuthenticateResult Accept(Caller caller)
    {
        Context.Features.Set(caller);
        return AuthenticateResult.Success(new AuthenticationTicket(caller.ToPrincipal(SchemeName), SchemeName));
    }

    private AuthenticateResult Refuse(RpcException error)
    {
        refusal = error;
        return AuthenticateResult.Fail(error.Status.Detail);
    }

    private async Task<Known<Caller>> OfHeaderAsync(string header)
    {
        if (!header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return refusal.Status.Detail;
        }

        string credential = header[Bearer.Length..].Trim();
        if (ownerKey.Matches(credential))
        {
            return Caller.Owner;
        }

        return PersonTokens.IsToken(credential) ? await tokens.ReadAsync(Context) : await OfKeyAsync(credential);
    }

    // What a key is, or was, is told to who has all of it; whoever guesses learns nothing.
    private async Task<Known<Caller>> OfKeyAsync(string credential)
    {
        if (KeyText.IdOf(credential) is not { } keyId)
        {
            return refusal.Status.Detail;
        }

        AccessView view = await directory.ReadForAsync(known => known.Keys.ContainsKey(keyId), Context.RequestAborted);
        if (!KeyText.Matches(view.Keys.TryGetValue(keyId, out AccessKey? key) ? key.SecretHash : default, credential) || key is null)
        {
            return refusal.Status.Detail;
        }

        if (!key.IsActiveAt(TimeProvider.GetUtcNow()))
        {
            Context.Features.Set(new RefusedCredential(Caller.Of(key).Identity, key.RevokeTime is null ? "KEY_EXPIRED" : "KEY_REVOKED"));
            return key.RevokeTime is null ? $"The key expired at {key.ExpireTime.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}." : "The key was revoked.";
        }

        directory.Used(keyId);
        return Caller.Of(key);
    }

    private async Task<Known<Caller>> OfCertificateAsync(X509Certificate2 certificate)
    {
        Known<Caller> known = certificates.Read(certificate);
        if (known.Value is not { } caller)
        {
            return known;
        }

        AccessView view = await directory.ReadForAsync(
            some => some.RevokedCertificates.Contains(caller.Thumbprint!) || some.Instruments.Contains(caller.Instrument!), Context.RequestAborted);
        if (view.RevokedCertificates.Contains(caller.Thumbprint!))
        {
            Context.Features.Set(new RefusedCredential(caller.Identity, "CERTIFICATE_REVOKED"));
            return "The certificate was revoked.";
        }

        // A good certificate of an instrument that was retired, or never enrolled, opens nothing.
        return view.Instruments.Contains(caller.Instrument!) ? known : caller with { Roles = [], IsUnenrolled = true };
    }
}

/// <summary>A caller, or why there is none.</summary>
/// <typeparam name="T">Type of the value.</typeparam>
/// <param name="Value">The value; null exactly where there is a fault.</param>
/// <param name="Fault">A sentence for the caller.</param>
internal readonly record struct Known<T>(T? Value, string Fault)
    where T : class
{
    public static implicit operator Known<T>(T value) => new(value, "");

    public static implicit operator Known<T>(string fault) => new(null, fault);
}

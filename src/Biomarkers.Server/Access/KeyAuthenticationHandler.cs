using System.Security.Claims;
using System.Text.Encodings.Web;
using Biomarkers.Server.Wire;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Biomarkers.Server.Access;

/// <summary>Knows a caller by <c>authorization: Bearer KEY</c>; who is not known is told so as by every other error.</summary>
internal sealed class KeyAuthenticationHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, KeyFile key)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    /// <summary>Name of the scheme.</summary>
    public const string SchemeName = "Key";

    private const string Bearer = "Bearer ";

    private static readonly ClaimsPrincipal Owner = new(new ClaimsIdentity(
        [new Claim(ClaimTypes.NameIdentifier, "keys/local"), .. Roles.All.Select(role => new Claim(ClaimTypes.Role, role))], SchemeName));

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        string? header = Request.Headers.Authorization;
        if (string.IsNullOrEmpty(header))
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        return Task.FromResult(header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && key.Matches(header[Bearer.Length..].Trim())
            ? AuthenticateResult.Success(new AuthenticationTicket(Owner, SchemeName))
            : AuthenticateResult.Fail("The key is not known."));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = Bearer.TrimEnd();
        return Context.AnswerAsync(StatusCodes.Status401Unauthorized, RpcErrors.Unauthenticated("Expected 'authorization: Bearer KEY' with a key that this server knows."));
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Context.AnswerAsync(StatusCodes.Status403Forbidden, RpcErrors.PermissionDenied("PERMISSION_DENIED", "The key has no right to this method."));
}

using System.Security.Cryptography;
using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Pipeline;
using Biomarkers.Pipeline.Review;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results.Review;
using Biomarkers.Server.Services;
using Biomarkers.Server.Wire;
using Grpc.Core;

namespace Biomarkers.Server.Access;

/// <summary>Asks again who signs, at the moment of signing (21 CFR 11.200): the PIN of the key, or a login at the identity provider that is not long ago.</summary>
internal sealed class SigningProof(StoreWriter writer, Denials denials, TimeProvider time)
{
    /// <summary>Fewest characters of a PIN.</summary>
    public const int ShortestPin = 6;

    /// <summary>Most characters of a PIN.</summary>
    public const int LongestPin = 64;

    /// <summary>Wrong PINs in a row after which a key signs no more.</summary>
    public const int MostFailures = 5;

    /// <summary>Reason of UNAUTHENTICATED where the proof is missing or wrong.</summary>
    public const string ReauthRequired = "REAUTH_REQUIRED";

    // PBKDF2 with SHA-256, as the OWASP Password Storage Cheat Sheet advises: a PIN has few bits.
    private const int Iterations = 600_000;
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    /// <summary>Longest time since a login.</summary>
    private static readonly TimeSpan FreshLogin = TimeSpan.FromMinutes(5);

    /// <summary>The caller's will to sign, proven.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT; UNAUTHENTICATED without proof.</exception>
    public async Task<Signing> RequireAsync(ServerCallContext context, V1.SigningRequest request)
    {
        Caller caller = Callers.Who(context);
        SignatureMeaning meaning = ReviewMapper.ReadSigning(request, needsName: caller.LoginTime is null);
        if (caller.LoginTime is { } login)
        {
            return time.GetUtcNow() - login <= FreshLogin
                ? new Signing(caller.Name, meaning, SigningMethod.FreshLogin)
                : throw Refused(context, $"The login was {(time.GetUtcNow() - login).TotalMinutes:F0} minutes ago; expected one of the last {FreshLogin.TotalMinutes:F0} minutes. Log in again to sign.");
        }

        await RequirePinAsync(context, RequireKey(caller), request.Pin);
        return new Signing(request.SignerName, meaning, SigningMethod.KeyAndPin);
    }

    /// <summary>Sets the PIN of the caller's key.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT; UNAUTHENTICATED where there is a PIN and the current one is wrong; ABORTED where it was set meanwhile.</exception>
    public async Task SetPinAsync(ServerCallContext context, string pin, string currentPin)
    {
        string keyId = RequireKey(Callers.Who(context));
        if (pin.Length is < ShortestPin or > LongestPin)
        {
            throw RpcErrors.InvalidArgument([new Fault("pin", FaultReasons.OutOfRange, $"The PIN has {pin.Length} characters; expected {ShortestPin} to {LongestPin}.")]);
        }

        SigningPin? known = await writer.WriteAsync(new BeginPinAttempt(keyId), context.CancellationToken);
        if (known is not null)
        {
            await JudgeAsync(context, known, currentPin);
        }

        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var setting = new SetSigningPin(keyId, salt, HashOf(pin, salt, Iterations), Iterations, known, Callers.Of(context));
        if (!await writer.WriteAsync(setting, context.CancellationToken))
        {
            throw Refused(context, "Another PIN was set meanwhile.");
        }
    }

    private async Task RequirePinAsync(ServerCallContext context, string keyId, string pin)
    {
        // Counted before it is looked at: many guesses at once are as many guesses.
        SigningPin known = await writer.WriteAsync(new BeginPinAttempt(keyId), context.CancellationToken)
            ?? throw Refused(context, "The key has no PIN; expected it to be set once before the first signature.");
        await JudgeAsync(context, known, pin);
    }

    private async Task JudgeAsync(ServerCallContext context, SigningPin known, string pin)
    {
        if (known.FailureCount >= MostFailures)
        {
            throw Refused(context, $"The PIN was wrong {MostFailures} times in a row; the key signs no more. Ask for a new key.");
        }

        if (!CryptographicOperations.FixedTimeEquals(HashOf(pin, known.Salt, known.IterationCount), known.PinHash))
        {
            throw Refused(context, $"The PIN is missing or wrong; {MostFailures - known.FailureCount - 1} further attempts.");
        }

        await writer.WriteAsync(new ClearPinFailures(known.KeyId), context.CancellationToken);
    }

    private static string RequireKey(Caller caller) => caller.KeyId ?? throw RpcErrors.InvalidArgument(
    [
        new Fault("signing", FaultReasons.Required, $"'{caller.Identity}' stands for no one person and can't sign; expected a key of the signer's own (AccessService.CreateKey) or a token of the identity provider."),
    ]);

    private RpcException Refused(ServerCallContext context, string message)
    {
        denials.Count(context.GetHttpContext(), ReauthRequired);
        return RpcErrors.ReauthRequired(message);
    }

    private static byte[] HashOf(string pin, byte[] salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(pin), salt, iterations, HashAlgorithmName.SHA256, HashBytes);
}

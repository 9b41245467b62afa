using Biomarkers.Pipeline.Access;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;

namespace Biomarkers.Pipeline.Review;

/// <summary>Sets the PIN of a key.</summary>
/// <param name="KeyId">The key.</param>
/// <param name="Salt">Random.</param>
/// <param name="PinHash">The PIN's hash with it.</param>
/// <param name="IterationCount">Rounds of the hash.</param>
/// <param name="Expected">The PIN that is replaced, as it was when its holder proved to know it; null where there was none.</param>
/// <param name="Actor">Who.</param>
public sealed record SetSigningPin(string KeyId, byte[] Salt, byte[] PinHash, int IterationCount, SigningPin? Expected, string Actor) : IStoreWrite<bool>
{
    /// <summary>Writes; false when somebody set another PIN meanwhile.</summary>
    public async Task<bool> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        SigningPin? known = await context.Transaction.FindSigningPinAsync(KeyId, cancellationToken);
        if (known?.SetTime != Expected?.SetTime)
        {
            return false;
        }

        await context.Transaction.SaveSigningPinAsync(new SigningPin(KeyId, Salt, PinHash, IterationCount, FailureCount: 0, context.Now), cancellationToken);
        context.Record(Actor, AuditActions.SigningPinSet, AccessTargets.Key(KeyId));
        return true;
    }
}

/// <summary>Counts an attempt with a PIN before the PIN is looked at, so that many attempts at once are all counted.</summary>
/// <param name="KeyId">The key.</param>
public sealed record BeginPinAttempt(string KeyId) : IStoreWrite<SigningPin?>
{
    /// <summary>Writes; the PIN as it was before, or null where none was set.</summary>
    public async Task<SigningPin?> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        SigningPin? pin = await context.Transaction.FindSigningPinAsync(KeyId, cancellationToken);
        if (pin is not null)
        {
            await context.Transaction.SaveSigningPinAsync(pin with { FailureCount = pin.FailureCount + 1 }, cancellationToken);
        }

        return pin;
    }
}

/// <summary>The PIN was right: what was counted before is forgotten.</summary>
/// <param name="KeyId">The key.</param>
public sealed record ClearPinFailures(string KeyId) : IStoreWrite<bool>
{
    /// <inheritdoc/>
    public async Task<bool> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
    {
        if (await context.Transaction.FindSigningPinAsync(KeyId, cancellationToken) is not { } pin)
        {
            return false;
        }

        await context.Transaction.SaveSigningPinAsync(pin with { FailureCount = 0 }, cancellationToken);
        return true;
    }
}

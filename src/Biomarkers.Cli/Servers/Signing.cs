using System.CommandLine;
using Biomarkers.Immunoassay;

namespace Biomarkers.Cli.Servers;

/// <summary>The options of a signature, and the PIN that it needs.</summary>
internal static class Signing
{
    private static readonly Option<string> Meaning = new("--sign") { Description = $"Sign in the same moment, with this meaning: {Names.WordsOf<V1.SignatureMeaning>()}.", HelpName = "MEANING" };

    private static readonly Option<string> Signer = new("--signer") { Description = "Name of the signer, as it is printed.", HelpName = "NAME" };

    private static readonly Option<string> PinFile = new("--pin-file") { Description = "File whose first line is the PIN of the key. A token needs none.", HelpName = "FILE" };

    private static readonly Option<string> CurrentPinFile = new("--current-pin-file") { Description = "File whose first line is the PIN until now; needed where there is one.", HelpName = "FILE" };

    /// <summary>Of every step that may be signed.</summary>
    public static IReadOnlyList<Option> Options { get; } = [Meaning, Signer, PinFile];

    /// <summary>Of setting a PIN.</summary>
    public static IReadOnlyList<Option> PinOptions { get; } = [PinFile, CurrentPinFile];

    /// <summary>The signature that was asked for; null for none.</summary>
    public static V1.SigningRequest? Read(ParseResult parsed, out IReadOnlyList<Fault> faults)
    {
        var found = new List<Fault>();
        faults = found;
        if (parsed.GetValue(Meaning) is not { } word)
        {
            return null;
        }

        V1.SignatureMeaning meaning = Names.ReadWord<V1.SignatureMeaning>("--sign", word, found);
        return new V1.SigningRequest { Meaning = meaning, SignerName = parsed.GetValue(Signer) ?? "", Pin = ReadPin(parsed, PinFile, found) };
    }

    /// <summary>Sets the PIN of the key.</summary>
    public static async Task<int> SetPinAsync(ServerCall call)
    {
        var faults = new List<Fault>();
        if (call.Parsed.GetValue(PinFile) is null)
        {
            faults.Add(new Fault("--pin-file", FaultReasons.Required, "Expected a file with the new PIN."));
        }

        var request = new V1.SetSigningPinRequest { Pin = ReadPin(call.Parsed, PinFile, faults), CurrentPin = ReadPin(call.Parsed, CurrentPinFile, faults) };
        if (faults.Count > 0)
        {
            return call.Console.Refuse("biomarkers review pin", faults);
        }

        await call.Connection.Reviews.SetSigningPinAsync(request, cancellationToken: call.CancellationToken);
        call.Console.Tell("The PIN is set.");
        return ExitCodes.Ok;
    }

    // From a file and never from the command line, where every process of the machine can read it.
    private static string ReadPin(ParseResult parsed, Option<string> option, List<Fault> faults)
    {
        if (parsed.GetValue(option) is not { } file)
        {
            return "";
        }

        if (!File.Exists(file))
        {
            faults.Add(new Fault(option.Name, FaultReasons.InvalidFile, $"There is no file '{file}'; expected one whose first line is the PIN."));
            return "";
        }

        return File.ReadLines(file).FirstOrDefault()?.Trim() ?? "";
    }
}

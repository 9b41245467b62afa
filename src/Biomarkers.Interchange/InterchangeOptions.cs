using Biomarkers.Immunoassay;
using Biomarkers.Interchange.Codes;

namespace Biomarkers.Interchange;

/// <summary>Who sends or receives a message.</summary>
/// <param name="Application">Application, 1 to 128 characters.</param>
/// <param name="Facility">Laboratory or hospital; null when not stated.</param>
public sealed record MessageParty(string Application, string? Facility);

/// <summary>What a message is for (HL7 table 0103).</summary>
public enum MessagePurpose
{
    /// <summary>Results of patients or of a study.</summary>
    Production,

    /// <summary>People learn with it; nothing in it is a result.</summary>
    Training,

    /// <summary>An interface is tried out; nothing in it is a result.</summary>
    Debugging,
}

/// <summary>What a message says of itself. The caller gives time and control id, so that a message that is sent again is the same to the byte.</summary>
public sealed record InterchangeOptions
{
    /// <summary>Longest control id: MSH-10 takes 20 characters, and the messages of a batch add their number.</summary>
    public const int MaximumControlIdLength = 15;

    private readonly string systemBase = "biomarkers:";

    private InterchangeOptions(MessageParty sender, MessageParty? receiver, DateTimeOffset messageTime, string controlId)
    {
        Sender = sender;
        Receiver = receiver;
        MessageTime = messageTime;
        ControlId = controlId;
    }

    /// <summary>Who sends.</summary>
    public MessageParty Sender { get; }

    /// <summary>Who receives; null when not stated.</summary>
    public MessageParty? Receiver { get; }

    /// <summary>When the message was made.</summary>
    public DateTimeOffset MessageTime { get; }

    /// <summary>Unique per sending, the same when it is sent again.</summary>
    public string ControlId { get; }

    /// <summary>What the message is for; production by default.</summary>
    public MessagePurpose Purpose { get; init; } = MessagePurpose.Production;

    /// <summary>LOINC codes that may leave; <see cref="LoincCatalogue.Default"/> by default.</summary>
    public LoincCatalogue Loinc { get; init; } = LoincCatalogue.Default;

    /// <summary>What the URIs of FHIR's own identifiers, codes and extensions begin with, such as <c>https://lab.example.org/fhir/</c>; <c>biomarkers:</c> by default.</summary>
    /// <exception cref="ArgumentException">It is no absolute URI that ends with a colon, a slash or a hash sign.</exception>
    public string SystemBase
    {
        get => systemBase;
        init => systemBase = Uri.TryCreate(value + "x", UriKind.Absolute, out _) && value[^1] is ':' or '/' or '#' && !value.Any(char.IsWhiteSpace)
            ? value
            : throw new ArgumentException($"'{value}' is no beginning of URIs; expected one such as https://lab.example.org/fhir/.", nameof(value));
    }

    /// <summary>Makes options, or says everything that is wrong with them.</summary>
    /// <param name="sender">Who sends.</param>
    /// <param name="receiver">Who receives; null when not stated.</param>
    /// <param name="messageTime">When the message is made.</param>
    /// <param name="controlId">1 to 15 letters, digits, <c>-</c>, <c>_</c> or <c>.</c>, beginning with a letter or digit.</param>
    public static Checked<InterchangeOptions> Create(MessageParty sender, MessageParty? receiver, DateTimeOffset messageTime, string controlId)
    {
        var faults = new List<Fault>();
        CheckParty("sender", sender, faults);
        if (receiver is not null)
        {
            CheckParty("receiver", receiver, faults);
        }

        Immunoassay.Plates.Texts.CheckName("control_id", controlId, faults);
        if (controlId.Length > MaximumControlIdLength)
        {
            faults.Add(new Fault("control_id", FaultReasons.InvalidText, $"The control id has {controlId.Length} characters; expected at most {MaximumControlIdLength}."));
        }

        return faults.Count > 0 ? faults : new InterchangeOptions(sender, receiver, messageTime, controlId);
    }

    private static void CheckParty(string field, MessageParty party, List<Fault> faults)
    {
        Immunoassay.Plates.Texts.CheckText($"{field}.application", party.Application, faults);
        if (party.Facility is { } facility)
        {
            Immunoassay.Plates.Texts.CheckText($"{field}.facility", facility, faults);
        }
    }
}

using Biomarkers.Interchange.Writing;
using Biomarkers.Results.Delivery;
using Hl7.Fhir.Model;

namespace Biomarkers.Interchange.Formats.FhirR4;

/// <summary>The Provenance of one result version: why it is there, what it replaces, who signed.</summary>
internal static class ProvenanceResource
{
    public static Provenance Of(ReportedResult result, InterchangeOptions options, Vocabulary vocabulary)
    {
        var provenance = new Provenance
        {
            Target = [new ResourceReference(vocabulary.Observation(result.Version.VersionName))],
            Recorded = TimeTexts.ToMicrosecond(result.Times.Reported),
        };
        if (result.Version.Reason is { } reason)
        {
            provenance.Reason.Add(new CodeableConcept { Text = reason });
        }

        if (result.Version.SupersededName is { } superseded)
        {
            provenance.Entity.Add(new Provenance.EntityComponent
            {
                Role = Provenance.ProvenanceEntityRole.Revision,
                What = new ResourceReference { Identifier = new Identifier(vocabulary.ResultVersions, superseded) },
            });
        }

        string application = options.Sender.Application;
        provenance.Agent.Add(AgentOf("assembler", new ResourceReference { Identifier = new Identifier(vocabulary.Applications, application), Display = application }));
        if (result.Assurance.Signature is { } signature)
        {
            var who = new ResourceReference { Identifier = new Identifier(vocabulary.Reviewers, signature.Name), Display = signature.Name };
            provenance.Agent.Add(AgentOf("verifier", who));
            provenance.Signature.Add(new Signature
            {
                Type = [new Coding { System = vocabulary.SignatureMeanings, Display = signature.Meaning }],
                When = TimeTexts.ToMicrosecond(signature.Time),
                Who = (ResourceReference)who.DeepCopy(),
            });
        }

        return provenance;
    }

    private static Provenance.AgentComponent AgentOf(string role, ResourceReference who) => new() { Type = new CodeableConcept(Vocabulary.ProvenanceAgent, role), Who = who };
}

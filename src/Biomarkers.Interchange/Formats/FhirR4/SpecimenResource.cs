using System.Globalization;
using Biomarkers.Interchange.Codes;
using Biomarkers.Interchange.Writing;
using Biomarkers.Results.Delivery;
using Hl7.Fhir.Model;
using Specimen = Hl7.Fhir.Model.Specimen;

namespace Biomarkers.Interchange.Formats.FhirR4;

/// <summary>The Specimen of one result version.</summary>
internal static class SpecimenResource
{
    public static Specimen Of(ReportedResult result, Vocabulary vocabulary)
    {
        Immunoassay.Plates.Specimen known = result.Sample.Specimen ?? new Immunoassay.Plates.Specimen();
        var specimen = new Specimen
        {
            Identifier = [new Identifier(vocabulary.Samples, result.Sample.SampleId)],
            Type = known.SpecimenType is { } type ? TypeOf(type) : null,
            Subject = known.SubjectId is { } subject ? new ResourceReference { Identifier = new Identifier(vocabulary.Subjects, subject) } : null,
            ReceivedTime = result.Times.Received is { } received ? TimeTexts.Iso(received) : null,
            Collection = CollectionOf(known),
        };
        if (known.Anticoagulant is { } anticoagulant)
        {
            specimen.Container.Add(new Specimen.ContainerComponent { Additive = new CodeableConcept { Text = anticoagulant } });
        }

        (string Name, DataType? Value)[] extensions =
        [
            ("visit", known.Visit is { } visit ? new FhirString(visit) : null),
            ("timepoint", known.Timepoint is { } timepoint ? new FhirString(timepoint) : null),
            ("haemolysis-index", known.HaemolysisIndex is { } index ? new FhirDecimal(decimal.Parse(ReportedNumber.Exact(index), CultureInfo.InvariantCulture)) : null),
            ("freeze-thaw-count", known.FreezeThawCount is { } count ? new Integer(count) : null),
        ];
        specimen.Extension.AddRange(
            from extension in extensions
            where extension.Value is not null
            select new Extension(vocabulary.Extension(extension.Name), extension.Value));
        return specimen;
    }

    private static CodeableConcept TypeOf(string type)
    {
        var concept = new CodeableConcept { Text = type };
        if (SpecimenMatrices.Of(type) is { } matrix)
        {
            concept.Coding.Add(new Coding(Vocabulary.SpecimenType, matrix.Code, matrix.Text));
        }

        return concept;
    }

    private static Specimen.CollectionComponent? CollectionOf(Immunoassay.Plates.Specimen known) => known.CollectionTime is null && known.Fasting is null
        ? null
        : new Specimen.CollectionComponent
        {
            Collected = known.CollectionTime is { } collected ? new FhirDateTime(TimeTexts.Iso(collected)) : null,
            FastingStatus = known.Fasting is { } fasting ? new CodeableConcept(Vocabulary.FastingStatus, fasting ? "F" : "NF") : null,
        };
}

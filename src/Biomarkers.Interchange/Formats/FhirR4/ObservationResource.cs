using System.Globalization;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Interchange.Codes;
using Biomarkers.Interchange.Writing;
using Biomarkers.Results;
using Biomarkers.Results.Delivery;
using Hl7.Fhir.Model;
using Range = Hl7.Fhir.Model.Range;

namespace Biomarkers.Interchange.Formats.FhirR4;

/// <summary>The Observation of one result version.</summary>
internal static class ObservationResource
{
    public static Observation Of(ReportedResult result, InterchangeOptions options, Vocabulary vocabulary)
    {
        string name = result.Version.VersionName;
        var observation = new Observation
        {
            Meta = new Meta { VersionId = result.Version.Version.ToString(CultureInfo.InvariantCulture) },
            Identifier = [new Identifier(vocabulary.Results, result.Version.Name), new Identifier(vocabulary.ResultVersions, name)],
            Status = StatusCodes.Of(result.Version.Status).Fhir,
            Category = [new CodeableConcept(Vocabulary.Category, "laboratory")],
            Code = CodeOf(result, options, vocabulary),
            Subject = result.Sample.Specimen?.SubjectId is { } subject ? new ResourceReference { Identifier = new Identifier(vocabulary.Subjects, subject) } : null,
            Effective = result.Collected is { } collected ? new FhirDateTime(TimeTexts.Iso(collected)) : null,
            Issued = TimeTexts.ToMicrosecond(result.Times.Reported),
            Performer = [.. PerformersOf(result, vocabulary)],
            Value = QuantityOf(result),
            DataAbsentReason = AbsentReasonOf(result),
            Interpretation = [.. InterpretationsOf(result, vocabulary)],
            Note = [.. NotesOf(result)],
            Method = new CodeableConcept(vocabulary.Assays, result.Origin.AssayName),
            Specimen = new ResourceReference(vocabulary.Specimen(name)),
            Device = new ResourceReference(vocabulary.Device(result.Origin.Instrument)),
            Component = [.. ComponentsOf(result, vocabulary)],
        };
        observation.Extension.AddRange(ExtensionsOf(result, vocabulary));
        return observation;
    }

    private static CodeableConcept CodeOf(ReportedResult result, InterchangeOptions options, Vocabulary vocabulary)
    {
        var code = new CodeableConcept { Text = result.Analyte.DisplayName };
        if (options.Loinc.CodeOf(result) is { } loinc)
        {
            code.Coding.Add(new Coding(Vocabulary.Loinc, loinc));
        }

        code.Coding.Add(new Coding(vocabulary.Analytes, result.Analyte.Analyte, result.Analyte.DisplayName));
        return code;
    }

    private static IEnumerable<ResourceReference> PerformersOf(ReportedResult result, Vocabulary vocabulary)
    {
        if (result.Origin.Operator is { } @operator)
        {
            yield return new ResourceReference { Identifier = new Identifier(vocabulary.Operators, @operator), Display = @operator };
        }

        if (result.Assurance.Signature is { } signature)
        {
            yield return new ResourceReference { Identifier = new Identifier(vocabulary.Reviewers, signature.Name), Display = signature.Name };
        }
    }

    private static Quantity? QuantityOf(ReportedResult result) => ReportedNumber.ValueOf(result) is { } value
        ? Quantity(decimal.Parse(value, CultureInfo.InvariantCulture), result, ReportedNumber.ComparatorOf(result) switch
        {
            "<" => Hl7.Fhir.Model.Quantity.QuantityComparator.LessThan,
            ">" => Hl7.Fhir.Model.Quantity.QuantityComparator.GreaterThan,
            _ => null,
        })
        : null;

    private static Quantity Quantity(decimal value, ReportedResult result, Quantity.QuantityComparator? comparator)
    {
        string unit = result.Analyte.Unit.Code;
        return new Quantity { Value = value, Comparator = comparator, Unit = unit, System = Vocabulary.Ucum, Code = unit };
    }

    // A failed run or a wrong sample is an error of the process; anything else that can't be had is just unknown.
    private static CodeableConcept? AbsentReasonOf(ReportedResult result) => ReportedNumber.ValueOf(result) is not null ? null
        : new CodeableConcept(
            Vocabulary.AbsentReason,
            result.Version.Status == ResultStatus.Withdrawn || result.Measurement.FlagCodes.Contains(FlagCodes.RunRejected) ? "error" : "unknown");

    private static IEnumerable<CodeableConcept> InterpretationsOf(ReportedResult result, Vocabulary vocabulary)
    {
        string? range = FlagMap.RangeCodeOf(result);
        if (range is not null && !result.Measurement.FlagCodes.Any(code => FlagMap.StandardCodeOf(code, result) == range))
        {
            yield return new CodeableConcept(Vocabulary.Interpretation, range);
        }

        foreach (string code in result.Measurement.FlagCodes)
        {
            var finding = new CodeableConcept { Text = FlagMap.TextOf(code) };
            if (FlagMap.StandardCodeOf(code, result) is { } standard)
            {
                finding.Coding.Add(new Coding(Vocabulary.Interpretation, standard));
            }

            finding.Coding.Add(new Coding(vocabulary.Flags, code));
            yield return finding;
        }
    }

    private static IEnumerable<Annotation> NotesOf(ReportedResult result)
    {
        if (result.Version.Reason is { } reason)
        {
            string what = result.Version.SupersededName is { } superseded ? $"{Words.Of(result.Version.Status)}, supersedes {superseded}" : Words.Of(result.Version.Status);
            yield return new Annotation { Text = $"{what}: {reason}" };
        }

        foreach (HoldNotice hold in result.Assurance.Holds)
        {
            yield return new Annotation { Text = $"on hold since {TimeTexts.Iso(hold.PlacedTime)}: {hold.Reason}" };
        }
    }

    private static IEnumerable<Observation.ComponentComponent> ComponentsOf(ReportedResult result, Vocabulary vocabulary)
    {
        ReportedMeasurement measurement = result.Measurement;
        yield return Component("well-count", new Integer(result.Sample.Wells.Count));
        yield return Component("dilution-factor", new Quantity { Value = Decimal(result.Sample.DilutionFactor), Unit = "1", System = Vocabulary.Ucum, Code = "1" });
        if (measurement.Lower is not null || measurement.Upper is not null)
        {
            yield return Component("within-plate-interval-95", new Range
            {
                Low = measurement.Lower is { } lower ? Quantity(Decimal(lower), result, null) : null,
                High = measurement.Upper is { } upper ? Quantity(Decimal(upper), result, null) : null,
            });
        }

        if (measurement.CvPercent is { } cv)
        {
            yield return Component("cv", new Quantity { Value = Decimal(cv), Unit = "%", System = Vocabulary.Ucum, Code = "%" });
        }

        if (measurement.MeanResponse is { } response)
        {
            yield return Component("mean-response", new Quantity { Value = Decimal(response) });
        }

        Observation.ComponentComponent Component(string code, DataType value) => new() { Code = new CodeableConcept(vocabulary.Components, code), Value = value };
    }

    private static IEnumerable<Extension> ExtensionsOf(ReportedResult result, Vocabulary vocabulary)
    {
        ReportedSample sample = result.Sample;
        yield return Extension("plate-barcode", new FhirString(sample.PlateBarcode));
        foreach (WellPosition well in sample.Wells)
        {
            yield return Extension("well", new FhirString(well.ToString()));
        }

        yield return Extension("significant-digits", new Integer(result.Analyte.SignificantDigits));
        if ((result.Measurement.Concentration ?? result.Measurement.Limit) is { } unrounded)
        {
            yield return Extension("unrounded", new FhirDecimal(Decimal(unrounded)));
        }

        if (sample.Specimen?.StudyId is { } study)
        {
            yield return Extension("study", new FhirString(study));
        }

        if (result.Times.Measured is { } measured)
        {
            yield return Extension("measured", new FhirDateTime(TimeTexts.Iso(measured)));
        }

        yield return Extension("run", new ResourceReference { Identifier = new Identifier(vocabulary.Runs, result.Origin.RunName) });
        yield return Extension("method-hash", new FhirString(result.Origin.MethodHash.Hex));
        foreach (LotReference lot in result.Origin.Lots)
        {
            yield return Nested("lot", ("kind", new Code(Words.Of(lot.Kind))), ("number", new FhirString(lot.LotNumber)), ("expiry", lot.ExpiryDate is { } day ? new Date(TimeTexts.Day(day)) : null));
        }

        if (result.Version.SupersededName is { } superseded)
        {
            yield return Extension("supersedes", new ResourceReference { Identifier = new Identifier(vocabulary.ResultVersions, superseded) });
        }

        foreach (HoldNotice hold in result.Assurance.Holds)
        {
            yield return Nested("hold", ("placed", new FhirDateTime(TimeTexts.Iso(hold.PlacedTime))), ("reason", new FhirString(hold.Reason)));
        }

        if (result.Assurance.VerificationToken is { } token)
        {
            // R4 has no integer of 64 bits.
            yield return Nested("verification-token", ("sequence", new FhirString(token.Sequence.ToString(CultureInfo.InvariantCulture))), ("hash", new FhirString(token.Hash.Hex)));
        }

        Extension Extension(string name, DataType value) => new(vocabulary.Extension(name), value);

        Extension Nested(string name, params (string Name, DataType? Value)[] parts) =>
            new() { Url = vocabulary.Extension(name), Extension = [.. parts.Where(part => part.Value is not null).Select(part => new Extension(part.Name, part.Value!))] };
    }

    // The shortest digits that read back to the same double, where 28 decimals hold them: always for concentrations.
    private static decimal Decimal(double value) => decimal.Parse(ReportedNumber.Exact(value), CultureInfo.InvariantCulture);
}

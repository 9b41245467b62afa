using Biomarkers.Client;
using Biomarkers.Immunoassay;
using Biomarkers.Instruments;
using Biomarkers.Simulation;
using Biomarkers.Tests.Pipeline;
using Biomarkers.V1;

namespace Biomarkers.Faults.Cases;

/// <content>What persons do.</content>
internal sealed partial class CaseRun
{
    private BiomarkersConnection People => server.People;

    private async Task SubmitAsync(CaseStep step)
    {
        var request = new SubmitPlateReadRequest { Instrument = $"instruments/{scope}reader", PlateRead = CasePlates.Read(step, scope) };
        if (step.Expected is [] or ["STORED" or "DUPLICATE" or "HELD", ..])
        {
            SubmitPlateReadResponse answer = await People.Ingest.SubmitPlateReadAsync(request);
            string kind = CaseWords.Of(answer.Disposition);
            bool isRight = kind == (step.Expected.Count == 0 ? "STORED" : step.Expected[0])
                && (answer.Status is null || CaseWords.Matches(RpcFault.Of(answer.Status), step.Expected.Skip(1)));
            if (!isRight)
            {
                throw new CaseFailureException($"The read was answered with {kind}{(answer.Status is null ? string.Empty : $": {RpcFault.Of(answer.Status)}")}.");
            }
        }
        else
        {
            await ExpectRefusalAsync(step, () => People.Ingest.SubmitPlateReadAsync(request).ResponseAsync);
        }
    }

    private Task LayoutAsync(CaseStep step) => CallAsync(step, () => People.Plates.SubmitPlateLayoutAsync(new SubmitPlateLayoutRequest
    {
        Plate = $"plates/{Barcode(step.Plate)}",
        Layout = CasePlates.Layout(step, scope),
        Reason = step.Option("reason"),
    }).ResponseAsync);

    // The read of a plate that waits, or the one without a barcode of this case's instrument.
    private async Task ResolveAsync(CaseStep step, bool isUsed)
    {
        var request = new ListHeldPlatesRequest { Instrument = $"instruments/{scope}{step.Option("instrument", "reader")}" };
        HeldPlate? held = (await People.Plates.ListHeldPlatesAsync(request)).HeldPlates
            .SingleOrDefault(read => read.PlateBarcode == (step.Option("barcode") == "none" ? string.Empty : Barcode(step.Plate)));
        var decision = new ResolveHeldPlateRequest { Name = held?.Name ?? throw new CaseFailureException("No such read is held."), Reason = step.Option("reason") };
        if (isUsed)
        {
            decision.Use = new UseHeldPlate { PlateBarcode = step.Options.TryGetValue("as", out string? plate) ? Barcode(plate) : string.Empty, KeepLayout = step.Option("layout") == "keep" };
        }
        else
        {
            decision.Dismiss = new DismissHeldPlate();
        }

        await CallAsync(step, () => People.Plates.ResolveHeldPlateAsync(decision).ResponseAsync);
    }

    private async Task ReplayAsync(CaseStep step)
    {
        var request = new ListQuarantinedEventsRequest { Parent = $"instruments/{scope}reader", UnresolvedOnly = true };
        QuarantinedEvent? refused = (await People.Ingest.ListQuarantinedEventsAsync(request)).QuarantinedEvents.SingleOrDefault(quarantined => quarantined.Offset == step.Offset);
        var replay = new ReplayQuarantinedEventRequest { Name = refused?.Name ?? throw new CaseFailureException("No such event is in quarantine."), Reason = step.Option("reason") };
        if (step.Verb == "repair")
        {
            replay.RepairedContent = CasePlates.Event(step, scope);
        }

        await CallAsync(step, () => People.Ingest.ReplayQuarantinedEventAsync(replay).ResponseAsync);
    }

    // A copy of the case's assay under a name of its own; reference=570 asks for a reference of that wavelength.
    private async Task AssayAsync(CaseStep step)
    {
        Assay assay = await People.Assays.GetAssayAsync(new GetAssayRequest { Name = $"assays/{TestPlates.Assay.Id}" });
        if (step.Options.ContainsKey("reference"))
        {
            assay.Analytes[0].ReferenceWavelengthNm = step.Number("reference", 0);
        }

        await CallAsync(step, () => People.Assays.CreateAssayAsync(new CreateAssayRequest { AssayId = $"{scope}assay", Assay = assay }).ResponseAsync);
    }

    private Task CloseAsync(CaseStep step) => CallAsync(step, () => People.Plates.ClosePendingReadAsync(new ClosePendingReadRequest
    {
        Plate = $"plates/{Barcode(step.Plate)}",
        ReadStream = ClientOf(step).Stream,
        ReadId = step.Option("read", "r1"),
        Reason = step.Option("reason"),
    }).ResponseAsync);

    // As an adapter does: what can't be read without guessing is told and not sent.
    private async Task FileAsync(CaseStep step)
    {
        Checked<PlateFile> parsed = PlateFile.Parse(step.Words[0], IngestCase.ReadFile(step.Words[0]), new PlateFileOptions
        {
            PlateBarcode = Barcode(step.Plate),
            DecimalSeparator = step.Option("decimal", "point") == "comma" ? ',' : '.',
            Delimiter = step.Option("decimal", "point") == "comma" ? ';' : ',',
        });
        string[] reasons = [.. parsed.Faults.Select(fault => fault.Reason).Distinct()];
        if (!reasons.SequenceEqual(step.Expected))
        {
            throw new CaseFailureException($"The file was read with faults '{string.Join(' ', parsed.Faults)}'.");
        }

        if (parsed.Value is { } file)
        {
            var layout = file.ToLayout(TestPlates.Assay.Id, TestPlates.Assay.Version).ValueOrThrow();
            PlateRead read = PlateMessages.ToWire(file.ToPlateRead(TestPlates.Assay.ResponseKind).ValueOrThrow(), "r1", layout);
            await People.Ingest.SubmitPlateReadAsync(new SubmitPlateReadRequest { Instrument = $"instruments/{scope}reader", PlateRead = read });
        }
    }

    private static async Task CallAsync<T>(CaseStep step, Func<Task<T>> call)
    {
        if (step.Expected.Count > 0)
        {
            await ExpectRefusalAsync(step, call);
        }
        else
        {
            await call();
        }
    }
}

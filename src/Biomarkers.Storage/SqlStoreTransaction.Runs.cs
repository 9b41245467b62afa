using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Seals;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;

namespace Biomarkers.Storage;

/// <summary>Runs with everything that explains them.</summary>
internal sealed partial class SqlStoreTransaction
{
    private readonly List<(long RunKey, RunCoverage Coverage)> sealedRuns = [];

    public async Task<RunSaving> SaveRunAsync(ReadyWork work, string holder, AnalyticalRun run, DateTimeOffset time, CancellationToken cancellationToken)
    {
        long now = Instant.ToMicroseconds(time);
        long plateKey = await LockPlateOfAsync(work.WorkKey, cancellationToken);
        if (await WorkItems.AnyAsync(row => row.PlateKey == plateKey && row.State == WorkItemTable.Open && row.WorkKey < work.WorkKey, cancellationToken))
        {
            return new RunSaving(null, await ReleaseWorkAsync(work, holder, now, cancellationToken));
        }

        long? runKey = await NextKeyAsync("analytical_run", cancellationToken);
        int ended = await WorkItems
            .Where(row => row.WorkKey == work.WorkKey && row.Generation == work.Generation && row.Holder == holder && row.State == WorkItemTable.Open)
            .Set(row => row.State, WorkItemTable.Done)
            .Set(row => row.RunKey, runKey)
            .Set(row => row.UpdateTime, now)
            .UpdateAsync(cancellationToken);
        if (ended == 0)
        {
            return new RunSaving(null, IsReleased: false);
        }

        WorkItemTable item = await WorkItems.SingleAsync(row => row.WorkKey == work.WorkKey, cancellationToken);
        (RunCoverage coverage, IReadOnlyList<ResultVersionTable> versions) = await SaveRowsAsync(runKey.Value, item, work, run, now, cancellationToken);
        await SetRunAsync(plateKey, runKey.Value, time, cancellationToken);
        var saved = new SavedRun(runKey.Value, work.Inputs.Read.PlateBarcode, coverage, item.LayoutKey, [.. versions.Select(version => version.ResultKey)]);
        return new RunSaving(saved, IsReleased: false);
    }

    public async Task<RunCoverage> ReinstateRunAsync(long runKey, string? reason, DateTimeOffset time, CancellationToken cancellationToken)
    {
        ITable<ResultVersionTable> table = connection.GetTable<ResultVersionTable>();
        const int Computed = (int)ResultStatus.Preliminary;
        // What was computed, and not what a reviewer made of it: it waits for a reviewer again.
        List<ResultVersionTable> versions = await table
            .Where(row => row.RunKey == runKey && row.Status == Computed)
            .Where(row => !table.Any(newer => newer.ResultKey == row.ResultKey && newer.RunKey == runKey && newer.Status == Computed && newer.Version > row.Version))
            .OrderBy(row => row.Ordinal)
            .ToListAsync(cancellationToken);
        long plateKey = await connection.GetTable<AnalyticalRunTable>().Where(row => row.RunKey == runKey).Select(row => row.PlateKey).SingleAsync(cancellationToken);
        Dictionary<(string, string, double), (long Key, int Version)> known = await KnownResultsAsync(plateKey, cancellationToken);
        Dictionary<long, int> newest = known.Values.ToDictionary(result => result.Key, result => result.Version);
        long versionKey = versions.Count == 0 ? 0 : await keys.TakeAsync(connection, "result_version", versions.Count, cancellationToken);
        foreach (ResultVersionTable version in versions)
        {
            version.VersionKey = versionKey++;
            version.SupersedesVersion = newest[version.ResultKey];
            version.Version = newest[version.ResultKey] + 1;
            version.Reason = reason;
            version.CreateTime = Instant.ToMicroseconds(time);
        }

        await InsertAllAsync(versions, cancellationToken);
        RunCoverage coverage = await ReplaceSealAsync(runKey, versions, cancellationToken);
        await SetRunAsync(plateKey, runKey, time, cancellationToken);
        return coverage;
    }

    // Whatever adds versions to a run seals it anew by this.
    private async Task<RunCoverage> ReplaceSealAsync(long runKey, IEnumerable<ResultVersionTable> added, CancellationToken cancellationToken)
    {
        RunSealTable seal = await SealedRuns.AddSealAsync(connection, runKey, added, cancellationToken);
        return Cover(seal, await OriginalReads(runKey).SingleAsync(cancellationToken));
    }

    // What an audit event of this transaction names; see WithSeals.
    private RunCoverage Cover(RunSealTable seal, PlateReadTable read)
    {
        var coverage = new RunCoverage(seal.Ordinal, ContentHash.FromBytes(seal.ContentHash), ReadSeal.Of(read));
        sealedRuns.Add((seal.RunKey, coverage));
        return coverage;
    }

    // A seal that no audit event names is one that anybody could have made: where the event of a change does not name it, one of its own does.
    private List<LedgerEntry> WithSeals(IReadOnlyList<LedgerEntry> entries)
    {
        var all = new List<LedgerEntry>(entries);
        foreach ((long runKey, RunCoverage coverage) in sealedRuns)
        {
            string target = SealedRuns.NameOf(runKey);
            if (!entries.Any(entry => entry.Audit.Target == target && CoveredContent.RunOf(entry.Audit) == coverage))
            {
                DateTimeOffset time = entries.Count > 0 ? entries[^1].Audit.Time : throw new InvalidOperationException($"{target} was sealed by a change without an audit event.");
                all.Add(new LedgerEntry(new AuditEvent(time, "server", AuditActions.RunSealed, target, null, CoveredContent.Describe("further versions of its results", coverage)), null));
            }
        }

        return all;
    }

    private async Task SetRunAsync(long plateKey, long? runKey, DateTimeOffset time, CancellationToken cancellationToken)
    {
        await Plates.Where(row => row.PlateKey == plateKey).Set(row => row.RunKey, runKey).UpdateAsync(cancellationToken);
        await SettlePlateAsync(plateKey, time, cancellationToken);
    }

    private async Task<(RunCoverage Coverage, IReadOnlyList<ResultVersionTable> Versions)> SaveRowsAsync(
        long runKey, WorkItemTable item, ReadyWork work, AnalyticalRun run, long now, CancellationToken cancellationToken)
    {
        AnalyticalRunTable row = ToRunRow(runKey, item, work.Inputs, run, now);
        await connection.InsertAsync(row, token: cancellationToken);
        StandardCurveTable[] curves = [.. run.Curves.Select((curve, i) => RunMapping.ToRow(runKey, i, curve))];
        await InsertAllAsync(curves, cancellationToken);
        ControlPointTable[] controls = [.. run.Controls.Select((control, i) => RunMapping.ToRow(runKey, i, control))];
        await InsertAllAsync(controls, cancellationToken);
        savedControls.AddRange(run.Controls.Select((control, ordinal) =>
            new SavedControl(new SeriesName(work.Inputs.Assay.Id, control.Analyte, control.Level, control.LotNumber ?? string.Empty), runKey, ordinal)));
        RunLotTable[] lots = [.. work.Inputs.Layout.Lots.Select((lot, i) => RunMapping.ToRow(runKey, i, lot))];
        await InsertAllAsync(lots, cancellationToken);
        QcFlagTable[] flags = [.. run.Flags.Select((flag, i) => RunMapping.ToRow(runKey, i, flag))];
        await InsertAllAsync(flags, cancellationToken);
        (IReadOnlyList<ResultTable> results, IReadOnlyList<ResultVersionTable> versions) = await InsertResultsAsync(item.PlateKey, runKey, run, now, cancellationToken);
        (RunOrigin origin, PlateReadTable read) = await OriginOfAsync(row, cancellationToken);
        // Of what was to be written and not of what is there now: a fault on the way is found as well.
        var contents = new RunContents
        {
            Run = row,
            Origin = origin,
            Curves = curves,
            Controls = controls,
            Lots = lots,
            Flags = flags,
            Results = results,
            Versions = versions,
        };
        RunSealTable seal = contents.MakeSeal(ordinal: 1);
        await connection.InsertAsync(seal, token: cancellationToken);
        return (Cover(seal, read), versions);
    }

    private async Task<(RunOrigin Origin, PlateReadTable Read)> OriginOfAsync(AnalyticalRunTable run, CancellationToken cancellationToken)
    {
        var row = await (
            from plate in Plates
            from read in ReadSeal.WithoutContent(connection.GetTable<PlateReadTable>())
            from layout in connection.GetTable<PlateLayoutTable>()
            from assay in connection.GetTable<AssayTable>()
            where plate.PlateKey == run.PlateKey && read.ReadKey == run.ReadKey && layout.LayoutKey == run.LayoutKey && assay.AssayKey == run.AssayKey
            select new { plate.Barcode, Read = read, LayoutVersion = layout.Version, assay.AssayId, AssayVersion = assay.Version }).SingleAsync(cancellationToken);
        return (new RunOrigin(row.Barcode, row.Read.ReadId, row.Read.InstrumentId, row.LayoutVersion, row.AssayId, row.AssayVersion), row.Read);
    }

    private IQueryable<PlateReadTable> OriginalReads(long runKey) => ReadSeal.WithoutContent(
        from run in connection.GetTable<AnalyticalRunTable>()
        from read in connection.GetTable<PlateReadTable>()
        where run.RunKey == runKey && read.ReadKey == run.ReadKey
        select read);

    private async Task<(IReadOnlyList<ResultTable> Results, IReadOnlyList<ResultVersionTable> Versions)> InsertResultsAsync(
        long plateKey, long runKey, AnalyticalRun run, long now, CancellationToken cancellationToken)
    {
        if (run.Results.Count == 0)
        {
            return ([], []);
        }

        Dictionary<(string, string, double), (long Key, int Version)> known = await KnownResultsAsync(plateKey, cancellationToken);
        long newKey = await keys.TakeAsync(connection, "result", run.Results.Count, cancellationToken);
        long versionKey = await keys.TakeAsync(connection, "result_version", run.Results.Count, cancellationToken);
        var added = new List<ResultTable>();
        var identities = new List<ResultTable>(run.Results.Count);
        var versions = new List<ResultVersionTable>(run.Results.Count);
        for (int i = 0; i < run.Results.Count; i++)
        {
            SampleResult result = run.Results[i];
            bool isKnown = known.TryGetValue((result.SampleId, result.Analyte, result.DilutionFactor), out (long Key, int Version) newest);
            newest = isKnown ? newest : (newKey++, 0);
            identities.Add(new ResultTable
            {
                ResultKey = newest.Key,
                PlateKey = plateKey,
                SampleId = result.SampleId,
                Analyte = result.Analyte,
                DilutionFactor = result.DilutionFactor,
            });
            if (!isKnown)
            {
                added.Add(identities[i]);
            }

            versions.Add(RunMapping.ToRow(versionKey + i, newest.Key, newest.Version + 1, runKey, i, result, now));
        }

        await InsertAllAsync(added, cancellationToken);
        await InsertAllAsync(versions, cancellationToken);
        return ([.. identities.OrderBy(identity => identity.ResultKey)], versions);
    }

    private async Task<Dictionary<(string SampleId, string Analyte, double DilutionFactor), (long Key, int Version)>> KnownResultsAsync(
        long plateKey, CancellationToken cancellationToken)
    {
        var rows = await connection.GetTable<ResultTable>()
            .Where(result => result.PlateKey == plateKey)
            .Select(result => new
            {
                Result = result,
                Version = connection.GetTable<ResultVersionTable>().Where(version => version.ResultKey == result.ResultKey).Max(version => version.Version),
            })
            .ToListAsync(cancellationToken);
        return rows.ToDictionary(row => (row.Result.SampleId, row.Result.Analyte, row.Result.DilutionFactor), row => (row.Result.ResultKey, row.Version));
    }

    private static AnalyticalRunTable ToRunRow(long runKey, WorkItemTable item, AnalysisInputs inputs, AnalyticalRun run, long now) => new()
    {
        RunKey = runKey,
        PlateKey = item.PlateKey,
        ReadKey = item.ReadKey,
        LayoutKey = item.LayoutKey,
        AssayKey = item.AssayKey,
        AssayId = inputs.Assay.Id,
        InputsHash = item.InputsHash,
        ReadHash = inputs.Read.Hash.ToBytes(),
        LayoutHash = inputs.Layout.Hash.ToBytes(),
        AssayHash = CanonicalJson.HashOf(inputs.Assay).ToBytes(),
        RulePackHash = inputs.RulePack.Hash.ToBytes(),
        RulePack = inputs.RulePack.Name,
        EngineVersion = run.EngineVersion,
        Verdict = (int)run.Verdict,
        Criteria = RowMapping.ToJson(run.Criteria),
        ResultCount = run.Results.Count,
        FlagCount = run.Flags.Count,
        SaveTime = now,
    };
}

using System.Security.Cryptography;
using System.Text;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Tests.Pipeline;
using Xunit;

namespace Biomarkers.Tests.Storage;

/// <summary>Streams that move between servers: a connection is cut, an instrument comes back elsewhere, the old connection goes on for a while.</summary>
public sealed class ReplicaStreamsTests
{
    private const int Events = 60;

    [PostgresFact]
    public async Task TwoStreams_OpenedInTurnAtTwoReplicas_LoseNothingAndKeepNothingTwice()
    {
        await using ReplicaSet set = await ReplicaSet.StartAsync(2, analyze: false);
        string[] streams = ["s1", "s2"];

        // Each stream has a sender at each replica: all four at once, each fencing the other of its stream every few events.
        Sent[][] sent = await Task.WhenAll(streams.SelectMany((stream, s) => set.Replicas.Select((replica, r) => SendAllAsync(replica, stream, new Random((10 * s) + r)))));

        Sent[] all = [.. sent.SelectMany(one => one)];
        Assert.Contains(all, one => one.Kind == EventOutcomeKind.StaleEpoch);
        foreach (string stream in streams)
        {
            Sent[] stored = [.. all.Where(one => one.Stream == stream && one.Kind == EventOutcomeKind.Stored).OrderBy(one => one.Offset)];
            // Every offset was told to be stored once, to one sender.
            Assert.Equal(Enumerable.Range(0, Events).Select(offset => (long)offset), stored.Select(one => one.Offset));
            await VerifyAsync(set.Database, stream, stored);
        }

        await LedgerLine.VerifyAsync(set.Database);
    }

    [PostgresFact]
    public async Task Stream_OpenedAtAnotherReplica_FencesTheOldConnectionAtItsOwn()
    {
        await using ReplicaSet set = await ReplicaSet.StartAsync(2, analyze: false);
        OpenedStream old = await OpenAsync(set[0], "s1");
        await SendAsync(set[0], old, 0);
        OpenedStream current = await OpenAsync(set[1], "s1");

        EventOutcome fenced = await SendAsync(set[0], old, 1);
        EventOutcome stored = await SendAsync(set[1], current, 1);

        Assert.Equal((2L, 1L), (current.Epoch, current.NextOffset));
        Assert.Equal((EventOutcomeKind.StaleEpoch, 1L), (fenced.Kind, fenced.NextOffset));
        Assert.Equal((EventOutcomeKind.Stored, 2L), (stored.Kind, stored.NextOffset));
    }

    [PostgresFact]
    public async Task NewStream_OpenedByManyAtTheSameTime_GivesEachAnEpochOfItsOwn()
    {
        await using ReplicaSet set = await ReplicaSet.StartAsync(3, analyze: false);

        OpenedStream[] opened = await Task.WhenAll(Enumerable.Range(0, 12).Select(n => OpenAsync(set[n % 3], "s1")));

        Assert.Single(opened.Select(one => one.StreamKey).Distinct());
        Assert.Equal(Enumerable.Range(1, 12).Select(epoch => (long)epoch), opened.Select(one => one.Epoch).Order());
    }

    // As an instrument's adapter does: opens, sends from where the server stands, and opens again when it was fenced, until all is stored.
    private static async Task<Sent[]> SendAllAsync(PipelineHost replica, string stream, Random random)
    {
        var sent = new List<Sent>();
        while (true)
        {
            OpenedStream opened = await OpenAsync(replica, stream);
            int burst = random.Next(1, 6);
            for (long offset = opened.NextOffset; offset < Events && burst-- > 0;)
            {
                EventOutcome outcome = await SendAsync(replica, opened, offset);
                sent.Add(new Sent(stream, offset, opened.Epoch, outcome.Kind));
                if (outcome.Kind == EventOutcomeKind.StaleEpoch)
                {
                    break;
                }

                Assert.True(outcome.Kind is EventOutcomeKind.Stored or EventOutcomeKind.Duplicate, $"{stream} at {offset}: {outcome.Kind}");
                offset = outcome.NextOffset;
            }

            if (opened.NextOffset >= Events)
            {
                return [.. sent];
            }
        }
    }

    // What stands in the tables, recomputed from the bytes that were sent.
    private static async Task VerifyAsync(TestDatabase database, string stream, Sent[] stored)
    {
        var rows = await database.ReadAsync(
            $"""
            SELECT e.event_offset, e.epoch, e.content, e.content_hash, e.chain_hash, s.chain_hash, s.next_offset
            FROM stream_event e JOIN read_stream s ON s.stream_key = e.stream_key WHERE s.stream_id = '{stream}' ORDER BY e.event_offset
            """,
            row => (
                Offset: row.GetInt64(0),
                Epoch: row.GetInt64(1),
                Content: (byte[])row[2],
                Hash: (byte[])row[3],
                Chain: (byte[])row[4],
                Head: (byte[])row[5],
                Next: row.GetInt64(6)));
        Assert.Equal(stored.Select(one => (one.Offset, one.Epoch)), rows.Select(row => (row.Offset, row.Epoch)));
        byte[] chain = new byte[32];
        foreach (var row in rows)
        {
            Assert.Equal(ContentOf(stream, row.Offset), row.Content);
            Assert.Equal(SHA256.HashData(row.Content), row.Hash);
            chain = SHA256.HashData([.. chain, .. row.Hash]);
            Assert.Equal(chain, row.Chain);
        }

        Assert.Equal(chain, rows[^1].Head);
        Assert.Equal(Events, rows[^1].Next);
        Assert.Equal(rows.Select(row => row.Epoch).Order(), rows.Select(row => row.Epoch));
    }

    private static Task<OpenedStream> OpenAsync(PipelineHost replica, string stream) =>
        replica.Intake.OpenAsync("reader-1", stream, "instruments/reader-1", CancellationToken.None);

    private static Task<EventOutcome> SendAsync(PipelineHost replica, OpenedStream stream, long offset) =>
        replica.SendAsync(stream, offset, TestPlates.Whole($"{stream.StreamId}-{offset}", withLayout: false), ContentOf(stream.StreamId, offset));

    private static byte[] ContentOf(string stream, long offset) => Encoding.UTF8.GetBytes($"{stream} {offset}");

    private sealed record Sent(string Stream, long Offset, long Epoch, EventOutcomeKind Kind);
}

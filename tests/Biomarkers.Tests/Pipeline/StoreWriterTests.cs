using System.Threading.Channels;
using Biomarkers.Pipeline.Store;
using Biomarkers.Tests.Storage;
using Xunit;

namespace Biomarkers.Tests.Pipeline;

public abstract class StoreWriterTests : StoreContract
{
    [StoreFact]
    public async Task WriteAsync_OneOfAGroupFails_TheOthersAreKeptAndTheirKeysAreTheirOwn()
    {
        await using PipelineHost host = await StartAsync(analyze: false);
        Task<string>[] writes = [.. Enumerable.Range(0, 20).Select(n => host.Writer.WriteAsync(new InsertPlate($"P-{n}", Fails: n == 7), CancellationToken.None))];

        var failed = await Assert.ThrowsAsync<InvalidOperationException>(() => writes[7]);
        await Task.WhenAll(writes.Where((_, n) => n != 7));

        Assert.Equal("planned", failed.Message);
        for (int n = 0; n < 20; n++)
        {
            Assert.Equal(n != 7, await host.Store.Queries.GetPlateAsync($"P-{n}", CancellationToken.None) is not null);
        }

        // Keys that the failed transactions reserved were not durable: the next ones must not collide with kept ones.
        Assert.Equal("P-20", await host.Writer.WriteAsync(new InsertPlate("P-20", Fails: false), CancellationToken.None));
    }

    [StoreFact]
    public async Task WriteAsync_AfterComplete_IsRefused()
    {
        await using PipelineHost host = await StartAsync(analyze: false);

        host.Writer.Complete();

        await Assert.ThrowsAsync<ChannelClosedException>(() => host.Writer.WriteAsync(new InsertPlate("P-1", Fails: false), CancellationToken.None));
    }

    private sealed record InsertPlate(string Barcode, bool Fails) : IStoreWrite<string>
    {
        public async Task<string> ApplyAsync(WriteContext context, CancellationToken cancellationToken)
        {
            await context.Transaction.InsertPlateAsync(Barcode, context.Now, cancellationToken);
            return Fails ? throw new InvalidOperationException("planned") : Barcode;
        }
    }
}

[OnSqlite]
public sealed class SqliteStoreWriterTests : StoreWriterTests;

[OnPostgres]
public sealed class PostgresStoreWriterTests : StoreWriterTests;

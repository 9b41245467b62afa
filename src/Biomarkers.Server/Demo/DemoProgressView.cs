using Spectre.Console;

namespace Biomarkers.Server.Demo;

/// <summary>Shows how far a demo is: bars on a terminal, a line now and then without one.</summary>
internal static class DemoProgressView
{
    // Lines of a log, not of a terminal: one for each eighth of the way.
    private const int LinesWithoutTerminal = 8;

    public static async Task<T> ShowAsync<T>(IAnsiConsole console, Func<Action<DemoProgress>, Task<T>> work)
    {
        if (!console.Profile.Capabilities.Interactive || !console.Profile.Capabilities.Ansi)
        {
            return await work(Lines(console));
        }

        return await console.Progress().AutoClear(false).StartAsync(async context =>
        {
            ProgressTask sent = context.AddTask("plates acknowledged");
            ProgressTask analysed = context.AddTask("plates analysed");
            return await work(progress =>
            {
                sent.MaxValue = progress.Total;
                analysed.MaxValue = progress.Total;
                sent.Value = progress.Sent;
                analysed.Value = progress.Analysed;
            });
        });
    }

    private static Action<DemoProgress> Lines(IAnsiConsole console)
    {
        var gate = new Lock();
        int told = 0;
        return progress =>
        {
            lock (gate)
            {
                int step = progress.Analysed * LinesWithoutTerminal / progress.Total;
                if (step > told)
                {
                    told = step;
                    console.WriteLine($"{progress.Sent} of {progress.Total} plates acknowledged, {progress.Analysed} analysed");
                }
            }
        };
    }
}

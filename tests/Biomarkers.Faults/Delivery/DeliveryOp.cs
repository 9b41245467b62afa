using Biomarkers.Pipeline.Review;
using Biomarkers.Results.Review;

namespace Biomarkers.Faults.Delivery;

/// <summary>One thing that is done to a subscription or to what it delivers.</summary>
internal abstract record DeliveryOp
{
    /// <summary>Has the model do it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="answer">What the server answered; null where that was lost.</param>
    /// <param name="now">The server's clock.</param>
    /// <returns>How the answer differs; null where it does not.</returns>
    public abstract string? Apply(DeliveryModel model, DeliveryReply? answer, DateTimeOffset now);

    internal sealed record Pull(int Puller, int Limit) : DeliveryOp
    {
        public override string? Apply(DeliveryModel model, DeliveryReply? answer, DateTimeOffset now) => model.Pull(Limit, now, answer?.Delivered);
    }

    internal sealed record Answer(int Puller, AnswerKind Kind, IReadOnlyList<long> Ids, TimeSpan Time) : DeliveryOp
    {
        public override string? Apply(DeliveryModel model, DeliveryReply? answer, DateTimeOffset now) => model.Answer(Kind, Ids, Time, now, answer?.Refused);
    }

    internal sealed record Seek(DateTimeOffset? After) : DeliveryOp
    {
        public override string? Apply(DeliveryModel model, DeliveryReply? answer, DateTimeOffset now) => model.Seek(After, answer?.AgainCount);
    }

    internal sealed record Review(ReviewStep Step, IReadOnlyList<NamedVersion> Named) : DeliveryOp
    {
        public override string? Apply(DeliveryModel model, DeliveryReply? answer, DateTimeOffset now)
        {
            model.Release(answer?.Released ?? []);
            return answer?.Fault;
        }
    }
}

/// <summary>What the server answered; of each op the part that it has.</summary>
internal sealed record DeliveryReply
{
    public IReadOnlyList<DeliveredVersion> Delivered { get; init; } = [];

    /// <summary>Places of the deliveries that were refused.</summary>
    public IReadOnlyList<int> Refused { get; init; } = [];

    public int AgainCount { get; init; }

    public IReadOnlyList<ReleasedVersion> Released { get; init; } = [];

    /// <summary>What is wrong with the answer in itself.</summary>
    public string? Fault { get; init; }
}

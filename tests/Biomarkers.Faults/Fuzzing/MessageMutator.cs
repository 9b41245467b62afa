using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Biomarkers.Faults.Fuzzing;

/// <summary>Changes a message field by field, so that it stays one: extreme numbers, odd texts, more and fewer entries, other members of a oneof.</summary>
internal static class MessageMutator
{
    private const int MaximumEntries = 2000;
    private const int MaximumDepth = 6;

    private static readonly double[] Numbers = [0, -0.0, 1, -1, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, 1e308, 1e-300, 0.5, 96, 384];
    private static readonly long[] Integers = [0, 1, -1, 2, 95, 96, 97, 383, 384, 1535, 1536, 10_000, int.MaxValue, int.MinValue, long.MaxValue, long.MinValue];
    private static readonly string[] Texts =
    [
        "", " ", "a", "A1", "il-6", "il-6@1", "assays/il-6", "assays/il-6@0", "plates/P1", "a/b", "..", "-", "pg/mL", "mg/L", "NaN",
        "\0", "\u202E", "\ud83e\uddea", "i\u0307", "x\ny", "'; DROP TABLE plate; --",
    ];

    /// <summary>Changes one to four places of a message in place.</summary>
    public static void Mutate(IMessage message, Random random)
    {
        for (int left = 1 + random.Next(4); left > 0; left--)
        {
            MutateOne(message, random, 0);
        }
    }

    private static void MutateOne(IMessage message, Random random, int depth)
    {
        IList<FieldDescriptor> fields = message.Descriptor.Fields.InFieldNumberOrder();
        if (fields.Count == 0)
        {
            return;
        }

        FieldDescriptor field = fields[random.Next(fields.Count)];
        if (field.IsMap)
        {
            field.Accessor.Clear(message);
        }
        else if (field.IsRepeated)
        {
            MutateList((System.Collections.IList)field.Accessor.GetValue(message), field, random, depth);
        }
        else if (field.FieldType == FieldType.Message)
        {
            MutateChild(message, field, random, depth);
        }
        else
        {
            field.Accessor.SetValue(message, ValueOf(field, random));
        }
    }

    private static void MutateChild(IMessage message, FieldDescriptor field, Random random, int depth)
    {
        if (field.Accessor.GetValue(message) is not IMessage child)
        {
            child = field.MessageType.Parser.ParseFrom(ByteString.Empty);
            field.Accessor.SetValue(message, child);
        }

        if (random.Next(8) == 0)
        {
            field.Accessor.Clear(message);
        }
        else if (depth < MaximumDepth)
        {
            MutateOne(child, random, depth + 1);
        }
    }

    private static void MutateList(System.Collections.IList list, FieldDescriptor field, Random random, int depth)
    {
        switch (random.Next(6))
        {
            case 0 when list.Count > 0:
                list.RemoveAt(random.Next(list.Count));
                break;
            case 1 when list.Count is > 0 and < MaximumEntries / 2 && random.Next(20) == 0:
                foreach (object entry in list.Cast<object>().ToList())
                {
                    list.Add(Copy(entry));
                }

                break;
            case 2 when list.Count > 0:
                list.Add(Copy(list[random.Next(list.Count)]!));
                break;
            case 3 when random.Next(10) == 0:
                list.Clear();
                break;
            default:
                if (field.FieldType != FieldType.Message)
                {
                    Put(list, ValueOf(field, random), random);
                }
                else if (list.Count == 0 || random.Next(10) == 0)
                {
                    list.Add(field.MessageType.Parser.ParseFrom(ByteString.Empty));
                }
                else if (depth < MaximumDepth)
                {
                    MutateOne((IMessage)list[random.Next(list.Count)]!, random, depth + 1);
                }

                break;
        }
    }

    private static void Put(System.Collections.IList list, object value, Random random)
    {
        if (list.Count > 0 && random.Next(3) > 0)
        {
            list[random.Next(list.Count)] = value;
        }
        else if (list.Count < MaximumEntries)
        {
            list.Add(value);
        }
    }

    private static object Copy(object entry) => entry is IMessage message ? message.Descriptor.Parser.ParseFrom(message.ToByteString()) : entry;

    private static object ValueOf(FieldDescriptor field, Random random) => field.FieldType switch
    {
        FieldType.Double => random.Next(3) == 0 ? random.NextDouble() * 4 : Numbers[random.Next(Numbers.Length)],
        FieldType.Float => (float)Numbers[random.Next(Numbers.Length)],
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => unchecked((int)Integers[random.Next(Integers.Length)]),
        FieldType.UInt32 or FieldType.Fixed32 => unchecked((uint)Integers[random.Next(Integers.Length)]),
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => Integers[random.Next(Integers.Length)],
        FieldType.UInt64 or FieldType.Fixed64 => unchecked((ulong)Integers[random.Next(Integers.Length)]),
        FieldType.Bool => random.Next(2) == 0,
        FieldType.String => TextOf(random),
        FieldType.Bytes => ByteString.CopyFrom([.. Enumerable.Range(0, random.Next(40)).Select(_ => (byte)random.Next(256))]),
        FieldType.Enum => random.Next(5) == 0 ? unchecked((int)Integers[random.Next(Integers.Length)]) : field.EnumType.Values[random.Next(field.EnumType.Values.Count)].Number,
        _ => throw new InvalidOperationException($"Field {field.FullName} has the unexpected type {field.FieldType}."),
    };

    private static string TextOf(Random random) => random.Next(20) == 0 ? new string('x', random.Next(2000)) : Texts[random.Next(Texts.Length)];
}

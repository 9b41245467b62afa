using System.Text;

namespace Biomarkers.Immunoassay.Plates;

/// <summary>The bytes of a read as they are stored and hashed: version, barcode, format, kind, columns; little endian, texts as length and UTF-8.</summary>
/// <remarks>Positions are counted row by row. The layout of the bytes never changes under one version number: hashes rest on it.</remarks>
public static class PlateReadEncoding
{
    private const byte Version = 1;

    /// <summary>Writes a read.</summary>
    public static byte[] Encode(PlateRead read)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(Version);
        writer.Write(read.PlateBarcode);
        writer.Write((ushort)read.Format.WellCount);
        writer.Write((byte)read.ResponseKind);
        writer.Write((ushort)read.Columns.Count);
        foreach (ResponseColumn column in read.Columns)
        {
            WriteColumn(writer, column, read.Format);
        }

        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <exception cref="FormatException">The bytes are of another version or are damaged.</exception>
    public static PlateRead Decode(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        try
        {
            byte version = reader.ReadByte();
            if (version != Version)
            {
                throw new FormatException($"Expected version {Version} of an encoded plate read, got {version}.");
            }

            string barcode = reader.ReadString();
            int wellCount = reader.ReadUInt16();
            if (!PlateFormat.TryFromWellCount(wellCount, out PlateFormat? format))
            {
                throw new FormatException($"An encoded plate read names {wellCount} wells.");
            }

            var kind = (ResponseKind)reader.ReadByte();
            var columns = new ResponseColumn[reader.ReadUInt16()];
            for (int i = 0; i < columns.Length; i++)
            {
                columns[i] = ReadColumn(reader, format);
            }

            return PlateRead.Trusted(barcode, format, kind, columns);
        }
        catch (EndOfStreamException exception)
        {
            throw new FormatException("An encoded plate read ends too early.", exception);
        }
    }

    private static void WriteColumn(BinaryWriter writer, ResponseColumn column, PlateFormat format)
    {
        writer.Write(column.Analyte);
        writer.Write((byte)column.Purpose);
        writer.Write(column.WavelengthNm ?? 0);
        writer.Write((ushort)column.Positions.Count);
        foreach (WellPosition position in column.Positions)
        {
            writer.Write((ushort)format.IndexOf(position));
        }

        foreach (double response in column.Responses)
        {
            writer.Write(response);
        }

        writer.Write(column.BeadCounts.Count > 0);
        foreach (int count in column.BeadCounts)
        {
            writer.Write(count);
        }

        writer.Write((ushort)column.Exceptions.Count);
        foreach (WellException exception in column.Exceptions)
        {
            writer.Write((ushort)format.IndexOf(exception.Position));
            writer.Write((byte)exception.Status);
            writer.Write(exception.Token);
        }
    }

    private static ResponseColumn ReadColumn(BinaryReader reader, PlateFormat format)
    {
        string analyte = reader.ReadString();
        var purpose = (ColumnPurpose)reader.ReadByte();
        double wavelength = reader.ReadDouble();
        int count = reader.ReadUInt16();
        var positions = new WellPosition[count];
        for (int i = 0; i < count; i++)
        {
            positions[i] = format.WellAt(reader.ReadUInt16());
        }

        var responses = new double[count];
        for (int i = 0; i < count; i++)
        {
            responses[i] = reader.ReadDouble();
        }

        int[] beadCounts = reader.ReadBoolean() ? new int[count] : [];
        for (int i = 0; i < beadCounts.Length; i++)
        {
            beadCounts[i] = reader.ReadInt32();
        }

        var exceptions = new WellException[reader.ReadUInt16()];
        for (int i = 0; i < exceptions.Length; i++)
        {
            exceptions[i] = new WellException(format.WellAt(reader.ReadUInt16()), (WellStatus)reader.ReadByte(), reader.ReadString());
        }

        return new ResponseColumn(analyte, purpose, wavelength == 0 ? null : wavelength, positions, responses, beadCounts, exceptions);
    }
}

using Biomarkers.Immunoassay;

namespace Biomarkers.Server.Wire;

/// <summary>The faults of one message: those of its wire form, and those that the domain finds in what was made of it.</summary>
/// <remarks>A field that has no domain form gets a stand-in, so that the domain still checks everything beside it and all faults are told
/// together. What the domain says of a stand-in is dropped: the fault is told already.</remarks>
internal sealed class WireFaults
{
    private readonly List<Fault> faults = [];
    private readonly HashSet<string> told = [];

    /// <summary>Whether something is wrong.</summary>
    public bool Any => faults.Count > 0;

    /// <summary>The faults so far, for checks that add to a list.</summary>
    public List<Fault> List => faults;

    /// <summary>Adds a fault of the wire form; the field has a stand-in from now on.</summary>
    public void Add(string field, string reason, string description)
    {
        faults.Add(new Fault(field, reason, description));
        told.Add(field);
    }

    /// <summary>Adds what the domain found, less what is said of stand-ins.</summary>
    public void AddDomain(IEnumerable<Fault> found) => faults.AddRange(found.Where(fault => !IsTold(fault.Field)));

    /// <summary>All faults, their fields below a path.</summary>
    public List<Fault> Below(string path) => Below(path, faults);

    /// <summary>Faults with their fields below a path; an empty path changes nothing.</summary>
    public static List<Fault> Below(string path, IEnumerable<Fault> faults) =>
        path.Length == 0 ? [.. faults] : [.. faults.Select(fault => fault with { Field = fault.Field.Length == 0 ? path : $"{path}.{fault.Field}" })];

    private bool IsTold(string field)
    {
        if (told.Contains(field))
        {
            return true;
        }

        for (int i = field.Length - 1; i > 0; i--)
        {
            if (field[i] is '.' or '[' && told.Contains(field[..i]))
            {
                return true;
            }
        }

        return false;
    }
}

"""Reads released results as a LIMS would, and shares no code with what writes them. Usage: decode_results.py hl7|lis2|csv|json FILE. Each line of FILE
is a message as a JSON string; each line of the output is the JSON list of its results, each a flat record. Instants become microseconds and offset in
minutes, numbers of full precision the 16 hexadecimal digits of their bits. HL7 is taken apart by python-hl7 (Debian's python3-hl7)."""
import csv, datetime, io, json, re, struct, sys

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def instant(time):
    microseconds = (time - EPOCH) // datetime.timedelta(microseconds=1)
    return f"{microseconds}{time.utcoffset() // datetime.timedelta(minutes=1):+d}"


def iso(text):
    return instant(datetime.datetime.fromisoformat(text)) if text else ""


def stamp(text):
    form = "%Y%m%d%H%M%S.%f%z" if "." in text else "%Y%m%d%H%M%S%z"
    return instant(datetime.datetime.strptime(text, form)) if text else ""


def bits(number):
    return "" if number in (None, "") else struct.pack(">d", float(number)).hex()


NOTES = {"RESULT": "result_version", "STATUS": "status", "SUPERSEDES": "superseded", "REASON": "reason", "PLATE": "plate", "WELL-COUNT": "well_count", "WELLS": "wells",
         "DILUTION": "dilution", "LOWER": "lower", "UPPER": "upper", "CV": "cv_percent", "RESPONSE": "mean_response", "STUDY": "study", "VISIT": "visit",
         "TIMEPOINT": "timepoint", "ANTICOAGULANT": "anticoagulant", "HAEMOLYSIS": "haemolysis", "FASTING": "fasting", "FREEZE-THAW": "freeze_thaw", "RUN": "run",
         "METHOD": "assay", "METHOD-HASH": "method_hash", "SIGNED-BY": "signed_by", "SIGNED-TIME": "signed_time", "SIGNED-MEANING": "signed_meaning"}


def with_notes(record, notes):
    flags, lots, holds = [], [], []
    for code, text in notes:
        value = text.split(": ", 1)[1]
        if code == "FLAG":
            flags.append(value.split(" ", 1)[0])
        elif code == "LOT":
            lots.append("|".join(value.split(" ", 2)))
        elif code == "HOLD":
            time, reason = value.split(" ", 1)
            holds.append(f"{iso(time)} {reason}")
        elif code == "LEDGER":
            record["ledger_sequence"], record["ledger_hash"] = value.split(" ")
        else:
            name = NOTES[code]
            if record.setdefault(name, value) != value:
                raise ValueError(f"{name}: field {record[name]!r}, note {value!r}")
    if "flags" in record and record["flags"] != " ".join(flags):
        raise ValueError(f"flags {record['flags']} without their notes {flags}")
    record.update(lots="\x1f".join(lots), holds="\x1f".join(holds), signed_time=iso(record.get("signed_time")))
    record["haemolysis"], record["dilution"] = bits(record.get("haemolysis")), bits(record["dilution"])
    return record


def hl7_results(text):
    import hl7
    message = hl7.parse(text)

    def get(segment, field, repeat=1, component=1, number=1):
        return message.extract_field(segment, number, field, repeat, component)

    def alike(*values):
        if len(set(values)) != 1:
            raise ValueError(f"differ: {values}")
        return values[0]

    alike(str(message.segment("OBR")(4)), str(message.segment("OBX")(3)))
    has_loinc = get("OBX", 3, 1, 3) == "LN"
    kind = get("OBX", 2)
    flags = [get("OBX", 8, i + 1) for i in range(len(message.segment("OBX")(8)))] if get("OBX", 8) else []
    specimen_system = get("SPM", 4, 1, 3)
    has_subject = any(str(segment[0]) == "PID" for segment in message)
    notes = [(message.extract_field("NTE", i + 1, 4), message.extract_field("NTE", i + 1, 3)) for i in range(len(message.segments("NTE")))]
    return [with_notes({
        "control_id": get("MSH", 10), "message_time": stamp(get("MSH", 7)), "type": f"{get('MSH', 9)} {get('MSH', 9, 1, 2)} {get('MSH', 12)} {get('MSH', 18)}",
        "purpose": get("MSH", 11), "parties": "|".join(get("MSH", i) for i in (3, 4, 5, 6)),
        "result": alike(get("ORC", 3), get("OBR", 3)),
        "subject": get("PID", 3) if has_subject else "", **({"study": get("PID", 3, 1, 4)} if has_subject and get("PID", 3, 1, 4) else {}),
        "loinc": get("OBX", 3) if has_loinc else "", "analyte": get("OBX", 3, 1, 4 if has_loinc else 1), "name": get("OBX", 3, 1, 2),
        "kind": kind, "comparator": get("OBX", 5) if kind == "SN" else "", "value": get("OBX", 5, 1, 2) if kind == "SN" else get("OBX", 5),
        "unit": get("OBX", 6), "unit_system": get("OBX", 6, 1, 3),
        "standard_flags": " ".join(flag for flag in flags if "_" not in flag), "flags": " ".join(flag for flag in flags if "_" in flag),
        "status_codes": f"{get('OBX', 11)} {get('OBR', 25)}", "collected": stamp(alike(get("OBX", 14), get("OBR", 7), get("SPM", 17))),
        "measured": stamp(get("OBX", 19)), "reported": stamp(get("OBR", 22)), "received": stamp(get("SPM", 18)),
        "operator": get("OBX", 16), "assay": get("OBX", 17), "instrument": get("OBX", 18), "sample_id": get("SPM", 2),
        "specimen_code": get("SPM", 4) if specimen_system == "HL70487" else "",
        "specimen_type": get("SPM", 4, 1, 4) if specimen_system == "HL70487" else get("SPM", 4) if specimen_system == "99BIO" else "",
        **({"anticoagulant": get("SPM", 6)} if get("SPM", 6) else {}),
        **({"signed_by": get("OBX", 16, 2)} if len(message.segment("OBX")(16)) > 1 else {})}, notes)]


def lis2_results(text):
    def plain(part):
        names = {"F": "|", "S": "^", "R": "\\", "E": "&"}
        return re.sub("&(F|S|R|E|X[0-9A-F]{2})&", lambda found: names.get(found[1]) or chr(int(found[1][1:], 16)), part)

    records = [record.split("|") for record in text.split("\r")]
    header, results, current = records[0], [], None
    if header[:2] != ["H", "\\^&"] or records[-2] != ["L", "1", "N"] or records[-1] != [""]:
        raise ValueError("no LIS2-A2 message")

    def field(record, number, component=1):
        parts = (record[number - 1] if number <= len(record) else "").split("^")
        return plain(parts[component - 1]) if component <= len(parts) else ""

    for record in records[1:-2] + [["P"]]:
        if record[0] == "P":
            if current:
                results.append(with_notes(*current))
            current = ({"control_id": field(header, 3), "message_time": stamp(field(header, 14)), "purpose": field(header, 12), "type": field(header, 13),
                        "parties": "|".join(field(header, *place) for place in ((5, 1), (5, 2), (10, 1), (10, 2))), "subject": field(record, 3)}, [])
        elif record[0] == "O":
            current[0].update(sample_id=field(record, 3), plate=field(record, 4), collected=stamp(field(record, 8)), received=stamp(field(record, 15)),
                              specimen_type=field(record, 16), reported=stamp(field(record, 23)), run=field(record, 25))
        elif record[0] == "R":
            value = field(record, 4)
            comparator = value[:1] if value[:1] in ("<", ">") else ""
            flags = [plain(flag) for flag in record[6].split("\\") if flag]
            current[0].update(loinc=field(record, 3), name=field(record, 3, 2), analyte=field(record, 3, 4), comparator=comparator, value=value[len(comparator):],
                              unit=field(record, 5), flags=" ".join(flag for flag in flags if "_" in flag), standard_flags=" ".join(flag for flag in flags if "_" not in flag),
                              status_codes=field(record, 9), operator=field(record, 11), **({"signed_by": field(record, 11, 2)} if field(record, 11, 2) else {}),
                              measured=stamp(field(record, 13)), instrument=field(record, 14))
        elif record[0] == "C":
            current[1].append((field(record, 4), field(record, 4, 2)))
    return results


def of_lots(lots):
    return "\x1f".join(f"{lot['kind']}|{lot.get('expiryDate', '-')}|{lot['lotNumber']}" for lot in lots)


def of_holds(holds):
    return "\x1f".join(f"{iso(hold['placedTime'])} {hold['reason']}" for hold in holds)


def csv_results(text):
    results = []
    for row in csv.DictReader(io.StringIO(text, newline=""), strict=True):
        for name in ("dilution_factor", "concentration", "limit", "lower", "upper", "cv_percent", "mean_response", "haemolysis_index"):
            row[name] = bits(row[name])
        for name in [name for name in row if name.endswith("_time")]:
            row[name] = iso(row[name])
        row["lots"], row["holds"] = of_lots(json.loads(row["lots"] or "[]")), of_holds(json.loads(row["holds"] or "[]"))
        results.append(row)
    return results


def json_results(text):
    def flat(value, prefix=""):
        record = {}
        for name, part in value.items():
            if isinstance(part, dict):
                record.update(flat(part, f"{prefix}{name}."))
            elif name in ("lots", "holds"):
                record[name] = of_lots(part) if name == "lots" else of_holds(part)
            elif isinstance(part, list):
                record[prefix + name] = " ".join(part)
            elif isinstance(part, float):
                record[prefix + name] = bits(part)
            elif isinstance(part, bool) or name in ("version", "supersededVersion", "significantDigits", "freezeThawCount", "sequence"):
                record[prefix + name] = str(part).lower()
            elif isinstance(part, int):
                record[prefix + name] = bits(part)
            else:
                record[prefix + name] = iso(part) if prefix == "times." or name in ("time", "placedTime") else part
        return record

    return [flat(json.loads(line)) for line in text.removesuffix("\n").split("\n")]


if __name__ == "__main__":
    decode = {"hl7": hl7_results, "lis2": lis2_results, "csv": csv_results, "json": json_results}[sys.argv[1]]
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    with open(sys.argv[2], encoding="utf-8", newline="\n") as file:
        for line in file:
            print(json.dumps([{name: value for name, value in record.items() if value != ""} for record in decode(json.loads(line))], ensure_ascii=True))

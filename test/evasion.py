#!/usr/bin/env python3
"""Evasion: what hides must be found, what is honest must pass.

	REEVE=build/reeve test/evasion.py [-k FOLDER] [WORD...]
Makes mails that hide a payload in their MIME structure or in archives, and
innocent ones, lets one `reeve scan --json` look at all of them, and names
every construct that was missed. WORD: only cases with it in their name."""
import json
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
REEVE = os.environ.get("REEVE", os.path.join(HERE, "..", "build", "reeve"))


def gather():
    """(name, wanted codes, "" for none, None for any, bytes or their maker)"""
    out = []
    for module in ("mime", "archives", "more", "load", "innocent"):
        cases = __import__("evasion_" + module).cases
        out += [(module + "/" + c[0],) + tuple(c[1:]) for c in cases]
    names = [c[0] for c in out]
    assert len(set(names)) == len(names), [
        n for n in names if names.count(n) > 1]
    return out


def judge(wanted, told):
    """What is wrong with the answer, or nothing."""
    codes = {f["code"] for f in told["findings"]}
    if wanted is None:
        return None
    if wanted == "":
        if codes or told["incomplete"]:
            return "finds %s" % json.dumps(
                [told["findings"][:2], told["incomplete"]])
        return None if told["action"] == "deliver" else told["action"]
    for word in wanted.split():
        if not codes & set(word.split("|")):
            return "wants %s, has %s (%s)" % (
                word, " ".join(sorted(codes)) or "nothing", told["action"])
    return "passes" if told["action"] == "deliver" else None


def main():
    args = sys.argv[1:]
    keep = None
    if args[:1] == ["-k"]:
        keep, args = args[1], args[2:]
    cases = [c for c in gather() if not args or any(a in c[0] for a in args)]
    with tempfile.TemporaryDirectory(prefix="reeve-evasion-") as folder:
        folder = keep or folder
        os.makedirs(folder, exist_ok=True)
        paths = []
        for number, (name, _, data) in enumerate(cases):
            path = os.path.join(folder, "%04d.eml" % number)
            with open(path, "wb") as f:
                f.write(data() if callable(data) else data)
            paths.append(path)
        if keep:
            with open(os.path.join(folder, "names"), "w") as f:
                for path, c in zip(paths, cases):
                    f.write("%s %s\n" % (os.path.basename(path), c[0]))
        run = subprocess.run(
            [REEVE, "scan", "--json", "--from", "a@example.org", "--to",
             "b@example.net"] + paths, capture_output=True, timeout=300)
    lines = run.stdout.decode("utf-8").splitlines()
    bad = []
    if run.returncode not in (0, 1) or len(lines) != len(cases):
        bad.append("reeve ended with %d after %d of %d: %s" % (
            run.returncode, len(lines), len(cases), run.stderr[-2000:]))
    for (name, wanted, _), path, line in zip(cases, paths, lines):
        told = json.loads(line)
        assert told["file"] == path, told["file"]
        what = judge(wanted, told)
        if what:
            bad.append("%s: %s" % (name, what))
    print("\n".join(bad))
    print("%d constructs, %d wrong" % (len(cases), len(bad)))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""reeve check and reeve config on good, bad and odd configurations."""
import json
import os
import subprocess
import sys
import tempfile

REEVE = os.environ["REEVE"]
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
failures = 0


def ok(cond, what):
    global failures
    if not cond:
        failures += 1
        print("not ok: " + what)


def reeve(*args):
    return subprocess.run([REEVE, *args], capture_output=True, text=True,
                          timeout=60)


def main():
    top = tempfile.mkdtemp(prefix="reeve-config-")
    conf = os.path.join(top, "MailScanner.conf")

    def write(name, text, mode=0o600):
        path = os.path.join(top, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    base = ("%%etc-dir%% = %s/etc\ninclude %s/etc/MailScanner.conf\n"
            "MTA = spool\nIncoming Work Dir = %s\nQuarantine Dir = %s\n"
            "Lockfile Dir = %s\n" % (ROOT, ROOT, top, top, top))

    def check(text, *args):
        write("MailScanner.conf", text)
        done = reeve("check", "--json", "-c", conf, *args)
        return done.returncode, json.loads(done.stdout)

    def told(said, words, level=None, line=None):
        return any(words in p["text"] and level in (None, p["level"]) and
                   line in (None, p["line"]) for p in said["problems"])

    # The default configuration can be used; everything it names is there.
    code, said = check(base)
    ok(code in (0, 1) and said["usable"], "the default can be used: %s" % said)
    ok(said["errors"] == 0, "no errors in the default")
    ok([s for s in said["scanners"] if s["scanner"] == "yara" and s["ok"]],
       "yara works")

    # Mistakes, with their lines (six lines stand in front).
    code, said = check(base + "Maximun Archive Depth = 3\nMax Children = many\n")
    ok(code == 2 and not said["usable"], "a wrong number is an error")
    ok(told(said, "no option is called", "warning", 7), "unknown option")
    ok(any("Maximum Archive Depth" in p["hint"] for p in said["problems"]),
       "the nearest name")
    ok(told(said, "is no number", "error", 8), "wrong number")

    # Files that options and rules name.
    rules = write("report.rules", "From: a@b %s/none.txt\n"
                  "FromOrTo: default %s/etc/reports/en/inline.sig.txt\n"
                  % (top, ROOT))
    code, said = check(base + "Inline Text Warning = %s\n" % rules)
    ok(code == 2 and any(p["file"].endswith("report.rules") and
                         p["line"] == 1 for p in said["problems"]),
       "a missing file in a rule: %s" % said["problems"])
    bad = write("names.conf", "deny\t(\tbad\tbad\nnonsense\n")
    code, said = check(base + "Filename Rules = %s\n" % bad)
    ok(code == 2 and told(said, "fails at offset", "error", 1) and
       told(said, "no rule", "error", 2), "rules that do not compile")
    yara = write("bad.yar", "rule x { condition: nonsense }\n")
    code, said = check(base + "Yara Rules File = %s\n" % yara)
    ok(code != 0 and any(not s["ok"] for s in said["scanners"]),
       "YARA rules that do not compile")
    code, said = check(base + "Virus Scanners = generic\n"
                       "Virus Scanner Definitions = %s\n" %
                       write("scanners.conf", "generic /nonexistent/w /\n"))
    ok(code != 0 and any(not s["ok"] for s in said["scanners"]),
       "a scanner that is not there")

    # Who may write, and what is not carried out.
    write("open.conf", "Max Children = 3\n", 0o666)
    code, said = check(base + "include %s/open.conf\n" % top)
    ok(code == 1 and told(said, "everybody may write", "warning"),
       "a file that everybody may write")
    code, said = check(base + "DB DSN = dbi:x\n")
    ok(code == 1 and any(n["option"] == "DB DSN" and n["instead"] and
                         n["line"] == 7 for n in said["not_carried_out"]),
       "options not carried out")
    done = reeve("check", "-c", conf)
    ok(done.returncode == 1 and "not carried out" in done.stdout and
       "\033" not in done.stdout, "the same for people")
    done = reeve("check", "-c", os.path.join(top, "nowhere.conf"))
    ok(done.returncode == 2 and "nowhere.conf" in done.stderr,
       "no such file")

    # Questions.
    size = write("size.rules", "From: big.example 10m\nTo: *@small.example and "
                 "From: 192.0.2. 5k\nFromOrTo: default 1m\n")
    write("MailScanner.conf", base + "Maximum Message Size = %s\n"
          "Virus Scanning = no\n" % size)

    def get(*args):
        return reeve("config", "get", "-c", conf, *args)

    ok(get("maximum message size").stdout == "1m\n", "default rule")
    ok(get("Maximum Message Size", "--from", "x@big.example").stdout ==
       "10m\n", "a rule on the sender")
    done = get("Maximum Message Size", "--to", "y@small.example",
               "--ip=192.0.2.7", "--explain")
    ok("= 5k" in done.stdout and "size.rules:2" in done.stdout,
       "which rule decides: " + done.stdout)
    said = json.loads(get("Maximum Message Size", "--from", "x@big.example",
                          "--json").stdout)
    ok(said["value"] == "10m" and said["rules"][0]["line"] == 1 and
       said["line"] == 7 and said["ruleset"], "the same as JSON")
    ok(get("Virus Scanning").stdout == "no\n", "words as one writes them")
    done = get("Virus Scaning")
    ok(done.returncode == 1 and "Virus Scanning" in done.stderr, "nearest")
    done = reeve("config", "diff", "-c", conf)
    ok("Virus Scanning = no" in done.stdout and
       "Max Children" not in done.stdout, "diff")
    ok(reeve("config", "show", "-c", conf, "virus scanning").stdout ==
       "Virus Scanning = no\n", "show")
    ok(len(reeve("config", "list").stdout.splitlines()) >= 421, "list")
    ok("number" in reeve("config", "help", "max children").stdout, "help")
    ok(reeve("config").returncode == 64, "called wrongly")

    # The switches of MailScanner.
    done = reeve("--value=Maximum Message Size", "--from=X@big.example",
                 "--to=y@z", conf)
    ok('Looked up internal option name "maxmessagesize"' in done.stderr and
       "  recipient = y@z" in done.stderr and 'Result is "10m"' in done.stderr,
       "--value: " + done.stderr)
    done = reeve("--value=Virus Scanning", conf)
    ok('Result is "0"' in done.stderr and "0=No 1=Yes" in done.stderr,
       "--value of a word")
    ok("RULESET:Default=" in reeve("--changed", conf).stdout, "--changed")
    ok(reeve("--lint", conf).returncode in (0, 1), "--lint")

    for name in os.listdir(top):
        os.unlink(os.path.join(top, name))
    os.rmdir(top)
    return 1 if failures else 0


sys.exit(main())

"""The classic: qf and df files of sendmail go from the incoming directory to
the outgoing one, through the checks; what is not ready stays where it is."""
import os
import re
import time

import common
import lab
import samples

KINDS = {name: data for name, _, data in samples.messages()}


def put(folder, ident, raw, ready=True):
    """As sendmail leaves them: the body first, the envelope last."""
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    fields = re.split(rb"\n(?![ \t])", head)
    qf = (b"V8\nT%d\nK0\nN0\nP30000\nF8\n$_[192.0.2.1]\n$rESMTP\n"
          b"$sexample.org\nS<ann@example.org>\nrRFC822; bob@example.net\n"
          b"RPFD:<bob@example.net>\n" % time.time())
    qf += b"".join(b"H??" + f + b"\n" for f in fields) + b".\n"
    with open(os.path.join(folder, "df" + ident), "wb") as f:
        f.write(body)
    temporary = os.path.join(folder, "tf" + ident)
    with open(temporary, "wb") as f:
        f.write(qf if ready else qf[:len(qf) // 2])
    if ready:
        os.rename(temporary, os.path.join(folder, "qf" + ident))


def names(folder, prefix):
    return sorted(n for n in os.listdir(folder) if n.startswith(prefix))


def through():
    with common.house("sendmail", lab.SENDMAIL) as h:
        came, out = h.var + "/mqueue.in", h.var + "/mqueue"
        kinds = ["clean-text", "clean-html", "clean-pdf", "eicar", "exe"]
        ids = {k: "AAA%05d004242" % n for n, k in enumerate(kinds)}
        for kind, ident in ids.items():
            put(came, ident, KINDS[kind])
        put(came, "AAA99999004242", KINDS["clean-text"], ready=False)
        stories = {k: h.wait_story(i) for k, i in ids.items()}
        common.wait(lambda: not names(came, "qf"), 15, "an empty queue")
        for kind in kinds[:3]:
            common.same(stories[kind]["action"], "deliver", kind)
            ident = ids[kind]
            common.check("qf" + ident in names(out, "qf"), kind, names(out, ""))
            with open("%s/df%s" % (out, ident), "rb") as f:
                common.same(f.read(), KINDS[kind].replace(
                    b"\r\n", b"\n").partition(b"\n\n")[2], kind + ": body")
            with open("%s/qf%s" % (out, ident), "rb") as f:
                qf = f.read()
            for text in (b"S<ann@example.org>\n", b"RPFD:<bob@example.net>\n",
                         b"X-reeve-MailScanner: Found to be clean"):
                common.check(text in qf, kind, "qf lacks", text, qf)
        for kind in kinds[3:]:
            common.check(stories[kind]["infected"], kind)
            for path in lab.files_below(out):
                with open(path, "rb") as f:
                    data = f.read()
                common.check(samples.EICAR not in data and samples.b64(
                    samples.EXE).replace(b"\r\n", b"\n")[:60] not in data,
                    kind, "went on in", path)
        # Half written: not ours yet.
        common.same((names(came, "tf"), names(came, "df")),
                    (["tfAAA99999004242"], ["dfAAA99999004242"]), "left")


common.run(through)

"""A message that takes its worker down every time ends whole in the
quarantine; the others flow on. The crafted mail needs more memory than
Message Memory Limit gives; a second kind needs more time than there is."""
import base64

import common

MARK = b"X-Poison: yes\r\n"


def hungry():
    """Eight megabytes once they are decoded: more than the least budget."""
    body = base64.encodebytes(bytes(8 << 20)).replace(b"\n", b"\r\n")
    return (b"From: ann@example.org\r\nTo: bob@example.net\r\n" + MARK +
            b"Subject: hungry\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: application/octet-stream\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + body)


def poison_is_kept():
    with common.house("poison", extra="Message Memory Limit = 4m\n"
                      "Maximum Processing Attempts = 3\n") as h:
        bad = hungry()
        ident = h.send(bad)
        others = [h.send(common.numbered(n)) for n in range(30)]
        story = h.wait_story(ident, 30)
        for number in range(30):
            h.wait_story(others[number])
        h.wait_empty()
        found = common.count_numbers(h)
        common.same([n for n in range(30) if found[n] != 1], [],
                    "other messages not delivered exactly once")
        common.same(h.mail_with(MARK), [], "poison in a mailbox")
        kept = h.kept_with(MARK)
        common.same(len(kept), 1, "copies in the quarantine")
        with open(h.kept()[kept[0]], "rb") as f:
            # Behind the Received line that the receiver puts in front.
            common.check(f.read().replace(b"\r\n", b"\n").endswith(
                bad.replace(b"\r\n", b"\n")), "the kept message is not whole")
        common.same(story["action"], "quarantine", "action")
        common.check(story["incomplete"], "the history names no reason")
        log = h.log()
        common.check("Message Memory Limit" in log, "the log names no limit")
        common.same(log.count("its worker died in attempt"), 3,
                    "attempts in the log")
        status = h.status()["mail"]
        common.same((status["poison"], status["deaths"]), (1, 3),
                    "poison and deaths in the status")
        text = h.run("explain", "-c", h.conf, ident).stdout
        common.check(ident in text and "quarantine" in text, "explain:", text)


common.run(poison_is_kept)

"""SIGHUP takes over a good configuration while mail flows; a bad one leaves
the old in force and is named with file and line."""
import os
import signal
import time

import common


def header(h, number):
    """The message as it was delivered."""
    return common.wait(lambda: h.mail_with(b"X-Number: %d\n" % number), 15,
                       "message %d" % number)[0]


def generation(h):
    status = h.status()
    return status["generation"] if status else 0


def good_bad_good():
    with common.house("reload", extra="Information Header Value = one\n") as h:
        h.send(common.numbered(1))
        common.check(b"one" in header(h, 1), "first value")
        old = set(h.children())
        h.reconfigure("Information Header Value = two\n")
        h.signal(signal.SIGHUP)
        h.wait_log("the new configuration is in force (generation 2)")
        common.wait(lambda: generation(h) == 2, 10, "generation 2")
        h.send(common.numbered(2))
        common.check(b": two\n" in header(h, 2), "second value")
        common.wait(lambda: not old & set(h.children()), 15,
                    "the old processes to end")
        # A value that cannot be, on a line of its own.
        with open(h.conf) as f:
            line = f.read().count("\n") + 1
        with open(h.conf, "a") as f:
            f.write("Run As User = no-such-user-here\n")
        h.signal(signal.SIGHUP)
        h.wait_log("the old one stays in force")
        common.check("no-such-user-here" in h.log(), "what is wrong")
        h.send(common.numbered(3))
        common.check(b": two\n" in header(h, 3), "the old value")
        common.same(generation(h), 2, "generation")
        del line
        # A file that is named and not there.
        h.reconfigure("Information Header Value = three\n"
                      "Filename Rules = %s/no.rules.conf\n" % h.var)
        before = h.log().count("the old one stays in force")
        h.signal(signal.SIGHUP)
        common.wait(lambda: h.log().count("the old one stays in force") >
                    before, 15, "the second refusal")
        common.check("no.rules.conf" in h.log(), "the missing file's name")
        common.wait(lambda: generation(h) == 2, 10, "generation 2")
        h.send(common.numbered(4))
        common.check(b": two\n" in header(h, 4), "the old value")
        # And two in a row: the second is not forgotten.
        h.reconfigure("Information Header Value = four\n")
        h.signal(signal.SIGHUP)
        time.sleep(0.01)
        h.reconfigure("Information Header Value = five\n")
        h.signal(signal.SIGHUP)

        def five():
            number = five.n = five.n + 1
            try:
                h.send(common.numbered(number))
            except OSError:  # the listener changes hands
                return False
            return b": five\n" in header(h, number)
        five.n = 10
        common.wait(five, 30, "the fifth value")


def broken_line_is_named():
    with common.house("reload-line") as h:
        with open(h.conf, "a") as f:
            f.write("this is not an option at all\n")
        with open(h.conf) as f:
            line = f.read().count("\n")
        h.signal(signal.SIGHUP)
        place = "%s:%d" % (os.path.basename(h.conf), line)
        h.wait_log(place)
        h.send(common.numbered(1))
        header(h, 1)


def asked_while_starting():
    """A SIGHUP that comes before the first processes are ready counts."""
    with common.house("reload-early", start=False,
                      extra="Information Header Value = one\n") as h:
        h.start()
        common.wait(lambda: h.children(), 10, "the first child")
        h.reconfigure("Information Header Value = two\n")
        h.signal(signal.SIGHUP)
        common.check(h.wait_ready(20), h.log())
        common.wait(lambda: generation(h) == 2, 15, "generation 2")
        h.send(common.numbered(1))
        common.check(b": two\n" in header(h, 1), "the new value")


def mail_flows_meanwhile():
    with common.house("reload-flow") as h:
        sent = 0
        for turn in range(4):
            h.reconfigure("Information Header Value = turn%d\n" % turn)
            h.signal(signal.SIGHUP)
            until = time.monotonic() + 1
            while time.monotonic() < until:
                try:
                    h.send(common.numbered(sent))
                    sent += 1
                except OSError:
                    time.sleep(0.01)
        h.wait_empty()
        found = common.count_numbers(h)
        common.same([n for n in range(sent) if found[n] != 1], [],
                    "not delivered exactly once of %d" % sent)


common.run(good_bad_good, broken_line_is_named, asked_while_starting,
           mail_flows_meanwhile)

"""The real Postfix on both sides: content_filter and smtpd_proxy_filter into
Reeve, Reeve's Delivery Route back into a second listener, a Maildir behind it.
Postfix runs privately below a temporary folder, on loopback ports."""
import email
import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import time

import common

MASTER = """
127.0.0.1:{inp} inet n - n - - smtpd
    -o content_filter=smtp:[127.0.0.1]:{reeve}
127.0.0.1:{proxy} inet n - n - - smtpd
    -o smtpd_proxy_filter=127.0.0.1:{reeve}
127.0.0.1:{back} inet n - n - - smtpd
    -o receive_override_options=no_unknown_recipient_checks
    -o smtpd_authorized_xforward_hosts=127.0.0.0/8
    -o smtpd_recipient_restrictions=check_recipient_access,inline:{{no@example.net=REJECT}},permit_mynetworks,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

MAIN = """
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
meta_directory = /etc/postfix
command_directory = /usr/sbin
maillog_file = {dir}/log
maillog_file_prefixes = {dir}
mail_owner = postfix
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
myhostname = mta.example.org
mydestination =
alias_maps =
local_recipient_maps =
smtpd_recipient_restrictions = permit_mynetworks, reject
virtual_mailbox_domains = example.net
virtual_mailbox_base = {dir}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_mailbox_limit = 0
minimal_backoff_time = 2s
maximal_backoff_time = 2s
queue_run_delay = 2s
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
"""


def free_ports(n):
    held = [socket.socket() for _ in range(n)]
    for s in held:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


class Postfix:
    def __init__(self, base, reeve_port, ports):
        self.dir = os.path.join(base, "pf")
        self.inp, self.proxy, self.back = ports
        nobody = pwd.getpwnam("nobody")
        for name in ("etc", "queue", "data", "mail"):
            os.makedirs(os.path.join(self.dir, name), mode=0o755)
        shutil.chown(os.path.join(self.dir, "data"), "postfix")
        shutil.chown(os.path.join(self.dir, "mail"), "nobody")
        with open(os.path.join(self.dir, "etc", "main.cf"), "w") as f:
            f.write(MAIN.format(dir=self.dir, uid=nobody.pw_uid,
                                gid=nobody.pw_gid))
        with open(os.path.join(self.dir, "etc", "master.cf"), "w") as f:
            f.write(MASTER.format(inp=self.inp, proxy=self.proxy,
                                  back=self.back, reeve=reeve_port))

    def command(self, *args):
        return subprocess.run(args, capture_output=True, text=True, timeout=60)

    def start(self):
        done = self.command("postfix", "-c", os.path.join(self.dir, "etc"),
                            "start")
        common.check(done.returncode == 0, "postfix start:", done.stdout,
                     done.stderr, self.log())
        common.wait(lambda: self.answers(self.back), 20, "Postfix to listen")

    def answers(self, port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    def stop(self):
        self.command("postfix", "-c", os.path.join(self.dir, "etc"), "abort")

    def flush(self):
        self.command("postqueue", "-c", os.path.join(self.dir, "etc"), "-f")

    def log(self):
        try:
            with open(os.path.join(self.dir, "log"), errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def mails(self):
        new = os.path.join(self.dir, "mail", "all", "new")
        out = []
        for name in os.listdir(new) if os.path.isdir(new) else []:
            with open(os.path.join(new, name), "rb") as f:
                out.append(f.read())
        return out

    def mails_with(self, mark):
        return [m for m in self.mails() if mark in m]

    def send(self, port, data, to=("bob@example.net",)):
        smtp = smtplib.SMTP("127.0.0.1", port, timeout=30,
                            local_hostname="client.example.org")
        refused = smtp.sendmail("ann@example.net", list(to), data)
        smtp.quit()
        common.same(refused, {}, "refused recipients")


def text(mark):
    return (b"From: ann@example.net\r\nTo: bob@example.net\r\n"
            b"Subject: " + mark + b"\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: text/plain; charset=utf-8\r\n"
            b"Content-Transfer-Encoding: 8bit\r\n\r\n"
            b"mark " + mark + b"\r\n.\r\n..\r\n\xc3\xbc\r\n")


def eicar(mark):
    body = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-" \
        b"TEST-FILE!$H+H*"
    return (b"From: ann@example.net\r\nSubject: " + mark + b"\r\n"
            b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream;"
            b" name=eicar.bin\r\n\r\n" + body + b"\r\n")


def go_through(pf, h, port, name):
    """Clean mail once and whole, a virus never, through one of the ways."""
    count = 20
    for n in range(count):
        pf.send(port, text(b"%s-%d." % (name, n)))
    pf.send(port, eicar(name + b"-eicar."))
    for n in range(count):
        mark = b"mark %s-%d." % (name, n)
        got = common.wait(lambda m=mark: pf.mails_with(m), 60, lambda:
                          "mail %r\n%s" % (mark, pf.log()[-3000:]))
        common.same(len(got), 1, "copies")
        common.check(got[0].endswith(b"\n.\n..\n\xc3\xbc\n"), "text changed",
                     got[0])
        head = email.message_from_bytes(got[0])
        common.check(any("(Reeve)" in r for r in head.get_all("Received")),
                     "no Received of Reeve")
        common.check("MailScanner" in " ".join(head.keys()), "not examined:",
                     head.keys())
    h.wait_empty(30)
    time.sleep(0.5)
    common.check(not pf.mails_with(b"EICAR-STANDARD"), "the virus came through")
    common.check(h.kept_with(b"EICAR-STANDARD"), "the virus is not kept")
    for n in range(count):
        common.same(len(pf.mails_with(b"mark %s-%d." % (name, n))), 1,
                    "copies in the end")


def refused_comes_back(pf):
    """The listener behind Reeve refuses one of two recipients."""
    pf.send(pf.inp, text(b"half."), to=("no@example.net", "bob@example.net"))
    dsn = common.wait(lambda: pf.mails_with(b"Action: failed"), 30,
                      lambda: "the bounce\n" + pf.log()[-3000:])
    common.same(len(dsn), 1, "bounces")
    common.check(b"Final-Recipient: rfc822; no@example.net" in dsn[0], dsn[0])
    common.check(dsn[0].startswith(b"Return-Path: <>\n"), dsn[0][:60])
    common.wait(lambda: pf.mails_with(b"mark half."), 30, "the other one")


def reeve_is_away(pf, h):
    """Postfix keeps what it cannot hand over; nothing comes twice."""
    common.same(h.stop(40), 0, "status of the daemon")
    pf.send(pf.inp, text(b"away."))
    common.wait(lambda: "Connection refused" in pf.log(), 20, "Postfix to try")
    h.start()
    common.check(h.wait_ready(20), "second start")
    pf.flush()
    common.wait(lambda: pf.mails_with(b"mark away."), 60,
                lambda: "the mail\n" + pf.log()[-3000:])
    time.sleep(0.5)
    common.same(len(pf.mails_with(b"mark away.")), 1, "copies")


def postfix_on_both_sides():
    ports = free_ports(3)
    with common.house("postfix", extra="Delivery Route = smtp:127.0.0.1:%d\n"
                      "Delivery Retry Times = 2" % ports[2]) as h:
        pf = Postfix(h.var, h.port, ports)
        try:
            pf.start()
            go_through(pf, h, pf.inp, b"filter")
            go_through(pf, h, pf.proxy, b"proxy")
            refused_comes_back(pf)
            reeve_is_away(pf, h)
        finally:
            pf.stop()


if os.geteuid() != 0:
    common.skip("Postfix needs root")
if not shutil.which("postfix"):
    common.skip("there is no Postfix")
common.run(postfix_on_both_sides)

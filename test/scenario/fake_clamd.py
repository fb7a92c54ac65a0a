"""A clamd on a unix socket that behaves as it is told: `mode` is one of ok,
hang, garbage, close, error. It knows EICAR only."""
import os
import socket
import threading

MARK = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"


class FakeClamd:
    def __init__(self, path, mode="ok"):
        self.path, self.mode, self.asked = path, mode, 0
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.socket.listen(50)
        self.ended = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        self.ended.set()
        self.socket.close()
        os.unlink(self.path)

    def serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.session, args=(peer,),
                             daemon=True).start()

    def session(self, peer):
        self.buf, fds = b"", []
        data, number = b"", 0

        def more():
            nonlocal data
            got, new, _, _ = socket.recv_fds(peer, 65536, 8)
            fds.extend(new)
            if not got:
                raise EOFError
            data += got

        def take(n):
            nonlocal data
            while len(data) < n:
                more()
            out, data = data[:n], data[n:]
            return out

        def word():
            nonlocal data
            while b"\0" not in data:
                more()
            out, _, data = data.partition(b"\0")
            return out

        try:
            while True:
                w = word()
                if w in (b"zIDSESSION", b"zEND"):
                    continue
                number += 1
                self.asked += 1
                if w == b"zINSTREAM":
                    what, content = b"stream", b""
                    while n := int.from_bytes(take(4), "big"):
                        content += take(n)
                elif w == b"zFILDES":
                    take(1)
                    fd = fds.pop(0)
                    what = b"fd[%d]" % fd
                    with os.fdopen(fd, "rb") as f:
                        f.seek(0)
                        content = f.read()
                elif w in (b"zPING", b"zVERSION"):
                    peer.sendall(b"%d: PONG\0" % number)
                    continue
                else:
                    peer.sendall(b"%d: UNKNOWN COMMAND\0" % number)
                    continue
                if not self.reply(peer, number, what, content):
                    return
        except (EOFError, OSError):
            pass
        finally:
            for fd in fds:
                os.close(fd)
            peer.close()

    def reply(self, peer, number, what, content):
        if self.mode == "hang":
            self.ended.wait(30)
            return False
        if self.mode == "close":
            return False
        if self.mode == "garbage":
            peer.sendall(b"%d: everything is fine, believe me\0" % number)
        elif self.mode == "error":
            peer.sendall(b"%d: %s: Can't allocate memory ERROR\0" % (
                number, what))
        elif MARK in content:
            peer.sendall(b"%d: %s: Eicar-Signature FOUND\0" % (number, what))
        else:
            peer.sendall(b"%d: %s: OK\0" % (number, what))
        return True

"""Recomputes the golden vectors of the agent protocol from the specification alone, in another language.

Run: python3 prove/protocol/vectors.py
The HMAC, HKDF and transcript parts need the standard library only; X25519 and AES-GCM are checked where the `cryptography`
package is installed. Prints one line per check and exits with 1 if any of them fails.
"""

import hashlib
import hmac
import json
import pathlib
import struct
import sys

try:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:
    X25519PrivateKey = X25519PublicKey = AESGCM = None

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "packages" / "core" / "docs" / "vectors"
passed = failed = 0


def check(name, actual, expected):
    global passed, failed
    ok = actual == expected
    passed, failed = passed + ok, failed + (not ok)
    print(f"{'ok  ' if ok else 'FAIL'} {name}")


def load(name):
    return json.loads((VECTORS / name).read_text())


def hkdf(ikm, salt, info):
    """RFC 5869 for one block of 32 bytes."""
    prk = hmac.new(salt, ikm, hashlib.sha256).digest()
    return hmac.new(prk, info + b"\x01", hashlib.sha256).digest()


def split(message):
    """kind, clear, sealed, proof"""
    size = struct.unpack_from(">I", message, 1)[0]
    clear, rest = message[5 : 5 + size], message[5 + size :]
    size = struct.unpack_from(">I", rest)[0]
    return message[0], clear, rest[4 : 4 + size], rest[4 + size :]


class Transcript:
    def __init__(self):
        self.hash = hashlib.sha256(b"hatchery/1 transcript")

    def add(self, part):
        self.hash.update(struct.pack(">I", len(part)) + part)
        return self.hash.copy().digest()


def handshake(name, vector):
    secret = bytes.fromhex(vector["secret"])
    shared = bytes.fromhex(vector["sharedSecret"])
    if X25519PrivateKey:
        panel = X25519PrivateKey.from_private_bytes(bytes.fromhex(vector["panel"]["privateKey"]))
        agent_public = X25519PublicKey.from_public_bytes(bytes.fromhex(vector["agent"]["publicKey"]))
        check(f"{name}: X25519", panel.exchange(agent_public), shared)
    ikm = secret + shared
    challenge = bytes.fromhex(vector["messages"]["challenge"])
    transcript = Transcript()
    check(f"{name}: transcript after the challenge", transcript.add(challenge[1:]).hex(), vector["transcript"]["challenge"])
    for part, kind, role, plain in (("proof", 2, "agent", "agentHello"), ("answer", 3, "panel", "panelOutcome")):
        actual_kind, clear, sealed, proof = split(bytes.fromhex(vector["messages"][part]))
        check(f"{name}: {part} has kind {kind}", actual_kind, kind)
        salt = transcript.add(clear)
        check(f"{name}: transcript after the clear {part}", salt.hex(), vector["transcript"][f"{part}Clear"])
        key = hkdf(ikm, salt, f"hatchery/1 {role} hello".encode())
        check(f"{name}: seal key of the {role}", key.hex(), vector["sealKeys"][f"{role}Hello"])
        if AESGCM:
            opened = AESGCM(key).decrypt(bytes(12), sealed, salt)
            check(f"{name}: sealed part of the {role}", opened.decode(), vector["sealed"][plain])
        digest = transcript.add(sealed)
        mac = hmac.new(secret, f"hatchery/1 {role} proof".encode() + digest, hashlib.sha256).digest()
        check(f"{name}: proof of the {role}", mac, proof)
        check(f"{name}: transcript after the {part}", transcript.add(proof).hex(), vector["transcript"][part])
    salt = transcript.hash.digest()
    labels = {"agentToPanel": b"agent to panel", "panelToAgent": b"panel to agent", "data": b"data sockets"}
    for key, label in labels.items():
        check(f"{name}: key {key}", hkdf(ikm, salt, b"hatchery/1 " + label).hex(), vector["keys"][key])


def seal(key, counter, flags, message, payload):
    head = struct.pack(">BBHI", 0x10, flags, 0, message)
    return head + AESGCM(key).encrypt(bytes(4) + struct.pack(">Q", counter), payload, head)


def frames(vector):
    key = bytes.fromhex(vector["key"])
    for frame in vector["frames"]:
        sealed = seal(key, frame["counter"], frame["flags"], frame["message"], bytes.fromhex(frame["payload"]))
        check(f"frame {frame['counter']}", sealed.hex(), frame["frame"])
    for frame in vector["fragments"]:
        payload = bytes.fromhex(frame["payload"]) if "payload" in frame else bytes([frame["payloadByte"]]) * frame["payloadBytes"]
        sealed = seal(key, frame["counter"], frame["flags"], frame["message"], payload)
        check(f"fragment {frame['counter']}", hashlib.sha256(sealed).hexdigest(), frame["frameSha256"])


def data_socket(vector):
    root, ticket = bytes.fromhex(vector["root"]), bytes.fromhex(vector["ticket"])
    agent, panel = bytes.fromhex(vector["agentNonce"]), bytes.fromhex(vector["panelNonce"])
    key = hkdf(root, ticket, b"hatchery/1 data ticket")
    proof = hmac.new(key, b"hatchery/1 data open" + ticket + agent, hashlib.sha256).digest()
    check("data socket: open", (b"\x04" + ticket + agent + proof).hex(), vector["open"])
    proof = hmac.new(key, b"hatchery/1 data accept" + ticket + agent + panel, hashlib.sha256).digest()
    check("data socket: accept", (b"\x05" + panel + proof).hex(), vector["accept"])
    for name, label in (("agentToPanel", b"agent to panel"), ("panelToAgent", b"panel to agent")):
        check(f"data socket: key {name}", hkdf(key, ticket + agent + panel, b"hatchery/1 " + label).hex(), vector["keys"][name])


handshakes = load("handshake.json")
handshake("accepted", handshakes["accepted"])
handshake("refused", handshakes["refused"])
data_socket(load("data-socket.json"))
if AESGCM:
    frames(load("frames.json"))
else:
    print("skipped: X25519 and AES-GCM (the Python package `cryptography` is not installed)")
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)

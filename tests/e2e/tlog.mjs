// Reads, checks and forges transparency logs (c2sp.org/tlog-tiles), written from the
// specification alone: what a stranger would hold against our ledger.
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const sha256 = (...parts) => {
    const hash = createHash('sha256');
    parts.forEach((part) => hash.update(part));
    return hash.digest();
};
const leaf = (entry) => sha256(Buffer.from([0]), entry);
const node = (a, b) => sha256(Buffer.from([1]), a, b);

// RFC 6962, section 2.1: the largest power of two below n splits the tree.
export function root(leaves) {
    if (leaves.length === 0) {
        return sha256('');
    }
    if (leaves.length === 1) {
        return leaves[0];
    }
    let k = 1;
    while (k * 2 < leaves.length) {
        k *= 2;
    }
    return node(root(leaves.slice(0, k)), root(leaves.slice(k)));
}

function tileName(n) {
    const groups = [];
    let rest = n;
    do {
        groups.unshift(String(rest % 1000).padStart(3, '0'));
        rest = Math.floor(rest / 1000);
    } while (rest > 0);
    return groups.map((g, i) => (i < groups.length - 1 ? `x${g}` : g)).join('/');
}

function tilePath(dir, level, n, width) {
    const full = join(dir, 'tile', String(level), tileName(n));
    return width === 256 ? full : join(`${full}.p`, String(width));
}

// The key line of a log: name+hex id+base64(type, public key).
export function parseVkey(line) {
    const [name, id, ...rest] = line.trim().split('+');
    const raw = Buffer.from(rest.join('+'), 'base64');
    const key = createPublicKey({
        format: 'jwk',
        key: { kty: 'OKP', crv: 'Ed25519', x: raw.subarray(1).toString('base64url') },
    });
    return { name, id: Buffer.from(id, 'hex'), key, raw };
}

// The checkpoint, if this key has signed it.
export function openCheckpoint(dir, vkey) {
    const note = readFileSync(join(dir, 'checkpoint'), 'utf8');
    const split = note.indexOf('\n\n') + 1;
    const text = note.slice(0, split);
    const good = note.slice(split + 1).split('\n').some((line) => {
        const [, name, base64] = /^\u2014 (\S+) (\S+)$/.exec(line) ?? [];
        const bytes = Buffer.from(base64 ?? '', 'base64');
        return name === vkey.name && bytes.subarray(0, 4).equals(vkey.id) &&
            verify(null, Buffer.from(text), vkey.key, bytes.subarray(4));
    });
    if (!good) {
        throw new Error('no good signature on the checkpoint');
    }
    const [origin, size, base64] = text.split('\n');
    return { origin, size: Number(size), root: Buffer.from(base64, 'base64') };
}

// All published entries, as bytes.
export function readEntries(dir, size) {
    const entries = [];
    for (let n = 0; n * 256 < size; n++) {
        const width = Math.min(256, size - n * 256);
        const path = tilePath(dir, 'entries', n, width);
        const bytes = readFileSync(existsSync(path) ? path : tilePath(dir, 'entries', n, 256));
        for (let at = 0, i = 0; i < width; i++) {
            const len = bytes.readUInt16BE(at);
            entries.push(bytes.subarray(at + 2, at + 2 + len));
            at += 2 + len;
        }
    }
    return entries;
}

// Checks what is published as a stranger would; the entries.
export function check(dir, vkeyLine) {
    const vkey = parseVkey(vkeyLine);
    const checkpoint = openCheckpoint(dir, vkey);
    if (checkpoint.origin !== vkey.name) {
        throw new Error('the checkpoint is of another log');
    }
    const entries = readEntries(dir, checkpoint.size);
    const leaves = entries.map(leaf);
    if (!root(leaves).equals(checkpoint.root)) {
        throw new Error('the entries do not have the root of the checkpoint');
    }
    for (let n = 0; n * 256 < leaves.length; n++) {
        const part = leaves.slice(n * 256, n * 256 + 256);
        if (!readFileSync(tilePath(dir, 0, n, part.length)).equals(Buffer.concat(part))) {
            throw new Error(`tile ${n} does not hold the hashes of its entries`);
        }
    }
    return entries;
}

// Publishes `entries` as a perfectly good log under a private key: what an insider could do.
export function forge(dir, entries, vkeyLine, privatePem) {
    const vkey = parseVkey(vkeyLine);
    const put = (path, bytes) => {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, bytes);
    };
    const leaves = entries.map(leaf);
    for (let n = 0; n * 256 < entries.length; n++) {
        const some = entries.slice(n * 256, n * 256 + 256);
        const bundle = some.flatMap((entry) => {
            const head = Buffer.alloc(2);
            head.writeUInt16BE(entry.length);
            return [head, entry];
        });
        put(tilePath(dir, 'entries', n, some.length), Buffer.concat(bundle));
    }
    for (let level = 0, row = leaves; row.length > 0; level++) {
        const above = [];
        for (let n = 0; n * 256 < row.length; n++) {
            const part = row.slice(n * 256, n * 256 + 256);
            put(tilePath(dir, level, n, part.length), Buffer.concat(part));
            if (part.length === 256) {
                above.push(root(part));
            }
        }
        row = above;
    }
    const text = `${vkey.name}\n${entries.length}\n${root(leaves).toString('base64')}\n`;
    const signature = sign(null, Buffer.from(text), createPrivateKey(privatePem));
    const line = Buffer.concat([vkey.id, signature]).toString('base64');
    put(join(dir, 'checkpoint'), `${text}\n\u2014 ${vkey.name} ${line}\n`);
}

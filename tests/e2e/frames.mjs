// The frame protocol (docs/PROTOCOL.md) a second time, so that the tests can say to writd what
// `writ` never would: texts signed by the wrong key, bytes that are no frame.
import { connect } from 'node:net';

export const TYPE = { HELLO: 1, SESSION: 2, AUTHORIZE: 3, COMPLETE: 4, LIST: 5, AWAIT: 6, API: 7 };
export const TAG = {
    CELL: 2, CHALLENGE: 3, AGENT: 4, INSTANCE: 5, GATEWAY: 6, TRANSPORT: 7, ISSUED: 9,
    SIGNATURE: 10, INDEX: 11, TXN: 12, GRANT: 13, ACTION: 14, ARGUMENTS: 15, SALT: 16,
    VERDICT: 20, REASON: 21, DETAIL: 22, OP: 35, BODY: 36, STATUS: 37, TEXT: 38,
};
const STATUS = [
    'ok', 'nomem', 'arg', 'format', 'limit', 'signature', 'io', 'time', 'not_found', 'conflict',
    'refused', 'corrupt', 'closed',
];

export function frame(type, id, fields) {
    const parts = fields.map(([tag, value]) => {
        const bytes = typeof value === 'bigint' ? u64(value) : Buffer.from(value);
        const head = Buffer.alloc(5);
        head.writeUInt8(tag, 0);
        head.writeUInt32BE(bytes.length, 1);
        return Buffer.concat([head, bytes]);
    });
    const body = Buffer.concat(parts);
    const head = Buffer.alloc(9);
    head.writeUInt32BE(5 + body.length, 0);
    head.writeUInt8(type, 4);
    head.writeUInt32BE(id, 5);
    return Buffer.concat([head, body]);
}

function u64(value) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(value);
    return bytes;
}

function parse(bytes) {
    const reply = { type: bytes.readUInt8(4), id: bytes.readUInt32BE(5), fields: new Map() };
    for (let at = 9; at < bytes.length;) {
        const tag = bytes.readUInt8(at);
        const len = bytes.readUInt32BE(at + 1);
        reply.fields.set(tag, bytes.subarray(at + 5, at + 5 + len));
        at += 5 + len;
    }
    return reply;
}

// One connection. `send` writes raw bytes; `ask` one request; `closed` resolves at the end.
export class Wire {
    constructor(path) {
        this.waiting = new Map();
        this.strays = [];
        this.next = 1;
        this.rest = Buffer.alloc(0);
        this.socket = connect(path);
        this.open = new Promise((done, fail) => {
            this.socket.once('connect', done);
            this.socket.once('error', fail);
        });
        this.closed = new Promise((done) => this.socket.once('close', done));
        this.socket.on('error', () => {});
        this.socket.on('data', (chunk) => this.take(chunk));
        this.closed.then(() => {
            for (const { fail } of this.waiting.values()) {
                fail(new Error('writd closed the connection'));
            }
        });
    }

    take(chunk) {
        this.rest = Buffer.concat([this.rest, chunk]);
        while (this.rest.length >= 4 && this.rest.length >= 4 + this.rest.readUInt32BE(0)) {
            const size = 4 + this.rest.readUInt32BE(0);
            const reply = parse(this.rest.subarray(0, size));
            this.rest = this.rest.subarray(size);
            const waiting = this.waiting.get(reply.id);
            this.waiting.delete(reply.id);
            if (waiting) {
                waiting.done(reply);
            } else {
                this.strays.push(reply);
            }
        }
    }

    async ask(type, fields) {
        await this.open;
        const id = this.next++;
        const answer = new Promise((done, fail) => this.waiting.set(id, { done, fail }));
        this.socket.write(frame(type, id, fields));
        const reply = await answer;
        if (reply.type === 0xff) {
            const status = STATUS[Number(reply.fields.get(TAG.STATUS).readBigUInt64BE())];
            const error = new Error(`${status}: ${reply.fields.get(TAG.TEXT)}`);
            throw Object.assign(error, { status });
        }
        return reply.fields;
    }

    async api(op, body = {}) {
        const fields = await this.ask(TYPE.API, [[TAG.OP, op], [TAG.BODY, JSON.stringify(body)]]);
        return JSON.parse(fields.get(TAG.BODY));
    }

    close() {
        this.socket.destroy();
    }
}

export async function hello(path) {
    const wire = new Wire(path);
    await wire.ask(TYPE.HELLO, []);
    return wire;
}

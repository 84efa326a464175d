// What every end-to-end test needs: the real programs, a cell of its own in a temporary folder,
// people with real SSH keys, and agents that reach real MCP servers through `writ mcp`.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from './clients.mjs';

export const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, '../..');
const BUILD = resolve(process.env.WRIT_BUILD ?? join(ROOT, 'build/dev'));

function program(folder, name) {
    const found = [join(BUILD, 'bin', name), join(BUILD, 'src', folder, name)].find(existsSync);
    if (!found) {
        throw new Error(`${name} is not in ${BUILD}: build it, or set WRIT_BUILD`);
    }
    return found;
}

export const WRIT = process.env.WRIT_BIN ?? program('cli', 'writ');
export const WRITD = process.env.WRITD_BIN ?? program('daemon', 'writd');
const modules = join(HERE, 'node_modules/@modelcontextprotocol');
export const FILESYSTEM = join(modules, 'server-filesystem/dist/index.js');
export const EVERYTHING = join(modules, 'server-everything/dist/index.js');
export const RECORDER = join(HERE, 'recorder.mjs');

// Runs a program to its end: {code, stdout, stderr}, never throws.
export function run(command, args, { env, input, cwd, timeout = 60000 } = {}) {
    return new Promise((done) => {
        const child = execFile(command, args, {
            cwd,
            timeout,
            env: { ...process.env, ...env },
            maxBuffer: 64 << 20,
        }, (error, stdout, stderr) => {
            const code = error ? (error.code ?? `signal ${error.signal}`) : 0;
            done({ code, stdout, stderr });
        });
        child.stdin.on('error', () => {});
        child.stdin.end(input ?? '');
    });
}

export async function until(what, seconds = 10) {
    const end = Date.now() + seconds * 1000;
    for (;;) {
        const value = await what();
        if (value) {
            return value;
        }
        if (Date.now() > end) {
            throw new Error(`waited ${seconds} s for: ${what}`);
        }
        await new Promise((again) => setTimeout(again, 20));
    }
}

export class Cell {
    // A new cell: alice is its first operator and approver. Its daemon runs unless told not to.
    static async create(t, { up = true, init = [], name = 'writ.test/e2e', root } = {}) {
        const cell = new Cell(root ?? mkdtempSync(join(tmpdir(), 'writ-')));
        t?.after(() => cell.dispose());
        cell.newKey('alice');
        await cell.ok('init', '--cell', name, '--human', 'alice', '--key', cell.key('alice'),
            '--roles', 'operator,approver,policy,auditor', ...init);
        if (up) {
            await cell.ok('up');
        }
        return cell;
    }

    constructor(root) {
        this.root = root;
        this.home = join(root, 'home');
        this.socket = join(this.home, 'writd.sock');
        this.clients = [];
        this.raws = [];
        this.env = {
            WRIT_HOME: this.home,
            WRIT_HUMAN: 'alice',
            WRIT_SIGN_KEY: this.key('alice'),
            PATH: `${dirname(WRIT)}${delimiter}${dirname(WRITD)}${delimiter}${process.env.PATH}`,
        };
    }

    key(human) {
        return join(this.root, 'keys', human);
    }

    newKey(human) {
        mkdirSync(join(this.root, 'keys'), { recursive: true, mode: 0o700 });
        execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', human,
            '-f', this.key(human)]);
    }

    path(...parts) {
        return join(this.root, ...parts);
    }

    // A folder below the cell's temporary one, with files by name.
    folder(name, files = {}) {
        mkdirSync(this.path(name), { recursive: true });
        for (const [file, text] of Object.entries(files)) {
            writeFileSync(this.path(name, file), text);
        }
        return this.path(name);
    }

    writ(args, options = {}) {
        return run(WRIT, args, { ...options, env: { ...this.env, ...options.env } });
    }

    // Must succeed; what it printed as JSON.
    async ok(...args) {
        const { code, stdout, stderr } = await this.writ([...args, '--json']);
        if (code !== 0) {
            throw new Error(`writ ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`);
        }
        return stdout.trim() ? JSON.parse(stdout) : {};
    }

    // Must fail with that exit code; everything it said.
    async fails(code, ...args) {
        const result = await this.writ([...args, '--json']);
        if (result.code !== code) {
            throw new Error(`writ ${args.join(' ')}: exit ${result.code}, not ${code}\n` +
                `${result.stdout}${result.stderr}`);
        }
        return result.stdout + result.stderr;
    }

    // What a listing command lists.
    items(...args) {
        return this.ok(...args);
    }

    agent(name, ...more) {
        return this.ok('agent', 'add', name, '--owner', 'alice', '--environment', 'test',
            '--purpose', `${name} in a test`, ...more);
    }

    target(name, ...more) {
        return this.ok('target', 'add', name, '--environment', 'test', ...more);
    }

    // `wants`: holder, purpose, for, actions, resources, limits, approvals, and more arguments.
    grant(wants) {
        return this.ok('grant', ...grantArgs(wants), '--human', wants.human ?? 'alice', '--yes');
    }

    derive(parent, agent, wants) {
        return this.ok('derive', '--parent', parent, '--agent', agent, ...grantArgs(wants),
            '--yes');
    }

    // An agent at work: an MCP client whose server stands behind `writ mcp`.
    async client({ agent, target, server, era = 'legacy', args = [], ...options }) {
        const client = await connect(era, WRIT,
            ['mcp', '--target', target, '--agent', agent, ...args, '--', process.execPath,
                ...server],
            { ...options, env: { ...this.env, ...options.env } });
        this.clients.push(client);
        return client;
    }

    // A raw line to the gateway instead of a client's.
    raw({ agent, target, server }) {
        const raw = new Raw(WRIT, ['mcp', '--target', target, '--agent', agent, '--',
            process.execPath, ...server], this.env);
        this.raws.push(raw);
        return raw;
    }

    // The recording server behind a target of its own; what it was sent is in `sent()`.
    recorder(name = 'recorder', ...more) {
        const log = this.path(`${name}.log`);
        return {
            server: [RECORDER, log, ...more],
            sent: () => (existsSync(log) ? readFileSync(log, 'utf8') : '').split('\n')
                .filter(Boolean).map((line) => JSON.parse(line)),
            calls: () => (existsSync(log) ? readFileSync(log, 'utf8') : '').split('\n')
                .filter(Boolean).map((line) => JSON.parse(line))
                .filter((m) => m.method === 'tools/call').map((m) => m.params),
        };
    }

    // All records, oldest first, each with its index.
    async records(type) {
        const { code, stdout, stderr } = await this.writ(['log', '--json']);
        if (code !== 0) {
            throw new Error(`writ log: exit ${code}\n${stderr}`);
        }
        const all = stdout.trimEnd().split('\n')
            .map((line, index) => ({ index, ...JSON.parse(line) }));
        return type ? all.filter((record) => record.type === type) : all;
    }

    pid() {
        return Number(readFileSync(join(this.home, 'writd.pid'), 'utf8'));
    }

    // SIGKILL, and wait until it is gone.
    async kill() {
        const pid = this.pid();
        process.kill(pid, 'SIGKILL');
        await until(() => gone(pid));
    }

    async dispose() {
        for (const client of this.clients) {
            await client.close().catch(() => {});
        }
        for (const raw of this.raws) {
            raw.child.kill('SIGKILL');
        }
        if (existsSync(this.socket)) {
            await this.writ(['down']);
        }
        try {
            const pid = this.pid();
            if (!gone(pid)) {
                process.kill(pid, 'SIGKILL');
            }
        } catch {
            // It had stopped, and taken its pid file along.
        }
        if (!process.env.WRIT_KEEP) {
            rmSync(this.root, { recursive: true, force: true });
        }
    }
}

export function gone(pid) {
    try {
        process.kill(pid, 0);
    } catch {
        return true;
    }
    // A child that nobody has waited for yet.
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

function grantArgs(wants) {
    const args = ['--holder', wants.holder, '--purpose', wants.purpose ?? 'a test',
        '--for', wants.for ?? '30m'];
    const lists = {
        action: wants.actions,
        resource: wants.resources,
        argument: wants.arguments,
        limit: wants.limits,
        approval: wants.approvals,
    };
    for (const [option, values] of Object.entries(lists)) {
        for (const value of values ?? []) {
            args.push(`--${option}`, value);
        }
    }
    return [...args, ...(wants.more ?? [])];
}

// A raw line to a program's stdin, and the lines that came back.
export class Raw {
    constructor(command, args, env) {
        this.child = spawn(command, args, {
            env: { ...process.env, ...env },
            stdio: ['pipe', 'pipe', 'pipe'],
        });
        this.lines = [];
        this.stderr = '';
        let rest = '';
        this.child.stdout.setEncoding('utf8').on('data', (chunk) => {
            rest += chunk;
            const lines = rest.split('\n');
            rest = lines.pop();
            this.lines.push(...lines.map((line) => JSON.parse(line)));
        });
        this.child.stderr.on('data', (chunk) => {
            this.stderr += chunk;
        });
        this.child.stdin.on('error', () => {});
        this.exited = new Promise((done) => this.child.on('exit', (code) => done(code)));
    }

    send(line) {
        this.child.stdin.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
    }

    answer(id) {
        return until(() => this.lines.find((m) => m.id === id));
    }

    async close() {
        this.child.stdin.end();
        const timer = setTimeout(() => this.child.kill('SIGKILL'), 5000);
        const code = await this.exited;
        clearTimeout(timer);
        return code;
    }
}

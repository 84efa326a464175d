// One test for each promise of the design that is kept so far; each tries to break it.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createPrivateKey, randomBytes, sign } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync }
    from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hello } from './frames.mjs';
import { Cell, WRITD, until } from './harness.mjs';
import { check, forge, parseVkey } from './tlog.mjs';

// A cell with an agent `bot` and a target `rec`, but no grant yet.
async function bare(t, options = {}) {
    const cell = await Cell.create(t, options);
    await cell.agent('bot');
    await cell.target('rec', '--spend', 'pay=amount:EUR', '--resource', 'save=file://{path}');
    return { cell, recorder: cell.recorder() };
}

const wholeGrant = { holder: 'bot', actions: ['rec/tools/*'], resources: ['writ:rec'] };

// RFC 8785 for what our texts hold: ASCII keys, strings, booleans, whole numbers.
function canonical(value) {
    if (Array.isArray(value)) {
        return `[${value.map(canonical).join(',')}]`;
    }
    if (value !== null && typeof value === 'object') {
        const members = Object.keys(value).sort()
            .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
        return `{${members.join(',')}}`;
    }
    return JSON.stringify(value);
}

function sshSign(cell, human, namespace, text) {
    return execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-f', cell.key(human), '-n', namespace],
        { input: text, stdio: ['pipe', 'pipe', 'ignore'] }).toString();
}

const rfc3339 = (ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

function grantText(change = {}) {
    const now = Date.now();
    return {
        type: 'writ.grant', v: 1, cell: 'writ.test/e2e', id: `g-${randomBytes(6).toString('hex')}`,
        issued: rfc3339(now), parent: null, human: 'alice', holder: 'bot', purpose: 'a test',
        not_before: rfc3339(now - 1000), expires: rfc3339(now + 600000),
        actions: ['rec/tools/*'], resources: ['writ:rec'], limits: {}, max_depth: 0, proof: 'none',
        ...change,
    };
}

test('promise 1: no action without a text that a named human signed with their own key',
    async (t) => {
        const { cell, recorder } = await bare(t);
        for (const human of ['bob', 'carol', 'mallory']) {
            cell.newKey(human);
        }
        await cell.ok('human', 'add', 'bob', '--key', `${cell.key('bob')}.pub`, '--roles',
            'operator,auditor', '--sign-as', 'alice', '--sign-key', cell.key('alice'));
        await cell.ok('human', 'add', 'carol', '--key', `${cell.key('carol')}.pub`, '--roles',
            'approver', '--sign-as', 'alice', '--sign-key', cell.key('alice'));
        const wire = await hello(cell.socket);
        const submit = (text, signature) => wire.api('submit', { text, signature });
        const signed = (change, { by = 'alice', ns = 'writ.grant', edit = (x) => x } = {}) => {
            const text = canonical(grantText(change));
            return submit(edit(text), sshSign(cell, by, ns, text));
        };

        const attacks = {
            'a key that nobody knows': () => signed({}, { by: 'mallory' }),
            'a human who is no approver': () => signed({ human: 'bob' }, { by: 'bob' }),
            'an approver who signs for somebody else': () => signed({}, { by: 'carol' }),
            'a signature made for an approval': () => signed({}, { ns: 'writ.approval' }),
            'a signature made for git': () => signed({}, { ns: 'git' }),
            'a text changed after signing': () =>
                signed({}, { edit: (text) => text.replace('a test', 'a tesT') }),
            'another cell': () => signed({ cell: 'writ.test/other' }),
            'a text of yesterday': () => signed({ issued: rfc3339(Date.now() - 86400000) }),
            'a text of tomorrow': () => signed({ issued: rfc3339(Date.now() + 86400000) }),
            'a field that no reader knows': () => signed({ sudo: true }),
            'a parent that does not exist': () => signed({ parent: 'g-none' }),
            'an unknown holder': () => signed({ holder: 'nobody' }),
            'no signature': () => submit(canonical(grantText()), ''),
            'an empty armor': () => submit(canonical(grantText()),
                '-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n'),
            'a text that is not canonical': () => {
                const text = JSON.stringify(grantText(), null, 1);
                return submit(text, sshSign(cell, 'alice', 'writ.grant', text));
            },
            'a duplicate key': () => {
                const text = canonical(grantText())
                    .replace('"holder":"bot"', '"holder":"bot","holder":"bot"');
                return submit(text, sshSign(cell, 'alice', 'writ.grant', text));
            },
        };
        for (const [how, attack] of Object.entries(attacks)) {
            await assert.rejects(attack(), `accepted: ${how}`);
        }
        assert.deepEqual(await cell.items('grants'), []);
        const client = await cell.client({ agent: 'bot', target: 'rec', server: recorder.server });
        assert.match((await client.call('echo', { text: 'x' })).text, /grant_unknown/);

        // The same text, rightly signed, is good: it was not something else that refused.
        const text = canonical(grantText());
        const signature = sshSign(cell, 'alice', 'writ.grant', text);
        await submit(text, signature);
        await assert.rejects(submit(text, signature), 'a text counts once');
        assert.ok(!(await client.call('echo', { text: 'y' })).isError);
        assert.equal(recorder.calls().length, 1);

        // Who is suspended does not answer for anything any more.
        await cell.ok('human', 'suspend', 'alice', '--reason', 'left');
        assert.equal((await client.call('echo', { text: 'z' })).isError, true);
        assert.equal(recorder.calls().length, 1);
        wire.close();
    });

test('promise 2: what a server saw is on record, whenever writd is killed', async (t) => {
    const { cell, recorder } = await bare(t);
    await cell.grant(wholeGrant);
    let n = 0;
    for (let round = 0; round < 5; round++) {
        const client = await cell.client({ agent: 'bot', target: 'rec', server: recorder.server });
        let running = true;
        const lanes = Array.from({ length: 8 }, async () => {
            while (running) {
                const trace = (++n).toString(16).padStart(32, '0');
                await client.client.callTool({
                    name: 'echo',
                    arguments: { text: `${n}` },
                    _meta: { traceparent: `00-${trace}-00000000000000ff-01` },
                }).catch(() => {});
            }
        });
        await new Promise((done) => setTimeout(done, 60 + round * 37));
        await cell.kill();
        await cell.ok('up');
        running = false;
        await Promise.all(lanes);
        await client.close();
    }
    const seen = recorder.calls().map((c) => c._meta.traceparent);
    const allowed = new Set((await cell.records('action.decided'))
        .filter((r) => r.verdict === 'allow').map((r) => r.trace));
    assert.ok(seen.length >= 20, `only ${seen.length} calls`);
    assert.deepEqual(seen.filter((trace) => !allowed.has(trace)), []);
    const replay = await cell.ok('replay');
    assert.equal(replay.diverged, 0);
    await cell.ok('down');
    await cell.ok('verify');
});

test('promise 2: a disk that reports an error stops everything before it is forwarded',
    async (t) => {
        if (spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status !== 0) {
            t.skip('strace is not there, or may not trace here');
            return;
        }
        const { cell, recorder } = await bare(t);
        await cell.grant(wholeGrant);
        await cell.ok('down');
        // From its third sync on, every sync of each thread fails.
        const traced = spawn('strace', ['-f', '-o', '/dev/null', '-e', 'trace=fdatasync', '-e',
            'inject=fdatasync:error=EIO:when=6+', WRITD, '--home', cell.home],
        { env: { ...process.env, ...cell.env }, stdio: 'ignore' });
        t.after(() => traced.kill('SIGKILL'));
        await until(async () => (await cell.writ(['status'])).code === 0);
        const client = await cell.client({ agent: 'bot', target: 'rec', server: recorder.server });
        const answers = [];
        for (let i = 0; i < 12; i++) {
            answers.push(await client.call('echo', { text: `${i}` })
                .catch(() => ({ isError: true })));
        }
        const forwarded = recorder.calls().length;
        assert.ok(answers.some((a) => a.isError), 'the disk never failed');
        assert.equal(answers.filter((a) => !a.isError).length, forwarded);
        await client.close();
        await cell.ok('up');
        const allowed = (await cell.records('action.decided'))
            .filter((r) => r.verdict === 'allow').length;
        assert.ok(allowed >= forwarded, `${forwarded} forwarded, ${allowed} on record`);
        assert.equal((await cell.ok('replay')).diverged, 0);
    });

test('promise 3: a derived grant is never wider in any dimension', async (t) => {
    const { cell } = await bare(t);
    await cell.agent('sub');
    const pay = (amount, to) => ({ 'rec/tools/pay': { amount, to } });
    const now = Date.now();
    const parent = grantText({
        not_before: rfc3339(now - 60000), expires: rfc3339(now + 1800000),
        actions: ['rec/tools/save', 'rec/tools/pay'],
        resources: ['file:///srv/a/*', 'writ:rec'],
        arguments: pay({ kind: 'number', range: { min: 0, max: 50 } },
            { one_of: ['acme', 'initech'] }),
        limits: { calls: 20, per_minute: 60, spend: { unit: 'EUR', max: 100 }, concurrency: 2 },
        approval: [{
            actions: ['rec/tools/pay'], quorum: 1, four_eyes: false, within_s: 60,
        }],
        max_depth: 2, proof: 'key',
    });
    const wire = await hello(cell.socket);
    const text = canonical(parent);
    await wire.api('submit', { text, signature: sshSign(cell, 'alice', 'writ.grant', text) });

    // By the agent's own key, past everything that `writ derive` would check first.
    const botKey = createPrivateKey(readFileSync(join(cell.home, 'agents/bot.key')));
    const subKey = createPrivateKey(readFileSync(join(cell.home, 'agents/sub.key')));
    const narrow = () => grantText({
        parent: parent.id, holder: 'sub',
        not_before: rfc3339(now - 30000), expires: rfc3339(now + 600000),
        actions: ['rec/tools/save', 'rec/tools/pay'],
        resources: ['file:///srv/a/b/*', 'writ:rec'],
        arguments: pay({ kind: 'number', range: { min: 1, max: 40 } }, { exact: 'acme' }),
        limits: { calls: 10, per_minute: 30, spend: { unit: 'EUR', max: 50 }, concurrency: 1 },
        max_depth: 1, proof: 'key',
    });
    const derive = (change, key = botKey) => {
        const child = canonical({ ...narrow(), ...change });
        const signature = sign(null, Buffer.from(`writ.grant/v1\n${child}`), key);
        return wire.api('submit', { text: child, signature: signature.toString('base64url') });
    };
    const { limits } = narrow();
    const less = (name) => Object.fromEntries(
        Object.entries(limits).filter(([limit]) => limit !== name));
    const exact = { exact: 'acme' };
    const amount = (range) => ({ kind: 'number', range });
    const wider = {
        'a further action': { actions: ['rec/tools/save', 'rec/tools/pay', 'rec/tools/echo'] },
        'a wider pattern': { actions: ['rec/tools/*'] },
        'another target': { actions: ['other/tools/save'] },
        'a further resource': { resources: ['file:///srv/a/b/*', 'file:///srv/b/*'] },
        'a neighbour with the same beginning': { resources: ['file:///srv/ab/*'] },
        'a resource that climbs out': { resources: ['file:///srv/a/../b/*'] },
        'a prefix that is shorter': { resources: ['file:///srv/*'] },
        'from earlier on': { not_before: rfc3339(now - 61000) },
        'longer': { expires: rfc3339(now + 1801000) },
        'more calls': { limits: { ...limits, calls: 21 } },
        'no limit of calls': { limits: less('calls') },
        'a higher rate': { limits: { ...limits, per_minute: 61 } },
        'no limit of rate': { limits: less('per_minute') },
        'more spend': { limits: { ...limits, spend: { unit: 'EUR', max: 101 } } },
        'another unit': { limits: { ...limits, spend: { unit: 'USD', max: 50 } } },
        'no limit of spend': { limits: less('spend') },
        'more at once': { limits: { ...limits, concurrency: 3 } },
        'no limit of concurrency': { limits: less('concurrency') },
        'no limits': { limits: {} },
        'the same depth': { max_depth: 2 },
        'a weaker proof': { proof: 'none' },
        'no rule for arguments': { arguments: {} },
        'a rule for one argument of two': {
            arguments: { 'rec/tools/pay': { amount: amount({ min: 1, max: 40 }) } },
        },
        'a larger amount': { arguments: pay(amount({ min: 1, max: 51 }), exact) },
        'an open range': { arguments: pay(amount({ min: 1 }), exact) },
        'an argument with any value': {
            arguments: pay(amount({ min: 1, max: 40 }), { any: true }),
        },
        'an argument beyond the list': {
            arguments: pay(amount({ min: 1, max: 40 }), { exact: 'eve' }),
        },
        'another human': { human: 'bob' },
        'no parent': { parent: null },
    };
    for (const [how, change] of Object.entries(wider)) {
        await assert.rejects(derive(change), `accepted: ${how}`);
    }
    await assert.rejects(derive({}, subKey), 'signed by its holder instead of the parent\'s');
    assert.equal((await cell.items('grants')).length, 1);
    await derive({});
    const derived = await cell.items('grants');
    assert.equal(derived.length, 2, 'the narrower one is good: it was the width that refused');

    // What the child uses counts for the parent; what the parent must ask, the child must ask.
    const recorder = cell.recorder();
    const sub = await cell.client({ agent: 'sub', target: 'rec', server: recorder.server });
    for (let i = 0; i < 9; i++) {
        const saved = await sub.call('save', { path: `/srv/a/b/${i}`, note: 'x' });
        assert.ok(!saved.isError, saved.text);
    }
    assert.match((await sub.call('save', { path: '/srv/a/c', note: 'x' })).text,
        /resource_out_of_scope/);
    assert.match((await sub.call('save', { path: '/srv/a/b/../../x', note: 'x' })).text,
        /resource_out_of_scope/);
    assert.match((await sub.call('pay', { amount: 41, to: 'acme' })).text,
        /argument_out_of_scope/);
    assert.match((await sub.call('pay', { amount: 4, to: 'eve' })).text,
        /argument_out_of_scope/);
    const paying = sub.call('pay', { amount: 4, to: 'acme' });
    const [asked] = await until(async () => {
        const all = await cell.items('approvals');
        return all.length > 0 && all;
    });
    await cell.ok('approve', asked.id, '--yes');
    const paid = await paying;
    assert.ok(!paid.isError, paid.text);
    assert.match((await sub.call('save', { path: '/srv/a/b/x', note: 'x' })).text, /limit_calls/);
    const used = (await cell.items('grants')).find((g) => g.id === parent.id).used;
    assert.equal(Number(used.calls), 10);
    assert.equal(recorder.calls().length, 10);
    wire.close();
});

test('promise 4: a flipped byte anywhere is caught, also by a reader that is not ours',
    async (t) => {
        const { cell, recorder } = await bare(t);
        await cell.grant(wholeGrant);
        const client = await cell.client({ agent: 'bot', target: 'rec', server: recorder.server });
        await client.call('echo', { text: 'one' });
        await client.close();
        await cell.ok('down');
        const ledger = join(cell.home, 'ledger');
        const vkey = readFileSync(join(cell.home, 'ledger.vkey'), 'utf8').trim();

        // A stranger's reading of the published files.
        const entries = check(ledger, vkey);
        assert.equal(JSON.parse(entries[0]).type, 'authority.created');
        assert.equal(entries.length, (await cell.records()).length);

        const copy = cell.path('copy');
        cpSync(ledger, copy, { recursive: true });
        await cell.ok('verify', copy, '--key', vkey);
        let flips = 0;
        for (const path of publishedFiles(copy)) {
            const bytes = readFileSync(path);
            const step = Math.max(1, Math.floor(bytes.length / 12));
            for (let at = 0; at < bytes.length; at += step) {
                const bad = Buffer.from(bytes);
                bad[at] ^= 1 << flips % 8;
                writeFileSync(path, bad);
                const { code, stdout } = await cell.writ(['verify', copy, '--key', vkey]);
                assert.equal(code, 1, `${path} byte ${at}: ${stdout}`);
                flips++;
            }
            writeFileSync(path, bytes);
        }
        assert.ok(flips >= 30);

        // Signed anew with a key of one's own: another log, not this one.
        const own = cell.path('own');
        execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', cell.path('own.pem')]);
        forge(own, entries, vkey, readFileSync(cell.path('own.pem')));
        await cell.fails(1, 'verify', own, '--key', vkey);
    });

test('promise 5: replay takes every decision again, and finds a forged one in a log that is ' +
    'signed and whole', async (t) => {
    const { cell, recorder } = await bare(t);
    await cell.grant({ ...wholeGrant, actions: ['rec/tools/echo'] });
    const client = await cell.client({ agent: 'bot', target: 'rec', server: recorder.server });
    await client.call('echo', { text: 'good' });
    await client.call('pay', { amount: 1000000, to: 'eve' });
    await client.close();
    await cell.ok('down');
    const honest = await cell.ok('replay');
    assert.equal(honest.agreed, honest.records);
    assert.equal(honest.diverged, 0);

    const ledger = join(cell.home, 'ledger');
    const vkey = readFileSync(join(cell.home, 'ledger.vkey'), 'utf8').trim();
    const pem = readFileSync(join(cell.home, 'ledger.key'));
    const entries = check(ledger, vkey);
    const at = entries.findIndex((e) => e.includes('"verdict":"deny"'));
    assert.ok(at > 0);
    const publish = async (forged) => {
        rmSync(ledger, { recursive: true });
        mkdirSync(ledger, { mode: 0o700 });
        forge(ledger, forged, vkey, pem);
        const verified = await cell.writ(['verify', ledger, '--key', vkey]);
        assert.equal(verified.code, 0, verified.stderr);
        return cell.writ(['replay', '--json']);
    };

    // The insider has the ledger's key, and turns the refusal into a permission.
    const record = entries[at].toString();
    const turned = record.replace('"verdict":"deny"', '"verdict":"allow"')
        .replace(/"reason":"[^"]*"/, '"reason":""').replace(/"detail":"[^"]*"/, '"detail":""');
    const forged = await publish(entries.with(at, Buffer.from(turned)));
    assert.equal(forged.code, 1, forged.stdout);
    assert.ok(`${forged.stdout}${forged.stderr}`.includes(String(at)));

    // Or moves a grant's edge; or leaves the refusal out.
    const g = entries.findIndex((e) => e.includes('"grant.signed"'));
    const widened = entries[g].toString().replaceAll('rec/tools/echo', 'rec/tools/ech*');
    assert.equal((await publish(entries.with(g, Buffer.from(widened)))).code, 1);
    assert.equal((await publish(entries)).code, 0, 'the honest one is accepted again');
});

test('promise 6: revocation is now, and measured', async (t) => {
    const { cell, recorder } = await bare(t);
    const measured = [];
    // Four ways to take authority away, while the agent never stops calling.
    const ways = {
        'the grant': ({ id }) => ['revoke', id],
        'everything of the agent': () => ['revoke', '--agent', 'bot'],
        'everything of the human': () => ['revoke', '--human', 'alice'],
        'the target': () => ['stop', 'rec', '--reason', 'test'],
    };
    for (const [what, command] of Object.entries(ways)) {
        const grant = await cell.grant(wholeGrant);
        const client = await cell.client({ agent: 'bot', target: 'rec', server: recorder.server });
        let running = true;
        const lanes = Array.from({ length: 4 }, async () => {
            while (running) {
                await client.call('echo', { text: what });
            }
        });
        await new Promise((done) => setTimeout(done, 100));
        const said = await cell.ok(...command(grant));
        const next = await client.call('echo', { text: `after ${what}` });
        assert.equal(next.isError, true, what);
        running = false;
        await Promise.all(lanes);
        await client.close();

        const records = await cell.records();
        const at = records.findLastIndex((r) => ['grant.revoked', 'stop.set'].includes(r.type));
        const later = records.slice(at + 1).filter((r) => r.type === 'action.decided');
        assert.ok(later.length > 0);
        assert.deepEqual(later.filter((r) => r.verdict === 'allow'), [], what);
        measured.push((later[0].time - records[at].requested) / 1000);
        if (what === 'the target') {
            await cell.ok('lift', String(said.index));
        }
    }
    t.diagnostic(`ms from the request to the first refusal: ${measured.join(', ')}`);
    assert.ok(measured.every((ms) => ms < 100));
});

test('promise 7: the share that is traceable to a human is a count with its exceptions',
    async (t) => {
        const { cell, recorder } = await bare(t);
        await cell.grant({ ...wholeGrant, limits: ['calls=7'] });
        const client = await cell.client({ agent: 'bot', target: 'rec', server: recorder.server });
        for (let i = 0; i < 10; i++) {
            await client.call('echo', { text: `${i}` });
        }
        const replay = await cell.ok('replay');
        assert.equal(replay.allowed, 7);
        assert.equal(replay.denied, 3);
        assert.equal(replay.traceable, 7);
        assert.deepEqual(replay.exceptions, []);
    });

test('the key of a ledger says which ledger', () => {
    assert.throws(() => parseVkey('writ.test/a+00000000+AAAA'));
});

// Checkpoint, tiles and bundles: the newest of the partial ones, which the checkpoint covers.
function publishedFiles(dir) {
    const files = readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((f) => f.isFile())
        .map((f) => join(f.parentPath ?? f.path, f.name))
        .filter((f) => statSync(f).size > 0);
    const newest = new Map();
    for (const file of files) {
        const [, folder, width] = /^(.*\.p)\/(\d+)$/.exec(file) ?? [];
        if (folder && (newest.get(folder) ?? 0) < Number(width)) {
            newest.set(folder, Number(width));
        }
    }
    return files.filter((file) => {
        const [, folder, width] = /^(.*\.p)\/(\d+)$/.exec(file) ?? [];
        return file.endsWith('/checkpoint') || (folder && newest.get(folder) === Number(width));
    });
}

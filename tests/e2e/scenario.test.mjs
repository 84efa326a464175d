// The whole story of examples/demo, step by step, asserted: real client, real filesystem server.
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync }
    from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Cell, FILESYSTEM, WRIT, run, until } from './harness.mjs';

const TXN = 'november-summary';

test('an invoice agent under written authority', async (t) => {
    const cell = await Cell.create(t);
    const invoices = cell.folder('invoices', {
        '2026-11-001.txt': 'Invoice 2026-11-001\nTotal: 1,200.00 EUR\n',
        '2026-11-002.txt': 'Invoice 2026-11-002\nTotal: 340.50 EUR\n',
    });
    const reports = cell.folder('reports');
    const archive = cell.folder('archive');
    const server = [FILESYSTEM, invoices, reports, archive];
    const first = join(invoices, '2026-11-001.txt');
    let grant;
    let child;
    let bot;

    await t.test('the cell starts with one human, whose key record 0 names', async () => {
        const [born] = await cell.records();
        assert.equal(born.type, 'authority.created');
        const [alice] = await cell.items('humans');
        assert.equal(alice.human, 'alice');
        assert.ok(alice.roles.includes('approver'));
        assert.equal((await cell.ok('status')).cell, 'writ.test/e2e');
    });

    await t.test('agents and a target are registered over her signature', async () => {
        await cell.agent('invoice-bot');
        await cell.agent('summariser');
        await cell.target('files',
            '--resource', 'read_text_file=file://{path}',
            '--resource', 'list_directory=file://{path}',
            '--resource', 'write_file=file://{path}',
            '--resource', 'move_file=file://{source},file://{destination}',
            '--sensitive', 'files/tools/move_file');
        const names = (await cell.items('agents')).map((a) => a.agent).sort();
        assert.deepEqual(names, ['invoice-bot', 'summariser']);
        assert.equal((await cell.items('targets'))[0].target, 'files');
    });

    await t.test('alice signs a grant for half an hour and twenty calls', async () => {
        grant = await cell.grant({
            holder: 'invoice-bot',
            purpose: 'read the invoices of November and write the summary',
            actions: ['read_text_file', 'list_directory', 'write_file', 'move_file']
                .map((tool) => `files/tools/${tool}`),
            resources: [invoices, reports, archive].flatMap((d) => [`file://${d}`,
                `file://${d}/*`]),
            limits: ['calls=20'],
            approvals: ['files/tools/move_file,within=5m'],
            more: ['--max-depth', '1'],
        });
        assert.match(grant.id, /^[A-Za-z0-9._-]+$/);
        const [seen] = await cell.items('grants');
        assert.equal(seen.id, grant.id);
        assert.equal(seen.human, 'alice');
        assert.equal(seen.state, 'active');
    });

    await t.test('the agent sees the tools of its grant, and no other', async () => {
        bot = await cell.client({
            agent: 'invoice-bot', target: 'files', server, args: ['--txn', TXN],
        });
        const names = (await bot.tools()).map((tool) => tool.name).sort();
        assert.deepEqual(names, ['list_directory', 'move_file', 'read_text_file', 'write_file']);
    });

    await t.test('it reads, and writes its summary', async () => {
        const read = await bot.call('read_text_file', { path: first });
        assert.ok(!read.isError, read.text);
        assert.match(read.text, /1,200\.00 EUR/);
        const written = await bot.call('write_file', {
            path: join(reports, 'summary.txt'), content: 'Total: 1,540.50 EUR\n',
        });
        assert.ok(!written.isError, written.text);
        assert.equal(readFileSync(join(reports, 'summary.txt'), 'utf8'), 'Total: 1,540.50 EUR\n');
    });

    await t.test('outside its folders it is refused, with the reason', async () => {
        for (const path of ['/etc/passwd', `${invoices}/../keys/alice`]) {
            const refused = await bot.call('read_text_file', { path });
            assert.equal(refused.isError, true);
            assert.match(refused.text, /resource_out_of_scope/);
        }
        const hidden = await bot.call('create_directory', { path: join(reports, 'new') });
        assert.equal(hidden.isError, true);
        assert.match(hidden.text, /action_out_of_scope/);
        assert.ok(!existsSync(join(reports, 'new')));
    });

    await t.test('moving a file waits for alice, and happens when she has signed', async () => {
        const to = join(archive, '2026-11-001.txt');
        const moving = bot.call('move_file', { source: first, destination: to });
        const [asked] = await until(async () => {
            const pending = await cell.items('approvals');
            return pending.length > 0 && pending;
        });
        assert.equal(asked.state, 'pending');
        assert.equal(asked.action, 'files/tools/move_file');
        assert.ok(existsSync(first), 'nothing happens while it is held');
        await cell.ok('approve', asked.id, '--yes');
        const moved = await moving;
        assert.ok(!moved.isError, moved.text);
        assert.ok(existsSync(to) && !existsSync(first));
    });

    await t.test('it hands a narrower grant to the summariser, which gets no more', async () => {
        child = await cell.derive(grant.id, 'invoice-bot', {
            holder: 'summariser',
            purpose: 'read the invoices',
            for: '5m',
            actions: ['files/tools/read_text_file'],
            resources: [`file://${invoices}/*`],
            limits: ['calls=5'],
            approvals: [],
        });
        const helper = await cell.client({
            agent: 'summariser', target: 'files', server, args: ['--txn', TXN],
        });
        const second = join(invoices, '2026-11-002.txt');
        const read = await helper.call('read_text_file', { path: second });
        assert.match(read.text, /340\.50 EUR/);
        const write = await helper.call('write_file', { path: second, content: 'paid' });
        assert.match(write.text, /action_out_of_scope/);
        const wider = await cell.writ(['derive', '--parent', grant.id, '--agent', 'invoice-bot',
            '--holder', 'summariser', '--purpose', 'more', '--for', '5m',
            '--action', 'files/tools/*', '--resource', `file://${invoices}/*`,
            '--limit', 'calls=5', '--yes']);
        assert.equal(wider.code, 1, wider.stdout + wider.stderr);
    });

    await t.test('alice revokes: the very next call is refused, of the child too', async () => {
        await cell.ok('revoke', grant.id, '--reason', 'the month is closed');
        const [revoked] = await cell.records('grant.revoked');
        const next = await bot.call('read_text_file', {
            path: join(invoices, '2026-11-002.txt'),
        });
        assert.equal(next.isError, true);
        assert.match(next.text, /grant_revoked/);
        const refusal = (await cell.records('action.decided')).find((r) =>
            r.index > revoked.index && r.reason === 'grant_revoked');
        assert.ok(refusal, 'the refusal is on record behind the revocation');
        const after = await cell.client({ agent: 'summariser', target: 'files', server });
        const orphan = await after.call('read_text_file', {
            path: join(invoices, '2026-11-002.txt'),
        });
        assert.match(orphan.text, /grant_revoked/);
    });

    await t.test('every decision comes out the same again, and is traceable', async () => {
        const replay = await cell.ok('replay');
        assert.equal(replay.diverged, 0);
        assert.equal(replay.undecidable, 0);
        assert.equal(replay.agreed, replay.records);
        assert.ok(replay.allowed >= 4);
        assert.equal(replay.traceable, replay.allowed);
        assert.equal(replay.in_doubt, 0);
        assert.equal(replay.signatures.bad, 0);
    });

    await t.test('the newest record is proved at once; the ledger only grew', async () => {
        const kept = cell.path('kept');
        copyFileSync(join(cell.home, 'ledger/checkpoint'), kept);
        await cell.ok('agent', 'suspend', 'summariser', '--reason', 'its work is done');
        const { index } = (await cell.records('agent.suspended')).at(-1);
        const [proof, record] = [cell.path('last.tlog-proof'), cell.path('last.json')];
        await cell.ok('prove', String(index), '-o', proof, '--record', record);
        assert.equal(JSON.parse(readFileSync(record, 'utf8')).type, 'agent.suspended');
        const vkey = readFileSync(join(cell.home, 'ledger.vkey'), 'utf8').trim();
        const shown = await cell.ok('verify', proof, '--record', record, '--key', vkey);
        assert.equal(shown.index, index);
        assert.ok(shown.key_trusted && shown.tree_size > index);
        const grown = await cell.ok('consistent', kept, '--key', vkey);
        assert.ok(grown.old.tree_size <= index && grown.new.tree_size > index);
        assert.match(await cell.fails(1, 'prove', String(index + 1000)), /has no entry/);
    });

    await t.test('the published ledger verifies; one flipped byte is named', async () => {
        await cell.ok('down');
        await cell.ok('verify');
        const copy = cell.path('copy');
        cpSync(join(cell.home, 'ledger'), copy, { recursive: true });
        const vkey = readFileSync(join(cell.home, 'ledger.vkey'), 'utf8').trim();
        await cell.ok('verify', copy, '--key', vkey);
        const bundle = entriesFile(copy);
        const bytes = readFileSync(bundle);
        const at = bytes.indexOf('november-summary');
        bytes[at] ^= 1;
        writeFileSync(bundle, bytes);
        const said = await cell.fails(1, 'verify', copy, '--key', vkey);
        assert.match(said, /index|entry|record/);
    });

    await t.test('an exported proof is checked where nothing else of ours is', async () => {
        const away = cell.path('away');
        mkdirSync(away);
        await cell.ok('export', TXN, '-o', join(away, 'proof.writ'));
        copyFileSync(join(cell.home, 'ledger.vkey'), join(away, 'vkey'));
        const vkey = readFileSync(join(away, 'vkey'), 'utf8').trim();
        const env = { WRIT_HOME: join(away, 'none'), HOME: away };
        const good = await run(WRIT, ['verify', 'proof.writ', '--key', vkey, '--json'],
            { cwd: away, env });
        assert.equal(good.code, 0, good.stderr);
        const bytes = readFileSync(join(away, 'proof.writ'));
        bytes[Math.floor(bytes.length / 2)] ^= 1;
        writeFileSync(join(away, 'forged.writ'), bytes);
        const bad = await run(WRIT, ['verify', 'forged.writ', '--key', vkey], { cwd: away, env });
        assert.equal(bad.code, 1);
    });
});

// The first bundle of entries of a published log: tile/entries/… (c2sp.org/tlog-tiles).
function entriesFile(dir) {
    const files = readdirSync(join(dir, 'tile/entries'), { recursive: true, withFileTypes: true })
        .filter((f) => f.isFile())
        .map((f) => join(f.parentPath ?? f.path, f.name));
    return files.find((f) => readFileSync(f).includes('november-summary'));
}

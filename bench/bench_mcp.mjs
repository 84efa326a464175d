// What `writ mcp` adds to a call of the real filesystem server: the same client, the same file,
// directly and through the gateway, in turns. Each call through the gateway is signed, decided,
// on stable storage before it is forwarded, and its outcome again before it is answered.
import { writeFileSync } from 'node:fs';
import { connect } from '../tests/e2e/clients.mjs';
import { Cell, FILESYSTEM } from '../tests/e2e/harness.mjs';

const ROUNDS = 10;
const CALLS = 50;

function at(sorted, share) {
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

async function calls(client, path, times) {
    for (let i = 0; i < CALLS; i++) {
        const start = process.hrtime.bigint();
        const result = await client.call('read_text_file', { path });
        times.push(Number(process.hrtime.bigint() - start) / 1e6);
        if (result.isError || !result.text.includes('ACME')) {
            throw new Error(`unexpected answer: ${result.text}`);
        }
    }
}

const cell = await Cell.create();
try {
    const folder = cell.folder('files');
    const path = cell.path('files', 'invoice.txt');
    writeFileSync(path, 'Invoice 17 of ACME: 100 EUR\n');
    await cell.agent('bot');
    await cell.target('files', '--resource', 'read_text_file=file://{path}');
    await cell.grant({ holder: 'bot', purpose: 'to be measured', for: '1h',
        actions: ['files/tools/read_text_file'], resources: [`file://${folder}/*`] });
    const direct = await connect('legacy', process.execPath, [FILESYSTEM, folder]);
    const guarded = await cell.client({ agent: 'bot', target: 'files',
        server: [FILESYSTEM, folder] });
    const times = { direct: [], guarded: [] };
    await calls(direct, path, []);
    await calls(guarded, path, []);
    for (let round = 0; round < ROUNDS; round++) {
        await calls(direct, path, times.direct);
        await calls(guarded, path, times.guarded);
    }
    await direct.close();
    console.log(`One call of the real filesystem server, ${ROUNDS * CALLS} each, in turns`);
    for (const list of Object.values(times)) {
        list.sort((a, b) => a - b);
    }
    const row = (name, list) => console.log(`  ${name.padEnd(46)} p50 ${at(list, 0.5).toFixed(2)} ms` +
        `   p99 ${at(list, 0.99).toFixed(2)} ms`);
    row('directly', times.direct);
    row('through writ mcp, signed and durable', times.guarded);
    console.log(`  ${'added'.padEnd(46)} p50 ${(at(times.guarded, 0.5) - at(times.direct, 0.5))
        .toFixed(2)} ms   p99 ${(at(times.guarded, 0.99) - at(times.direct, 0.99)).toFixed(2)} ms`);
} finally {
    await cell.dispose();
}

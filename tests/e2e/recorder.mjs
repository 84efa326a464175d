// A small MCP server on stdio, made with the official SDK, for both eras. It appends every line
// it is sent to a file before anything else happens: what stands there has reached a server.
//
//   node recorder.mjs LOG_FILE [DESCRIPTION_OF_ECHO]
import { appendFileSync } from 'node:fs';
import { Server } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

const [log, description = 'Says what it was told'] = process.argv.slice(2);

let rest = '';
process.stdin.on('data', (chunk) => {
    rest += chunk;
    const lines = rest.split('\n');
    rest = lines.pop();
    for (const line of lines) {
        appendFileSync(log, `${line}\n`);
    }
});

const object = (properties) => ({
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
});
const tools = [
    { name: 'echo', description, inputSchema: object({ text: { type: 'string' } }) },
    {
        name: 'wait',
        description: 'Answers after some milliseconds',
        inputSchema: object({ ms: { type: 'integer' } }),
    },
    {
        name: 'pay',
        description: 'Pays an amount in EUR to somebody',
        inputSchema: object({ amount: { type: 'number' }, to: { type: 'string' } }),
    },
    {
        name: 'save',
        description: 'Saves a note at a path',
        inputSchema: object({ path: { type: 'string' }, note: { type: 'string' } }),
    },
];

async function call({ params }) {
    const { name, arguments: a } = params;
    if (name === 'wait') {
        await new Promise((done) => setTimeout(done, a.ms));
    }
    return { content: [{ type: 'text', text: `${name} ${JSON.stringify(a)}` }] };
}

serveStdio(() => {
    const server = new Server(
        { name: 'recorder', version: '1.0.0' },
        { capabilities: { tools: {} } },
    );
    server.setRequestHandler('tools/list', () => ({ tools }));
    server.setRequestHandler('tools/call', call);
    return server;
});

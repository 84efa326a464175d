// The official MCP clients of both eras, behind one small interface.
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as LegacyStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { Client as ModernClient } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';

export const MODERN = '2026-07-28';

// Starts `command args...` and speaks MCP with it. `era` is 'legacy' or 'modern'; `elicit` is
// called when a modern server wants something from the person at the client.
export async function connect(era, command, args, { env, elicit, stderr = 'pipe' } = {}) {
    const who = { name: `writ-${era}-client`, version: '1.0.0' };
    const how = { command, args, env: { ...process.env, ...env }, stderr };
    const transport = era === 'modern' ? new ModernStdio(how) : new LegacyStdio(how);
    let said = '';
    transport.stderr?.on('data', (chunk) => {
        said += chunk;
    });

    let client;
    if (era === 'modern') {
        client = new ModernClient(who, {
            versionNegotiation: { mode: { pin: MODERN } },
            capabilities: elicit ? { elicitation: { form: {} } } : {},
        });
        if (elicit) {
            client.setRequestHandler('elicitation/create', elicit);
        }
    } else {
        client = new LegacyClient(who, { capabilities: {} });
    }
    await client.connect(transport);

    return {
        client,
        pid: transport.pid,
        stderr: () => said,
        tools: async () => (await client.listTools()).tools,
        // The result, with the text of its content in `text`.
        async call(name, args, options) {
            const result = era === 'modern'
                ? await client.callTool({ name, arguments: args }, options)
                : await client.callTool({ name, arguments: args }, undefined, options);
            const text = (result.content ?? []).map((c) => c.text ?? '').join('\n');
            return { ...result, text };
        },
        close: () => client.close(),
    };
}

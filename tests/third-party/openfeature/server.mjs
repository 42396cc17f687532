// OpenFeature's own provider for servers in Node.js: for each line on its input it evaluates every
// type and writes one line of JSON. Address, key and context come as arguments.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const require = createRequire(join(process.env.NEXUS_TEST_NODE_MODULES, 'here'));
const { OpenFeature } = require('@openfeature/server-sdk');
const { OFREPProvider } = require('@openfeature/ofrep-provider');

const [baseUrl, key, context] = process.argv.slice(2);
const headers = [['Authorization', `Bearer ${key}`]];
await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl, headers }));
const client = OpenFeature.getClient();
const who = JSON.parse(context);

const told = ({ value, variant, reason, errorCode }) => ({ value, variant, reason, error: errorCode });

for await (const _ of createInterface({ input: process.stdin })) {
  const answers = {
    boolean: told(await client.getBooleanDetails('of-boolean', false, who)),
    text: told(await client.getStringDetails('of-text', 'default', who)),
    integer: told(await client.getNumberDetails('of-integer', 0, who)),
    float: told(await client.getNumberDetails('of-float', 0, who)),
    object: told(await client.getObjectDetails('of-object', {}, who)),
    missing: told(await client.getBooleanDetails('of-missing', true, who)),
    mismatch: told(await client.getStringDetails('of-boolean', 'default', who)),
  };
  console.log(JSON.stringify(answers));
}

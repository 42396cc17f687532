// OpenFeature's own provider for browsers: it fetches all flags at once and hears of changes by the
// event stream that the answer names. The page's query has address, key and context.

import { OpenFeature, ProviderEvents } from '@openfeature/web-sdk';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';

const query = new URLSearchParams(location.search);
const headers = [['Authorization', `Bearer ${query.get('key')}`]];
const provider = new OFREPWebProvider({ baseUrl: query.get('base'), headers, pollInterval: 0 });
await OpenFeature.setContext(JSON.parse(query.get('context')));
await OpenFeature.setProviderAndWait(provider);
const client = OpenFeature.getClient();

const told = ({ value, variant, reason, errorCode }) => ({ value, variant, reason, error: errorCode });

function tell() {
  const answers = {
    boolean: told(client.getBooleanDetails('of-boolean', false)),
    text: told(client.getStringDetails('of-text', 'default')),
    integer: told(client.getNumberDetails('of-integer', 0)),
    float: told(client.getNumberDetails('of-float', 0)),
    object: told(client.getObjectDetails('of-object', {})),
    missing: told(client.getBooleanDetails('of-missing', true)),
    mismatch: told(client.getStringDetails('of-boolean', 'default')),
  };
  document.querySelector('output').textContent = JSON.stringify(answers);
}

client.addHandler(ProviderEvents.ConfigurationChanged, tell);
tell();

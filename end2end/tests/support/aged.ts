// Time that has passed: the program has the machine's clock, so what it remembers of a sign-in is moved back.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const script = `
import datetime, json, sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=10)
then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=6)
for session, data in database.execute('SELECT id_hash, data FROM sessions').fetchall():
    data = json.loads(data)
    if 'signed_in_at' in data:
        data['signed_in_at'] = then.strftime('%Y-%m-%dT%H:%M:%S.%fZ')
        database.execute('UPDATE sessions SET data = ? WHERE id_hash = ?', (json.dumps(data), session))
database.commit()
`;

/** Every sign-in of the instance was six minutes ago. */
export function age(folder: string): void {
  const done = spawnSync(process.env.NEXUS_TEST_PYTHON ?? 'python3', ['-c', script, join(folder, 'nexus.db')]);
  if (done.status !== 0) throw new Error(String(done.stderr));
}

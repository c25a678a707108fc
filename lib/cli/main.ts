#!/usr/bin/env node
import { run } from './run';

const interruption = new AbortController();
/** The signal that ended the command. */
let received: NodeJS.Signals | undefined;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    received = signal;
    interruption.abort();
  });
}
// Writing tells of errors too, and there they are handled.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const { stdin, stdout, stderr, env } = process;
void run(process.argv.slice(2), { stdin, stdout, stderr, env, signal: interruption.signal }).then((status) => {
  // Once everything is tidied up, the process ends as the signal ends one, so that shells know.
  if (received !== undefined) process.kill(process.pid, received);
  process.exitCode = status;
});

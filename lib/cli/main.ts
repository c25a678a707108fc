#!/usr/bin/env node
import { run } from './run';
import type { Terminal } from './terminal';

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

const terminal: Terminal = {
  // Opened when it is first asked for, which takes a while.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: interruption.signal,
};
void run(process.argv.slice(2), terminal).then((status) => {
  // Once everything is tidied up, the process ends as the signal ends one, so that shells know.
  if (received !== undefined) process.kill(process.pid, received);
  process.exitCode = status;
});

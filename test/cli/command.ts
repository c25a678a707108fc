/** Runs the command in this process, with streams that are collected. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { run } from '../../lib/cli/run';
import type { Screen } from '../../lib/cli/terminal';

export interface Outcome {
  readonly status: number;
  readonly stdout: Buffer;
  /** `stdout` as text. */
  readonly text: string;
  readonly stderr: string;
}

export interface Setting {
  /** Chunks of standard input. */
  readonly stdin?: ReadonlyArray<string | Uint8Array>;
  readonly isTTY?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export async function command(args: readonly string[], setting: Setting = {}): Promise<Outcome> {
  const [stdout, stderr] = [collector(setting.isTTY), collector(setting.isTTY)];
  const status = await run(args, {
    stdin: Readable.from((setting.stdin ?? []).map((chunk) => Buffer.from(chunk))),
    stdout: stdout.screen,
    stderr: stderr.screen,
    env: setting.env ?? {},
    signal: setting.signal ?? new AbortController().signal,
  });
  return { status, stdout: stdout.bytes(), text: stdout.bytes().toString(), stderr: stderr.bytes().toString() };
}

function collector(isTTY = false): { screen: Screen; bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  const screen = new Writable({
    write(chunk: Buffer, _encoding, done) {
      // A copy: what was written may be written over.
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { screen: Object.assign(screen, { isTTY }), bytes: () => Buffer.concat(chunks) };
}

/** A folder for a test file's files, which is removed after its tests. */
export function temporaryFolder(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'merganser-cli-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  return (name) => join(folder, name);
}

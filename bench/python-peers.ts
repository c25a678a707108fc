/** The Python peers, timed by a child process of their own on one core; none where there is no Python environment. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pythonPath } from '../scripts/python-oracle/python-oracle';
import { readTiktokenRanks, tiktokenFile } from '../test/oracles/tiktoken';
import { isWanted, type Subject } from './contestants';
import type { Corpus } from './corpora';
import type { Clock } from './measure';

export interface PeerResult {
  readonly name: string;
  /** Milliseconds of each run. */
  readonly cold: number[];
  readonly warm: number[];
  readonly ids: Uint32Array;
}

type Answer = { missing: string } | { version: string; cold: number[]; warm: number[]; ids: string };

export class PythonPeers {
  private readonly folder = mkdtempSync(join(tmpdir(), 'merganser-bench-'));
  private readonly child;
  private readonly answers: AsyncIterator<string>;

  private constructor(python: string) {
    this.child = spawn(python, [join(process.cwd(), 'bench/python-peers.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.answers = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** null where there is no Python environment (scripts/python-oracle/setup.sh --bench makes one). */
  static start(): PythonPeers | null {
    const python = pythonPath();
    return python === null ? null : new PythonPeers(python);
  }

  async measure(
    subject: Subject,
    corpus: Corpus,
    { runs, clock }: { runs: number; clock: Clock },
    wanted?: readonly string[],
  ): Promise<PeerResult[]> {
    const text = join(this.folder, 'text.txt');
    writeFileSync(text, corpus.bytes);
    const results: PeerResult[] = [];
    for (const peer of ['gigatoken', 'tiktoken', 'tokenizers']) {
      if (!isWanted(peer, wanted) || (peer === 'tiktoken' && subject.encoding === null)) continue;
      const answer = await this.ask({ peer, file: subject.file, encoding: this.encoding(subject), text, runs, clock });
      if ('missing' in answer) console.warn(`${peer} (Python) left out: ${answer.missing}`);
      else results.push(toResult(`${peer} ${answer.version} (Python)`, answer));
    }
    return results;
  }

  stop(): void {
    this.child.stdin.end();
    rmSync(this.folder, { recursive: true });
  }

  private encoding({ encoding }: Subject): object | null {
    if (encoding === null) return null;
    const { ranks, pattern, specialTokens } = readTiktokenRanks(encoding);
    const path = join(this.folder, `${encoding}.tiktoken`);
    writeFileSync(path, tiktokenFile(ranks));
    return { path, pattern, specialTokens };
  }

  private async ask(request: object): Promise<Answer> {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.answers.next();
    return done ? { missing: 'the Python process ended' } : (JSON.parse(value) as Answer);
  }
}

function toResult(name: string, { cold, warm, ids }: { cold: number[]; warm: number[]; ids: string }): PeerResult {
  const bytes = readFileSync(ids);
  rmSync(ids);
  const milliseconds = (seconds: number[]): number[] => seconds.map((value) => value * 1e3);
  return {
    name,
    cold: milliseconds(cold),
    warm: milliseconds(warm),
    ids: new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)),
  };
}

/** A child process that answers with the Python libraries; see oracle.py. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const FOLDER = join(process.cwd(), 'scripts/python-oracle');

/** The interpreter of .venv, or what MERGANSER_PYTHON names. */
export function pythonPath(): string | null {
  const path = process.env['MERGANSER_PYTHON'] ?? join(process.cwd(), '.venv/bin/python');
  return existsSync(path) ? path : null;
}

export class PythonOracle {
  private readonly answers: AsyncIterator<string>;

  private constructor(private readonly child: ChildProcess) {
    this.answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  static start(): PythonOracle {
    const python = pythonPath();
    if (python === null) throw new Error('No Python environment: run scripts/python-oracle/setup.sh first, or set MERGANSER_PYTHON.');
    return new PythonOracle(spawn(python, [join(FOLDER, 'oracle.py')], { stdio: ['pipe', 'pipe', 'inherit'] }));
  }

  /** One request at a time. Rejects with what the library said if it failed. */
  async ask<T>(request: Record<string, unknown>): Promise<T> {
    this.child.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.answers.next();
    if (done) throw new Error('The Python oracle ended.');
    const result = JSON.parse(value);
    if (result !== null && typeof result === 'object' && 'error' in result) throw new Error(result.error);
    return result;
  }

  stop(): void {
    this.child.stdin!.end();
  }
}

/** Folders of count files for what does not fit into memory, or must survive an interruption. In Node; spill-folder.browser.ts stands in where there are no files. */
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { invalidArgument, MerganserError } from '../errors';
import { writeTextAtomically } from '../tokenizer/load/files';
import { unwritable } from './count-files';
import type { CountHeader } from './count-format';
import type { Position, Resumption } from './sources';

const STATE = 'state.json';
const KEEP_MILLISECONDS = 10_000;

export class SpillFolder {
  /** Paths of the count files, so far. */
  readonly parts: string[] = [];

  protected constructor(protected readonly path: string) {}

  /** A folder of its own in `parent`. Throws NOT_FOUND if it cannot be made. */
  static async create(parent = tmpdir()): Promise<SpillFolder> {
    return new SpillFolder(
      await mkdtemp(join(parent, 'merganser-')).catch((cause: unknown) => {
        throw unwritable(parent, cause);
      }),
    );
  }

  /** The path of a new part. */
  nextPart(): string {
    const path = join(this.path, `${this.parts.length}.count`);
    this.parts.push(path);
    return path;
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** What a folder says about itself. */
interface State {
  readonly header: CountHeader;
  readonly files: Resumption['files'];
  readonly position: Position;
  readonly parts: number;
}

/** A folder that says how far counting is, so that it can be carried on. */
export class ResumableFolder extends SpillFolder {
  private kept = performance.now();

  private constructor(
    path: string,
    private readonly header: CountHeader,
    private readonly resumption: Resumption,
  ) {
    super(path);
  }

  /** Makes the folder, or goes on where an earlier one stopped. Throws INVALID_ARGUMENT if that one is of other files or options, NOT_FOUND. */
  static async open(path: string, header: CountHeader, resumption: Resumption | undefined): Promise<ResumableFolder> {
    if (resumption === undefined) throw invalidArgument('resume', 'false, as only files can be read on from a place', true);
    const folder = new ResumableFolder(path, header, resumption);
    await mkdir(path, { recursive: true }).catch((cause: unknown) => {
      throw unwritable(path, cause);
    });
    const state = readState(join(path, STATE));
    if (state !== null) folder.goOn(state);
    // Parts that the state does not name were not finished.
    const known = new Set([STATE, ...folder.parts.map((_, index) => `${index}.count`)]);
    for (const name of await readdir(path)) if (!known.has(name)) await rm(join(path, name));
    return folder;
  }

  /** Not in the middle of a file that must be read as a whole. */
  canKeep(): boolean {
    return this.resumption.position !== null;
  }

  /** Whether it is time to keep what was counted. */
  isDue(): boolean {
    return this.canKeep() && performance.now() - this.kept >= KEEP_MILLISECONDS;
  }

  /** All words so far are in the parts: from here counting can be carried on. */
  async keep(): Promise<void> {
    const { header, resumption, parts } = this;
    const { files, position } = resumption;
    if (position === null) return;
    const state: State = { header, files, position, parts: parts.length };
    await writeTextAtomically(join(this.path, STATE), JSON.stringify(state));
    this.kept = performance.now();
  }

  private goOn({ header, files, position, parts }: State): void {
    if (JSON.stringify([header, files]) !== JSON.stringify([this.header, this.resumption.files])) {
      throw new MerganserError(
        'INVALID_ARGUMENT',
        `Expected ${this.path} to be of the same files and options, but it is of others, or the files have changed. Remove it to begin anew.`,
      );
    }
    this.resumption.start = position;
    for (let part = 0; part < parts; part++) this.nextPart();
  }
}

function readState(path: string): State | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return null;
  }
  try {
    return JSON.parse(text) as State;
  } catch (cause) {
    throw new MerganserError('MALFORMED_FILE', `Expected ${path} to be JSON, but ${(cause as Error).message}.`, { cause });
  }
}

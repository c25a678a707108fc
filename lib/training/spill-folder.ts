/** Folders of count files for what does not fit into memory, or must survive an interruption. In Node; spill-folder.browser.ts stands in where there are no files. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { invalidArgument, MerganserError } from '../errors';
import { makeFolder, writeTextAtomically } from '../tokenizer/load/files';
import { unwritable } from './count-files';
import type { CountHeader } from './count-format';
import type { Position, Resumption } from './sources';

const STATE = 'state.json';
/** Of all files that are written here, and of what becomes them. */
const OWN_NAME = /^([0-9]+\.count|state\.json)(\.[0-9a-f-]+\.tmp)?$/;

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

  /** Nothing more is written. */
  async close(): Promise<void> {
    await this.remove();
  }
}

/** Of what a folder holds the counts, apart from the files. */
export interface CountedAs {
  readonly header: CountHeader;
  /** How texts are read, as far as words depend on it. */
  readonly reading: unknown;
}

/** What a folder says about itself. */
interface State {
  readonly of: CountedAs;
  readonly files: Resumption['files'];
  readonly position: Position;
  readonly parts: number;
}

/** A folder that says how far counting is, so that it can be carried on. */
export class ResumableFolder extends SpillFolder {
  private kept = performance.now();

  private constructor(
    path: string,
    private readonly of: CountedAs,
    private readonly everyMilliseconds: number,
    private readonly resumption: Resumption,
  ) {
    super(path);
  }

  /** Makes the folder, or goes on where an earlier one stopped. Throws INVALID_ARGUMENT if that one is of other files or options, NOT_FOUND. */
  static async open(path: string, of: CountedAs, everySeconds: number, resumption: Resumption | undefined): Promise<ResumableFolder> {
    if (resumption === undefined) throw invalidArgument('resume', 'false, as only files can be read on from a place', true);
    const folder = new ResumableFolder(path, of, 1000 * everySeconds, resumption);
    await makeFolder(path).catch((cause: unknown) => {
      throw unwritable(path, cause);
    });
    const state = readState(join(path, STATE));
    if (state !== null) folder.goOn(state);
    // Parts that the state does not name were not finished.
    const known = new Set([STATE, ...folder.parts.map((_, index) => `${index}.count`)]);
    for (const name of await readdir(path)) if (OWN_NAME.test(name) && !known.has(name)) await rm(join(path, name));
    return folder;
  }

  /** Not in the middle of a file that must be read as a whole. */
  canKeep(): boolean {
    return this.resumption.position !== null;
  }

  /** Whether it is time to keep what was counted. */
  isDue(): boolean {
    return this.canKeep() && performance.now() - this.kept >= this.everyMilliseconds;
  }

  /** All words so far are in the parts: from here counting can be carried on. */
  async keep(): Promise<void> {
    const { of, resumption, parts } = this;
    const { files, position } = resumption;
    if (position === null) return;
    const state: State = { of, files, position, parts: parts.length };
    await writeTextAtomically(join(this.path, STATE), JSON.stringify({ ...state, checksum: checksumOf(state) }));
    this.kept = performance.now();
  }

  /** Leaves nothing behind but what can be carried on. */
  override async close(): Promise<void> {
    await rmdir(this.path).catch(() => undefined);
  }

  private goOn({ of, files, position, parts }: State): void {
    if (JSON.stringify([of, files]) !== JSON.stringify([this.of, this.resumption.files])) {
      throw new MerganserError(
        'INVALID_ARGUMENT',
        `Expected ${this.path} to be of the same files and options, but it is of others, or the files have changed. Remove it to begin anew.`,
      );
    }
    this.resumption.start = this.resumption.position = position;
    for (let part = 0; part < parts; part++) this.nextPart();
  }
}

/** Removes a folder of counts, but for what is not of it. */
export async function removeResumable(path: string): Promise<void> {
  for (const name of await readdir(path).catch(() => [])) if (OWN_NAME.test(name)) await rm(join(path, name), { force: true });
  await rmdir(path).catch(() => undefined);
}

function readState(path: string): State | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return null;
  }
  try {
    const { checksum, ...state } = JSON.parse(text) as State & { checksum: string };
    if (checksum === checksumOf(state)) return state;
  } catch {
    // It is damaged.
  }
  throw new MerganserError(
    'MALFORMED_FILE',
    `Expected ${path} to be as it was written, but it is damaged. Remove its folder to begin anew.`,
  );
}

function checksumOf(state: State): string {
  return createHash('sha256').update(JSON.stringify(state)).digest('hex');
}

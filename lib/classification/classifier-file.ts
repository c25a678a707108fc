/** The file of a classifier; docs/clustering.md describes it for other programs. */
import { damagedRecord, readRecord, writeRecord } from '../records/sealed-record';
import { GREATEST_SQUARE } from '../clustering/greatest-square';
import { MerganserError } from '../errors';
import { readSettings, type ClassifierSettings } from './settings';
import type { CentroidStatistics } from './statistics';
import type { ClassLabel } from './types';

const MAGIC = 'MERGCLS1';
const WHAT = "a classifier's file";

export interface ClassifierParts<Label extends ClassLabel> {
  readonly settings: ClassifierSettings;
  readonly classes: readonly Label[];
  readonly statistics: CentroidStatistics;
}

export function writeClassifier({ settings, classes, statistics }: ClassifierParts<ClassLabel>): Uint8Array {
  const { dims, classOf, counts, centroids, centre, scatter } = statistics;
  const body = new DataView(new ArrayBuffer(8 * (centroids.length + centre.length + scatter.length)));
  let at = 0;
  for (const values of [centroids, centre, scatter]) {
    for (const value of values) {
      body.setFloat64(at, value, true);
      at += 8;
    }
  }
  const header = { version: 1, dims, settings, classes, classOf: [...classOf], counts: [...counts] };
  return writeRecord(MAGIC, header, new Uint8Array(body.buffer));
}

/** Throws MALFORMED_FILE. */
export function readClassifier(file: Uint8Array): ClassifierParts<ClassLabel> {
  const { header, body } = readRecord(MAGIC, WHAT, file);
  const { dims, classes, classOf, counts } = checkedHeader(header);
  const numbers = dims * (classOf.length + 2);
  if (body.length !== 8 * numbers) throw damagedRecord(WHAT, `${numbers} numbers, as its header says`, `${body.length} bytes`);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const values = Float64Array.from({ length: numbers }, (_, i) => view.getFloat64(8 * i, true));
  const ends = [classOf.length * dims, (classOf.length + 1) * dims];
  const [centroids, centre, scatter] = [values.slice(0, ends[0]), values.slice(ends[0], ends[1]), values.slice(ends[1])];
  const ofVectors = centroids.every(isCoordinate) && centre.every(isCoordinate) && scatter.every((sum) => sum >= 0 && sum < Infinity);
  if (!ofVectors) throw damagedRecord(WHAT, 'numbers that vectors have', 'others');
  const settings = checkedSettings(header['settings']);
  const { blocks, priors } = settings;
  if (dims % blocks !== 0 || (typeof priors !== 'string' && priors.length !== classes.length))
    throw damagedRecord(WHAT, 'settings that fit its classes', 'others');
  return {
    settings,
    classes,
    statistics: { dims, classOf: Uint32Array.from(classOf), counts: Float64Array.from(counts), centroids, centre, scatter },
  };
}

function isCoordinate(value: number): boolean {
  return value * value <= GREATEST_SQUARE;
}

interface Header {
  readonly dims: number;
  readonly classes: readonly ClassLabel[];
  readonly classOf: readonly number[];
  readonly counts: readonly number[];
}

function checkedHeader(header: Record<string, unknown>): Header {
  const { version, dims, classes, classOf, counts } = header;
  const positive = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
  if (version !== 1) throw damagedRecord(WHAT, 'version 1', `version ${String(version)}`);
  const fits =
    positive(dims) &&
    Array.isArray(classes) &&
    classes.every((label) => typeof label === typeof classes[0] && (typeof label === 'string' || Number.isFinite(label))) &&
    classes.every((label, i) => i === 0 || classes[i - 1] < label) &&
    Array.isArray(classOf) &&
    classOf.length > 0 &&
    // Ascending, and every class has one.
    classOf.every((code, i) => (i === 0 ? code === 0 : code === classOf[i - 1] || code === classOf[i - 1] + 1)) &&
    classOf[classOf.length - 1] === classes.length - 1 &&
    Array.isArray(counts) &&
    counts.length === classOf.length &&
    counts.every((count) => positive(count) && count <= Number.MAX_SAFE_INTEGER);
  if (!fits) throw damagedRecord(WHAT, 'parts that fit together', 'others');
  return header as unknown as Header;
}

function checkedSettings(settings: unknown): ClassifierSettings {
  try {
    return readSettings(settings as ClassifierSettings);
  } catch (cause) {
    if (!(cause instanceof MerganserError)) throw cause;
    throw damagedRecord(WHAT, 'known settings', JSON.stringify(settings));
  }
}

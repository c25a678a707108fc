/** Classification by the nearest centroid. */
import { inTurns } from '../backend/js/turns';
import type { BackendName, Kernels } from '../backend/kernels';
import { selectKernels } from '../backend/select';
import { integer } from '../clustering/kmeans-options';
import { float32Vectors, ownPoints, pointsOf, type Float32Vectors, type Vectors } from '../clustering/matrix';
import { invalidArgument, unexpected } from '../errors';
import { readBytes, writeBytesAtomically } from '../tokenizer/load/files';
import { encodeLabels } from './class-labels';
import { readClassifier, writeClassifier, type ClassifierParts } from './classifier-file';
import { byDistance, decisionScores, greatestOf, nearerTo, softmaxRows } from './decision';
import type { DistanceTask } from './distances';
import { learn } from './learn';
import { measure, measureSync, nearest, nearestSync } from './measure';
import { modelOf, type ClassModel } from './model';
import { readSettings } from './settings';
import { noStatistics } from './statistics';
import type { AsyncClassificationOptions, ClassificationOptions, ClassLabel, NearestCentroidOptions } from './types';

/**
 * Says which class a vector belongs to by the distance to the centroids of the classes, as scikit-learn's estimator of this name does, with its shrinking and priors; with
 * several centroids for a class if wanted. Vectors of several blocks are the hidden states of all layers of a model, for example: so CLUE (arXiv 2510.01591) tells right
 * answers from wrong ones, see {@link verify} and {@link rank}. A classifier does not change.
 */
export class NearestCentroid<Label extends ClassLabel = ClassLabel> {
  /** Ascending: numbers by size, strings by their code units. */
  readonly classes: readonly Label[];
  private readonly model: ClassModel;

  private constructor(
    private readonly parts: ClassifierParts<Label>,
    private readonly backend: BackendName | undefined,
  ) {
    this.classes = parts.classes;
    this.model = modelOf(parts.statistics, parts.settings, parts.classes.length);
  }

  /** One label for each point. Rejects with INVALID_ARGUMENT, if a point is not finite for example, and with ABORTED. */
  static async fit<Label extends ClassLabel>(
    points: Vectors,
    labels: ArrayLike<Label>,
    options: NearestCentroidOptions & AsyncClassificationOptions = {},
  ): Promise<NearestCentroid<Label>> {
    const settings = readSettings(options);
    const { dims, count } = pointsOf(points, 'points');
    if (count === 0) throw unexpected('points', 'at least one vector', 'none');
    if (dims % settings.blocks !== 0) throw invalidArgument('blocks', `a divisor of the vectors' ${dims} numbers`, settings.blocks);
    const parts: ClassifierParts<Label> = { settings, classes: [], statistics: noStatistics(dims, new Uint32Array(0)) };
    return NearestCentroid.learned(parts, points, labels, options.backend, options);
  }

  /**
   * A classifier that has seen these vectors too, as if they had come with the others; classes may be new. Where a class has several centroids, a vector joins the nearest.
   * Medians cannot be continued: with 'manhattan' it rejects with INVALID_ARGUMENT.
   */
  partialFit(points: Vectors, labels: ArrayLike<Label>, options: AsyncClassificationOptions = {}): Promise<NearestCentroid<Label>> {
    if (this.parts.settings.metric === 'manhattan')
      return Promise.reject(unexpected('the metric', 'one whose centroids are means', '"manhattan"'));
    return NearestCentroid.learned(this.parts, points, labels, this.backend, options);
  }

  /** Length of the vectors. */
  get dims(): number {
    return this.model.dims;
  }

  /** The centroids that vectors are compared with, shrunken if that is asked for, and the class of each. */
  get centroids(): Float32Vectors & { readonly classes: readonly Label[] } {
    const { centroids, dims, classOf } = this.model;
    return { ...float32Vectors(Float32Array.from(centroids), dims), classes: Array.from(classOf, (code) => this.classes[code]) };
  }

  /** Standard deviation of the vectors around their centroids in each dimension. */
  get deviations(): Float64Array {
    return this.model.deviations.slice();
  }

  /** How probable each class is before anything is known of a vector. */
  get priors(): Float64Array {
    return this.model.priors.slice();
  }

  /**
   * The class of each vector: the nearest, of equally near ones the first; with priors that differ, the one of the greatest decision score. Rejects with INVALID_ARGUMENT
   * and ABORTED.
   */
  async predict(points: Vectors, options: AsyncClassificationOptions = {}): Promise<Label[]> {
    return this.named(
      this.model.uniform
        ? await nearest(await this.ownTask(points, options), this.kernels(), options)
        : greatestOf(await this.decisionScores(points, options)),
    );
  }

  /** The same at once, as all whose names end so. Throws INVALID_ARGUMENT. */
  predictSync(points: Vectors, options: ClassificationOptions = {}): Label[] {
    return this.named(
      this.model.uniform ? nearestSync(this.task(points, options), this.kernels()) : greatestOf(this.decisionScoresSync(points, options)),
    );
  }

  /** Distance of each vector to the nearest centroid of each class: [vectors, classes]. Rejects as {@link predict} does. */
  async distances(points: Vectors, options: AsyncClassificationOptions = {}): Promise<Float32Vectors> {
    return measure(await this.ownTask(points, options), this.kernels(), options);
  }

  distancesSync(points: Vectors, options: ClassificationOptions = {}): Float32Vectors {
    return measureSync(this.task(points, options), this.kernels());
  }

  /**
   * −d² + 2 ln prior: [vectors, classes]; d is the distance with every dimension divided by its deviation, unless that is 0. (Hastie, Tibshirani & Friedman, The Elements of
   * Statistical Learning, 18.2.) Rejects as {@link predict} does.
   */
  async decisionScores(points: Vectors, options: AsyncClassificationOptions = {}): Promise<Float32Vectors> {
    return decisionScores(await measure(await this.ownTask(points, options, true), this.kernels(), options), this.model.priors);
  }

  decisionScoresSync(points: Vectors, options: ClassificationOptions = {}): Float32Vectors {
    return decisionScores(measureSync(this.task(points, options, true), this.kernels()), this.model.priors);
  }

  /** Softmax of the decision scores: [vectors, classes]. Rejects as {@link predict} does. */
  async probabilities(points: Vectors, options: AsyncClassificationOptions = {}): Promise<Float32Vectors> {
    return softmaxRows(await this.decisionScores(points, options));
  }

  probabilitiesSync(points: Vectors, options: ClassificationOptions = {}): Float32Vectors {
    return softmaxRows(this.decisionScoresSync(points, options));
  }

  /** CLUE's verification: 1 for each vector that is nearer to `label` than to every other class, 0 if it is equally near. Rejects as {@link predict} does. */
  async verify(points: Vectors, label: Label, options: AsyncClassificationOptions = {}): Promise<Uint8Array> {
    const code = this.codeOf(label);
    return nearerTo(await this.distances(points, options), code);
  }

  verifySync(points: Vectors, label: Label, options: ClassificationOptions = {}): Uint8Array {
    return nearerTo(this.distancesSync(points, options), this.codeOf(label));
  }

  /** CLUE's reranking: numbers of the vectors, the nearest to `label` first, of equally near ones the lowest. Rejects as {@link predict} does. */
  async rank(points: Vectors, label: Label, options: AsyncClassificationOptions = {}): Promise<Uint32Array> {
    const code = this.codeOf(label);
    return byDistance(await this.distances(points, options), code);
  }

  rankSync(points: Vectors, label: Label, options: ClassificationOptions = {}): Uint32Array {
    return byDistance(this.distancesSync(points, options), this.codeOf(label));
  }

  toBytes(): Uint8Array {
    return writeClassifier(this.parts);
  }

  /** Throws MALFORMED_FILE unless the bytes are a classifier's, whole and undamaged. */
  static fromBytes(bytes: Uint8Array, options: Pick<NearestCentroidOptions, 'backend'> = {}): NearestCentroid {
    return new NearestCentroid(readClassifier(bytes), options.backend);
  }

  /** Rejects with NOT_FOUND if the file cannot be written. */
  save(path: string): Promise<void> {
    return writeBytesAtomically(path, this.toBytes());
  }

  /** Rejects with NOT_FOUND, and with MALFORMED_FILE if the file is damaged, cut off or none. */
  static async load(path: string, options: Pick<NearestCentroidOptions, 'backend'> = {}): Promise<NearestCentroid> {
    return NearestCentroid.fromBytes(await readBytes(path), options);
  }

  private kernels(): Kernels {
    return selectKernels(this.backend);
  }

  private task(vectors: Vectors, { threads = 0 }: ClassificationOptions, standardized = false): DistanceTask {
    const points = pointsOf(vectors, 'points');
    if (points.dims !== this.dims) throw unexpected('points', `vectors of ${this.dims} numbers`, `vectors of ${points.dims}`);
    integer(threads, 'threads', 0, 1024);
    return { model: this.model, points, ...this.parts.settings, standardized, threads };
  }

  private async ownTask(vectors: Vectors, options: AsyncClassificationOptions, standardized = false): Promise<DistanceTask> {
    const task = this.task(vectors, options, standardized);
    return { ...task, points: await ownPoints(task.points, 'points', options.signal) };
  }

  private named(codes: Uint32Array): Label[] {
    return Array.from(codes, (code) => this.classes[code]);
  }

  private codeOf(label: Label): number {
    const code = this.classes.indexOf(label);
    if (code < 0) throw invalidArgument('label', 'one of the classes', label);
    return code;
  }

  private static async learned<Label extends ClassLabel>(
    { settings, classes: known, statistics: before }: ClassifierParts<Label>,
    vectors: Vectors,
    labels: ArrayLike<Label>,
    backend: BackendName | undefined,
    control: AsyncClassificationOptions,
  ): Promise<NearestCentroid<Label>> {
    const given = pointsOf(vectors, 'points');
    if (given.dims !== before.dims) throw unexpected('points', `vectors of ${before.dims} numbers`, `vectors of ${given.dims}`);
    const points = await ownPoints(given, 'points', control.signal);
    const { classes, codes } = await inTurns(encodeLabels(labels, points.count, known), control.signal);
    const classOf = before.classOf.map((code) => classes.indexOf(known[code]));
    const task = { settings, points, codes, classes: classes.length, backend, control };
    const statistics = await learn(task, { ...before, classOf });
    return new NearestCentroid({ settings, classes, statistics }, backend);
  }
}

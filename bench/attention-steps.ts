/**
 * What a decoding step over a clustered context consists of, one thread: each part is measured alone, as a call of the backend, and stands beside the time that its bytes take at the
 * bandwidth measured in the same run. What cannot be called alone is a difference: selection and lists, estimates, and JavaScript.
 */
import type { ClusterEstimate } from '../lib/attention/context/types';
import { attendSpec, emptyResult, shapeOf } from '../lib/attention/context/attend-call';
import type { AttendPlan } from '../lib/attention/context/attend-plan';
import type { Queries } from '../lib/attention/context/query-rows';
import { partsOfClusters } from '../lib/backend/js/attention/attend-clusters';
import { selectKernels } from '../lib/backend/select';
import { DIMS, measured, type Shape } from './attention-peers';
import { layersOf, millisecondsOf, stepsOf, thresholdFor, turnQueries, warmUp, type Layer, type Step } from './attention-sparse';

const HEADS = 8;

export async function stepTable(folder: string, types: readonly Shape['type'][], keys: number, runs: number): Promise<void> {
  const kernels = selectKernels('native');
  const bandwidth = measured(folder, 'read-bandwidth', '1');
  await warmUp();
  console.log(`\n| one step, ${HEADS} heads, ${keys} keys | type | µs | µs at ${bandwidth ?? '–'} GB/s |\n|---|---|---:|---:|`);
  for (const type of types) {
    const all = await layersOf(type, keys);
    const threshold = await thresholdFor(all, HEADS);
    const queriesOf = (turn: number): Queries => ({
      ...{ data: turnQueries(all.queries, HEADS, turn).data, type: 'float32', batch: 1, heads: HEADS, length: 1, dims: DIMS },
    });
    const plan = (turn: number, estimate: ClusterEstimate): AttendPlan => ({
      ...{
        kernels,
        queries: queriesOf(turn),
        added: null,
        causal: true,
        coarseThresholds: null,
        perTile: 1,
        estimate,
        lookup: 'int8',
        threads: 1,
      },
      selections: Array.from({ length: HEADS }, () => ({ kind: 'threshold', threshold })),
    });
    const whole =
      (estimate: ClusterEstimate): Step =>
      ({ store }, turn) => {
        const call = plan(turn, estimate);
        kernels.attendClusters(attendSpec(store, call), emptyResult(call.queries).to);
      };
    // What each turn chooses, found before anything is measured.
    const turns = new Map<number, ReturnType<typeof kernels.attendClusters>>();
    const chosen = ({ store }: Layer, turn: number): ReturnType<typeof kernels.attendClusters> => {
      const call = plan(turn, 'none');
      const lists = turns.get(turn % 64) ?? kernels.attendClusters(attendSpec(store, call), emptyResult(call.queries).to);
      turns.set(turn % 64, lists);
      return lists;
    };
    for (let turn = 0; turn < 64; turn++) chosen(all.layers[0], turn);
    const clusterCount = all.layers[0].store.clusters;
    const scores = new Float32Array(HEADS * clusterCount);
    const prepared = new Map(all.layers.map((layer) => [layer, stepsOf(layer, { queryHeads: HEADS, threshold, threads: 1 })]));
    let kept = 0;
    let calls = 0;
    const [lookup, rows, none, mean, variance, steps] = millisecondsOf(all.layers, runs, [
      ({ store }, turn) => {
        const spec = attendSpec(store, plan(turn, 'none'));
        kernels.centroidScores({ ...shapeOf(store, queriesOf(turn), 1), threads: 1, clusters: spec.clusters }, scores);
      },
      ({ store }, turn) => {
        const call = plan(turn, 'none');
        const spec = attendSpec(store, call);
        kernels.attend({ ...spec, parts: partsOfClusters(spec, chosen({ store } as Layer, turn)) }, emptyResult(call.queries).to);
      },
      ...(['none', 'mean', 'variance'] as const).map(whole),
      (layer, turn) => {
        const result = prepared.get(layer)!.attend(turnQueries(all.queries, HEADS, turn).data);
        return () => {
          kept += result.kept.fraction;
          calls++;
        };
      },
    ]);
    const clusterBytes = HEADS * clusterCount * DIMS;
    const rowBytes = (2 * HEADS * DIMS * (type === 'float32' ? 4 : 2) * keys * kept) / calls;
    const parts: (readonly [string, number, number])[] = [
      ['lookup', lookup, clusterBytes],
      ['rows of the chosen clusters', rows, rowBytes],
      ['the whole call of the backend, without estimates', none, clusterBytes + rowBytes],
      ['selection, lists, portions: what is left of it', none - lookup - rows, 0],
      ['estimates by means', mean - none, 2 * clusterBytes],
      ['variances besides', variance - mean, 2 * clusterBytes],
      ['a prepared step, all of it', steps, clusterBytes + rowBytes],
    ];
    for (const [name, milliseconds, bytes] of parts) {
      const least = bandwidth === null || bytes === 0 ? '–' : (bytes / bandwidth / 1e3).toFixed(0);
      console.log(`| ${[name, type, (1e3 * milliseconds).toFixed(0), least].join(' | ')} |`);
    }
  }
}

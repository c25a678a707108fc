/** A small ONNX model for tests, written as the protobuf that onnx.proto3 describes: the mean of the embeddings of a token's ids. */

const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))]);
const number = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];
const bytes = (field: number, value: readonly number[]): number[] => [...varint(field * 8 + 2), ...varint(value.length), ...value];
const text = (field: number, value: string): number[] => bytes(field, [...new TextEncoder().encode(value)]);

const FLOAT = 1;
const INT32 = 6;
const INTS = 7;
const INT = 2;

function valueInfo(name: string, type: number, dims: readonly string[]): number[] {
  const shape = dims.flatMap((dim) => bytes(1, text(2, dim)));
  return [...text(1, name), ...bytes(2, bytes(1, [...number(1, type), ...bytes(2, shape)]))];
}

/** ids [tokens, length] (int32) → embeddings [tokens, width]: ReduceMean(Gather(table, ids), axis 1). `table`: rows of one width. */
export function meanModel(table: readonly number[][]): Uint8Array {
  const data = [...new Uint8Array(Float32Array.from(table.flat()).buffer)];
  const tensor = [...number(1, table.length), ...number(1, table[0].length), ...number(2, FLOAT), ...text(8, 'table'), ...bytes(9, data)];
  const gather = [...text(1, 'table'), ...text(1, 'ids'), ...text(2, 'rows'), ...text(4, 'Gather')];
  const axes = bytes(5, [...text(1, 'axes'), ...number(8, 1), ...number(20, INTS)]);
  const keepDims = bytes(5, [...text(1, 'keepdims'), ...number(3, 0), ...number(20, INT)]);
  const mean = [...text(1, 'rows'), ...text(2, 'embeddings'), ...text(4, 'ReduceMean'), ...axes, ...keepDims];
  const graph = [
    ...bytes(1, gather),
    ...bytes(1, mean),
    ...text(2, 'mean'),
    ...bytes(5, tensor),
    ...bytes(11, valueInfo('ids', INT32, ['tokens', 'length'])),
    ...bytes(12, valueInfo('embeddings', FLOAT, ['tokens', 'width'])),
  ];
  return Uint8Array.from([...number(1, 8), ...bytes(7, graph), ...bytes(8, number(2, 13))]);
}

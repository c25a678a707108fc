/** Builds SentencePiece character maps (a Darts-clone double-array trie with its replacements) for tests. */

interface TrieNode {
  readonly children: Map<number, TrieNode>;
  replacement: string | null;
}

/** The map in base64, as tokenizer.json has it. */
export function buildCharsmap(replacements: Readonly<Record<string, string>>): string {
  const root: TrieNode = { children: new Map(), replacement: null };
  for (const [text, replacement] of Object.entries(replacements)) insert(root, text, replacement);
  const array = new DoubleArray();
  array.place(root, 0);
  array.pad();
  const header = Buffer.alloc(4);
  const units = Buffer.from(Uint32Array.from({ length: array.units.length }, (_, i) => array.units[i] ?? 0).buffer);
  header.writeUInt32LE(units.length);
  return Buffer.concat([header, units, Buffer.from(array.replacements)]).toString('base64');
}

function insert(root: TrieNode, text: string, replacement: string): void {
  let node = root;
  for (const byte of Buffer.from(text)) {
    let child = node.children.get(byte);
    if (child === undefined) node.children.set(byte, (child = { children: new Map(), replacement: null }));
    node = child;
  }
  node.replacement = replacement;
}

class DoubleArray {
  readonly units: Array<number | undefined> = [0];
  readonly replacements: number[] = [];

  /** Gives the children of the node at `index` their places: label ^ base, and the node's own value at base. */
  place(node: TrieNode, index: number): void {
    const labels = [...node.children.keys()];
    let base = 1;
    while (this.isTaken(base) || labels.some((label) => this.isTaken(base ^ label))) base++;
    const label = this.units[index]! & 0xff;
    this.units[index] = (label | ((base ^ index) << 10) | (node.replacement === null ? 0 : 1 << 8)) >>> 0;
    this.units[base] = node.replacement === null ? 0 : (0x80000000 | this.store(node.replacement)) >>> 0;
    for (const child of labels) this.units[base ^ child] = child;
    for (const [child, childNode] of node.children) this.place(childNode, base ^ child);
  }

  /** Look-ups go to label ^ base for any label. */
  pad(): void {
    this.units.length = (this.units.length | 0xff) + 1;
  }

  private isTaken(index: number): boolean {
    return index === 0 || this.units[index] !== undefined;
  }

  private store(replacement: string): number {
    const start = this.replacements.length;
    this.replacements.push(...Buffer.from(replacement), 0);
    return start;
  }
}

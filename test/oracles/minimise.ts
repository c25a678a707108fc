/** Shrinks a text for which `differs` holds, by leaving out ever smaller runs of characters (delta debugging). */
export async function minimise(text: string, differs: (candidate: string) => Promise<boolean> | boolean): Promise<string> {
  let characters = Array.from(text);
  for (let size = Math.ceil(characters.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < characters.length;) {
      const candidate = [...characters.slice(0, start), ...characters.slice(start + size)];
      if (candidate.length < characters.length && (await differs(candidate.join('')))) characters = candidate;
      else start += size;
    }
  }
  return characters.join('');
}

/** A text so that every character can be seen and pasted into a test. */
export function printable(text: string): string {
  return JSON.stringify(text).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

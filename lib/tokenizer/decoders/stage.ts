/**
 * Decoders as stages through which token strings flow. One implementation serves both ways of decoding: at once and as a stream.
 *
 * A stage either sees tokens, or, behind Fuse and ByteLevel, fragments of what is one single token. Each decoder's rules are about whole
 * tokens, so what it does to fragments is a matter of its own; `wholeToken` is the way out where nothing can be said before the end.
 */
export interface Sink {
  write(text: string): void;
  /** No more will come. Called once. */
  end(): void;
}

/** Makes a stage that writes to `next`. */
export type StageFactory = (next: Sink) => Sink;

/** A stage that looks at each token alone. */
export function eachToken(map: (token: string) => string): StageFactory {
  return (next) => ({
    write: (token) => next.write(map(token)),
    end: () => next.end(),
  });
}

/** Collects the fragments of the single token and gives it to a stage for tokens. */
export function wholeToken(factory: StageFactory): StageFactory {
  return (next) => {
    const stage = factory(next);
    let token = '';
    return {
      write: (fragment) => void (token += fragment),
      end() {
        stage.write(token);
        stage.end();
      },
    };
  };
}

/** Rust's `str::replace`: an empty `from` matches between all characters. */
export function replaceText(text: string, from: string, to: string): string {
  if (from !== '') return text.includes(from) ? text.replaceAll(from, () => to) : text;
  let result = to;
  for (const character of text) result += character + to;
  return result;
}

/** Replaces a text in fragments; holds back what may be the beginning of an occurrence. */
export function replaceInFragments(from: string, to: string): StageFactory {
  if (from === '') return wholeToken(eachToken((token) => replaceText(token, from, to)));
  return (next) => {
    let held = '';
    return {
      write(fragment) {
        const text = held + fragment;
        let end = 0;
        let result = '';
        for (let found = text.indexOf(from); found >= 0; found = text.indexOf(from, end)) {
          result += text.slice(end, found) + to;
          end = found + from.length;
        }
        held = possibleBeginning(text, end, from);
        next.write(result + text.slice(end, text.length - held.length));
      },
      end() {
        next.write(held);
        next.end();
      },
    };
  };
}

/** The longest end of `text`, from `start` on, with which `pattern` begins. */
function possibleBeginning(text: string, start: number, pattern: string): string {
  for (let at = Math.max(start, text.length - pattern.length + 1); at < text.length; at++) {
    if (pattern.startsWith(text.slice(at))) return text.slice(at);
  }
  return '';
}

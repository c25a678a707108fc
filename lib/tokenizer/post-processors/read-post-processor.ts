import { MerganserError } from '../../errors';
import type { EncodingPart } from '../encoding-parts';
import { JsonFields } from '../load/json-fields';
import { ByteLevelProcessor } from './byte-level';
import { BertProcessor, RobertaProcessor, type Special } from './cls-sep';
import type { LayoutPiece, PostProcessor } from './post-processor';
import { TemplateProcessor } from './template';

const MAX_UINT32 = 0xffff_ffff;

/** Reads a post-processor as it stands in tokenizer.json; null: there is none. */
export function readPostProcessor(json: unknown, path = 'post_processor'): PostProcessor | null {
  if (json === null || json === undefined) return null;
  const fields = JsonFields.of(json, path);
  switch (fields.get('type')) {
    case 'TemplateProcessing':
      return TemplateProcessor.read(fields);
    case 'ByteLevel':
      return new ByteLevelProcessor(fields.boolean('trim_offsets'), fields.boolean('add_prefix_space'));
    case 'BertProcessing':
      return new BertProcessor(readSpecial(fields, 'cls'), readSpecial(fields, 'sep'));
    case 'RobertaProcessing':
      return new RobertaProcessor(
        readSpecial(fields, 'cls'),
        readSpecial(fields, 'sep'),
        fields.boolean('trim_offsets'),
        fields.boolean('add_prefix_space'),
      );
    case 'Sequence':
      return readSequence(fields);
    default:
      throw new MerganserError(
        'UNSUPPORTED',
        `Expected ${path}.type to be TemplateProcessing, ByteLevel, BertProcessing, RobertaProcessing or Sequence, but got ${JSON.stringify(fields.get('type'))}.`,
      );
  }
}

/** A special token as ["[CLS]", 101]. */
function readSpecial(fields: JsonFields, name: string): Special {
  const [token, id, ...rest] = fields.array(name);
  if (typeof token !== 'string' || typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > MAX_UINT32 || rest.length > 0) {
    throw fields.error(name, 'a token and its id');
  }
  return { token, id };
}

function readSequence(fields: JsonFields): PostProcessor {
  const processors = fields
    .array('processors')
    .map((json, index) => readPostProcessor(json, `${fields.pathOf('processors')}[${index}]`))
    .filter((processor) => processor !== null);
  return new SequenceProcessor(processors);
}

/** Sequence: one after the other. */
class SequenceProcessor implements PostProcessor {
  constructor(private readonly processors: readonly PostProcessor[]) {}

  addedTokens(pair: boolean): number {
    return this.processors.reduce((sum, processor) => sum + processor.addedTokens(pair), 0);
  }

  process(parts: readonly EncodingPart[], addSpecialTokens: boolean): EncodingPart[] {
    return this.processors.reduce((current, processor) => processor.process(current, addSpecialTokens), [...parts]);
  }

  layout(pieces: readonly LayoutPiece[], addSpecialTokens: boolean): LayoutPiece[] {
    return this.processors.reduce((current, processor) => processor.layout(current, addSpecialTokens), [...pieces]);
  }
}

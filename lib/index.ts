/** The public surface of merganser. */
export { backendInfo } from './backend/select';
export type { BackendInfo, CudaDeviceInfo, CudaInfo } from './backend/info';
export { MerganserError, type MerganserErrorCode } from './errors';
export { BUNDLED_ENCODINGS, type BundledEncoding } from './tokenizer/encodings/load-ranks';
export { DecodeStream } from './tokenizer/decode-stream';
export { Tokenizer } from './tokenizer/tokenizer';
export type {
  AddedToken,
  AllowedSpecial,
  AsyncEncodeOptions,
  BatchEncodeOptions,
  CountOptions,
  DecodeOptions,
  EncodeOptions,
  Encoding,
  HubOptions,
  LoadOptions,
  Padding,
  RaggedTokens,
  TextInput,
  TiktokenOptions,
  TruncateOptions,
  Truncation,
  VocabMergesOptions,
} from './tokenizer/types';

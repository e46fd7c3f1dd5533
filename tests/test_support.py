"""The measure of support: true statements score high, falsified ones low; another measure can be named."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from kb import support
from kb.encoder import Encoder
from kb.errors import EncoderError
from kb.settings import Settings
from kb.support import Levels, Support, load_support
from kb.wording import likeness

CONSENT = (
    "The processing of sensitive personal information shall be based on the separate consent of the individual; where laws "
    "and administrative regulations provide that written consent shall be obtained, those provisions prevail."
)


@pytest.fixture(scope="module")
def measure(settings: Settings) -> Support:
    return load_support(settings)


@pytest.mark.model
@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("Separate consent is needed to process sensitive data.", "Separate consent is not needed to process sensitive data."),
        ("处理敏感个人信息应当取得个人的单独同意。", "处理敏感个人信息可以取得个人的单独同意。"),
        ("Il faut un consentement distinct pour traiter des informations sensibles.", "Un consentement distinct est demandé à la police avant chaque contrôle des visages."),
    ],
)  # fmt: skip
def test_what_is_borne_out_scores_higher(measure: Support, true: str, false: str) -> None:
    high, low = measure.scores([(true, CONSENT), (false, CONSENT)])
    assert high > 0.5 and low < 0.3


@pytest.mark.model
def test_scores_do_not_depend_on_company_or_order(measure: Support) -> None:
    texts = ["Consent is needed.", "Keep the faces of visitors for ten years in three places.", "处理者应当备案。"]
    pairs = [(text, CONSENT) for text in texts]
    alone = [Support("", measure.levels, measure._measure).scores([pair])[0] for pair in pairs]
    assert measure.scores(pairs) == pytest.approx(alone, abs=1e-4)
    assert measure.scores(pairs[::-1]) == pytest.approx(alone[::-1], abs=1e-4)
    assert measure.scores([]) == []


@pytest.mark.model
def test_a_statement_costs_about_one_query_encoding(measure: Support, encoder: Encoder) -> None:
    """Medians of the same run; the bound is wide, since other tests run beside. docs/gate.md has the figures of a quiet machine."""

    def median(run: object) -> float:
        times = []
        for number in range(15):
            started = time.perf_counter()
            run(number)  # type: ignore[operator]
            times.append(time.perf_counter() - started)
        return statistics.median(times)

    gate = median(lambda n: measure.scores([(f"Separate consent is needed in case {n}.", CONSENT)]))
    query = median(lambda n: encoder.encode_queries([f"May we use face recognition for attendance at site {n}?"]))
    assert gate <= 6 * query


def test_each_pair_is_measured_once() -> None:
    asked: list[tuple[str, str]] = []

    def length(pairs: object) -> list[float]:
        asked.extend(pairs)  # type: ignore[arg-type]
        return [0.5 for _ in pairs]  # type: ignore[attr-defined]

    one = Support("test", Levels(0.5, 0.5, 0.5, 0.5), length)
    assert one.scores([("a", "b"), ("a", "b"), ("c", "d")]) == [0.5, 0.5, 0.5]
    one.scores([("a", "b")])
    assert asked == [("a", "b"), ("c", "d")]


@pytest.mark.parametrize(
    ("statement", "needed"),
    [
        ("Sensitive personal information shall be processed on the separate consent of the individual.", 0.4),
        ("Anything goes.", 0.9),
        (
            "Handling people's private matters of this kind calls for a permission of its own from each one beforehand.",
            0.2,
        ),
        ("处理敏感的个人数据之前必须先让本人单独点头同意才行。", 0.1),
        ("随便处理。", 0.9),
    ],
)
def test_what_is_enough_depends_on_the_wording(statement: str, needed: float) -> None:
    measure = Support("test", Levels(like=0.4, free=0.1, far=0.2, thin=0.9), lambda _: [])
    assert measure.needed(likeness(statement, CONSENT)) == needed


@pytest.mark.model
def test_an_nli_model_can_be_named(settings: Settings, tmp_path: Path) -> None:
    """A tiny one with random weights: its scores mean nothing, but they are probabilities of its label `entailment`."""
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    from kb.encoder import bundled_folder

    tokenizer = AutoTokenizer.from_pretrained(str(bundled_folder(settings)), local_files_only=True)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        id2label={0: "contradiction", 1: "entailment", 2: "neutral"},
        label2id={"contradiction": 0, "entailment": 1, "neutral": 2},
    )
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    measure = load_support(settings.model_copy(update={"support": str(tmp_path)}))
    scores = measure.scores([("Consent is needed.", CONSENT), ("No.", CONSENT)])
    assert len(scores) == 2 and all(0.0 < score < 1.0 for score in scores)
    assert measure.needed(likeness("No.", CONSENT)) == 0.5


def test_what_cannot_be_loaded_is_said_in_one_line(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EncoderError, match=r"KB_SUPPORT=.*nowhere.*not found") as raised:
        load_support(settings.model_copy(update={"support": str(tmp_path / "nowhere")}))
    assert "\n" not in str(raised.value)
    broken = tmp_path / "adapter.npz"
    broken.write_bytes(b"PK\x03\x04 cut short")
    monkeypatch.setattr(support, "ADAPTER", broken)
    with pytest.raises(EncoderError, match=r"adapter\.npz: cannot be read"):
        load_support(settings)

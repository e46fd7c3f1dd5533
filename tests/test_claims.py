"""True claims in three styles: what the checks of an answer say of them is their rate of false alarms."""

from __future__ import annotations

import pytest

from eval.true_claims import written_claims
from kb.corpus import Corpus
from kb.ids import ProvisionId
from kb.model import LANGUAGES, Citation, Claim, Language
from kb.verify import check_numbers


@pytest.mark.parametrize(("language", "at_least"), [("en", 220), ("zh", 180), ("fr", 40)])
def test_every_claim_cites_a_provision_by_its_canonical_id(language: Language, at_least: int, corpus: Corpus) -> None:
    claims = written_claims(language)
    assert len(claims) >= at_least
    assert len({c.id for c in claims}) == len({c.text for c in claims}) == len(claims)
    for claim in claims:
        place = ProvisionId.parse(claim.cites)
        found = corpus.find(place)
        assert found is not None and found.id == place, claim.id


def test_the_check_of_numbers_raises_few_false_alarms(corpus: Corpus) -> None:
    claims = [c for language in LANGUAGES for c in written_claims(language)]
    alarms = []
    for claim in claims:
        citation = Citation(ProvisionId.parse(claim.cites), "", "", "in_force", "authority", 0, 0)
        if not check_numbers(Claim(claim.text, "", "en", 0), citation, corpus).passed:
            alarms.append(claim.id)
    assert len(alarms) / len(claims) <= 0.01, alarms

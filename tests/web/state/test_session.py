"""The state of a visitor whose browser is slower than its reader: what was chosen before the address had followed."""

from __future__ import annotations


def send_back(visit, former: dict[str, str]) -> None:
    """The browser reports with the address that it knew before."""
    visit.at.query_params.clear()
    for name, value in former.items():
        visit.at.query_params[name] = value


def test_choices_that_follow_each_other_too_fast_for_the_address_all_hold(app):
    visit = app("attention", text="The cat sat.")
    former = visit.url
    visit.report("heatmap", "form", "text")
    chosen = visit.url
    assert chosen == {**former, "form": "text"}
    send_back(visit, former)
    visit.report("heatmap", "held", [[0, 2]])
    assert visit.url == {**former, "form": "text", "held": "q2"}
    send_back(visit, chosen)  # a third, from between the two
    visit.report("heatmap", "held", [[0, 2], [0, 3]])
    assert visit.url == {**former, "form": "text", "held": "q2,q3"}
    assert visit.figure("heatmap")[0]["form"] == "text"


def test_who_goes_back_and_chooses_anew_has_left_what_was_chosen_before(app):
    visit = app("attention", text="The cat sat.")
    former = visit.url
    visit.report("heatmap", "form", "text")
    send_back(visit, former)
    visit.at.run()  # the back button reports nothing but the address
    assert visit.figure("heatmap")[0]["form"] == "heatmap"
    visit.report("heatmap", "held", [[0, 2]])
    assert visit.url == {**former, "held": "q2"}

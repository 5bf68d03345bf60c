"""What a map can hold besides the head's weights, as choices for the figure's one row of controls.

The figure draws them; what it reports is checked here and written to the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attnviz.figures import QUANTITIES
from attnviz.figures.messages import axes as maps
from attnviz.web.controls import pooled_heads
from attnviz.web.controls.head_map import QUANTITY, UNIT_TITLES
from attnviz.web.escape import clean
from attnviz.web.state import session
from attnviz.web.state.fields import MAX_NAME

if TYPE_CHECKING:
    from attnviz.figures.messages.heatmap import Option
    from attnviz.web.controls.head_map import HeadMap
    from attnviz.web.state.address import State

QUANTITY_HELP = (
    "The attention weight is what the softmax gives. The value-weighted norm is the length of the vector that the "
    "weight lets through, ‖weight · W_O · value‖: a large weight on a short value moves little (Kobayashi et al. "
    "2020). The contribution is how much of the attention block's output y lies in that vector, "
    "⟨weight · W_O · value, y⟩ / ‖y‖²: negative where it points against the output. Over all heads of the "
    "layer, all keys and the bias of W_O, the contributions to a token add up to 1 (terms: Kobayashi et al. "
    "2020; measure: Mickus et al. 2022)."
)


def offered(shown: HeadMap, state: State) -> list[Option]:
    """The choices for this map, as the figure draws them."""
    units = maps.units(shown.attention.queries, shown.attention.keys)
    quantities = {name: each.title.capitalize() for name, each in QUANTITIES.items()}
    if shown.form == "qk" and shown.pool is None:
        return []  # it shows one head's weights, token by token
    options = [_option("quantity", "What is shown", shown.quantity, QUANTITY, quantities, QUANTITY_HELP)]
    if len(units) > 1:
        titles = {name: UNIT_TITLES[name] for name in units}
        options.append(_option("unit", "Rows and columns are", shown.unit, units[0], titles))
    titles = {
        name: pooled_heads.TITLES[name] for name in (pooled_heads.ONE, *QUANTITIES[shown.quantity].pools)
    }
    how = shown.pool.how if shown.pool else pooled_heads.ONE
    options.append(_option("pool", "Which heads", how, pooled_heads.ONE, titles))
    if shown.pool is None:
        return options
    over = state.over or pooled_heads.LAYER
    part = over if over in (pooled_heads.LAYER, pooled_heads.MODEL) else pooled_heads.CHOSEN
    options.append(_option("over", "Of which", part, pooled_heads.LAYER, pooled_heads.SETS))
    if part == pooled_heads.CHOSEN:
        options.append(_option("heads", "Layer.head", over, over, {}, pooled_heads.HOW_TO_WRITE))
    return options


def _option(
    name: str, label: str, value: str, usual: str, choices: Mapping[str, str], help: str = ""
) -> Option:
    pairs = [list(pair) for pair in choices.items()]
    return {"name": name, "label": label, "value": value, "usual": usual, "choices": pairs, "help": help}


def changed(shown: HeadMap, state: State, name: str, value: Any) -> None:
    """The reader changed a choice; what is none of those offered is passed over."""
    option = next((each for each in offered(shown, state) if each["name"] == name), None)
    if (
        option is None
        or not isinstance(value, str)
        or (option["choices"] and value not in dict(option["choices"]))
    ):
        return
    if name == "quantity":
        pool = state.pool if state.pool in QUANTITIES[value].pools else None
        session.update(quantity=None if value == QUANTITY else value, pool=pool)
    elif name == "unit":
        session.update(unit=None if value == option["usual"] else value)
    elif name == "pool":
        one = value == pooled_heads.ONE
        session.update(pool=None if one else value, **({"over": None} if one else {}))
    elif name == "over":
        session.update(over=pooled_heads.as_written_for(value, shown.head, shown.attention.heads))
    else:
        session.update(over=pooled_heads.as_written(clean(value)[:MAX_NAME]))

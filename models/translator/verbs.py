"""Verbs of both languages: English present and past, French present, participle and future.

An entry is written "english|past/french". French persons are je, il, nous, vous, ils, in this order.
"""

from __future__ import annotations

from typing import NamedTuple

PERSONS = ("1s", "3s", "1p", "2p", "3p")


class Verb(NamedTuple):
    """`objects`: the kinds of nouns that it takes; none for a verb without an object."""

    english: str
    third: str
    past: str
    french: str
    present: tuple[str, ...]
    participle: str
    future: tuple[str, ...]
    objects: tuple[str, ...]


IRREGULAR = {  # infinitive: present, participle, stem of the future
    "voir": ("vois voit voyons voyez voient", "vu", "verr"),
    "boire": ("bois boit buvons buvez boivent", "bu", "boir"),
    "prendre": ("prends prend prenons prenez prennent", "pris", "prendr"),
    "connaître": ("connais connaît connaissons connaissez connaissent", "connu", "connaîtr"),
    "dormir": ("dors dort dormons dormez dorment", "dormi", "dormir"),
    "courir": ("cours court courons courez courent", "couru", "courr"),
    "recevoir": ("reçois reçoit recevons recevez reçoivent", "reçu", "recevr"),
    "suivre": ("suis suit suivons suivez suivent", "suivi", "suivr"),
    "vouloir": ("veux veut voulons voulez veulent", "voulu", "voudr"),
    "pouvoir": ("peux peut pouvons pouvez peuvent", "pu", "pourr"),
    "devoir": ("dois doit devons devez doivent", "dû", "devr"),
    "être": ("suis est sommes êtes sont", "été", "ser"),
    "avoir": ("ai a avons avez ont", "eu", "aur"),
    "croire": ("crois croit croyons croyez croient", "cru", "croir"),
    "sourire": ("souris sourit sourions souriez sourient", "souri", "sourir"),
    "dire": ("dis dit disons dites disent", "dit", "dir"),
    "offrir": ("offre offre offrons offrez offrent", "offert", "offrir"),
    "envoyer": ("envoie envoie envoyons envoyez envoient", "envoyé", "enverr"),
}


def conjugated(infinitive: str) -> tuple[tuple[str, ...], str, str]:
    """Present in five persons, participle, and the stem of the future."""
    if infinitive in IRREGULAR:
        present, participle, stem = IRREGULAR[infinitive]
        return tuple(present.split()), participle, stem
    root = infinitive[:-2]
    if infinitive.endswith("ir"):
        return tuple(root + end for end in ("is", "it", "issons", "issez", "issent")), root + "i", infinitive
    if infinitive.endswith("re"):
        return tuple(root + end for end in ("s", "", "ons", "ez", "ent")), root + "u", infinitive[:-1]
    stressed, future = root, infinitive
    if infinitive == "acheter":
        stressed, future = "achèt", "achèter"
    elif infinitive in ("jeter", "appeler"):
        stressed = root + root[-1]
        future = stressed + "er"
    elif infinitive == "protéger":
        stressed = "protèg"
    elif infinitive.endswith("yer"):
        stressed = root[:-1] + "i"
        future = stressed + "er"
    we = root + "e" if root[-1] == "g" else root
    present = stressed + "e", stressed + "e", we + "ons", root + "ez", stressed + "ent"
    return present, root + "é", future


def verbs(objects: str, written: str) -> list[Verb]:
    """The verbs that take these kinds of objects."""
    found = []
    for entry in written.split(","):
        english, french = entry.strip().split("/")
        base, *past = english.split("|")
        first, _, rest = base.partition(" ")
        regular = first[:-1] + "ied" if _y(first) else first + ("d" if first[-1] == "e" else "ed")
        present, participle, stem = conjugated(french)
        found.append(
            Verb(
                base,
                f"{_third(first)} {rest}".strip(),
                past[0] if past else f"{regular} {rest}".strip(),
                french,
                present,
                participle,
                tuple(stem + end for end in ("ai", "a", "ons", "ez", "ont")),
                tuple(objects.split()),
            )
        )
    return found


def _y(word: str) -> bool:
    return word[-1] == "y" and word[-2] not in "aeiou"


def _third(word: str) -> str:
    if _y(word):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "sh", "ch", "x", "o")) else "s")


WITH_OBJECT = (
    verbs("food mass", "eat|ate/manger, taste/goûter, prepare/préparer")
    + verbs("drink", "drink|drank/boire")
    + verbs("person animal thing",
            "see|saw/voir, look for/chercher, find|found/trouver, hide|hid/cacher, show/montrer, forget|forgot/oublier,"
            "draw|drew/dessiner, photograph/photographier, admire/admirer, lose|lost/perdre, wait for/attendre")
    + verbs("thing",
            "buy|bought/acheter, sell|sold/vendre, carry/porter, keep|kept/garder, break|broke/casser, clean/nettoyer,"
            "steal|stole/voler, choose|chose/choisir, take|took/prendre, receive/recevoir, repair/réparer,"
            "throw|threw/jeter")
    + verbs("person",
            "love/aimer, hate/détester, help/aider, listen to/écouter, invite/inviter, thank/remercier,"
            "know|knew/connaître, hear|heard/entendre, follow/suivre, meet|met/rencontrer, call/appeler, punish/punir,"
            "kiss/embrasser")
    + verbs("animal", "feed|fed/nourrir, hunt/chasser, wash/laver, protect/protéger")
    + verbs("place", "visit/visiter, leave|left/quitter, cross/traverser, explore/explorer")
)  # fmt: skip
WITHOUT_OBJECT = verbs("", "sleep|slept/dormir, run|ran/courir, sing|sang/chanter, dance/danser, walk/marcher,"
                       "swim|swam/nager, work/travailler, speak|spoke/parler, play/jouer, travel/voyager, shout/crier,"
                       "smile/sourire, cry/pleurer, dream/rêver")  # fmt: skip
GIVING = verbs("thing", "give|gave/donner, lend|lent/prêter, offer/offrir, send|sent/envoyer")
SAYING = verbs("", "say|said/dire, think|thought/penser, believe/croire")
WANT, CAN, MUST = verbs("", "want/vouloir, can|could/pouvoir, must/devoir")
HAVE, BE = verbs("", "have|had/avoir, be|was/être")
WAS = ("étais", "était", "étions", "étiez", "étaient")

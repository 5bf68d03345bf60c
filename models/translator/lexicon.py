"""Nouns, adjectives and the small words of both languages, with the forms that they take.

An entry is written "english|plural/french|other forms/gender"; what is regular is left out.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

VOWELS = frozenset("aeiouyàâéèêëîïôùûhœ")
NO_ELISION = frozenset(("haut", "haute", "hauts", "hautes"))


def begins_with_vowel(word: str) -> bool:
    """Whether le, je, ne and que lose their vowel before a French word."""
    return word[0].lower() in VOWELS and word not in NO_ELISION


class Noun(NamedTuple):
    """Singular and plural in both languages, the French gender ("m", "f"), and what kind of thing it is."""

    english: tuple[str, str]
    french: tuple[str, str]
    gender: str
    kind: str


class Adjective(NamedTuple):
    """`french` by (gender, plural); `before_vowel`: masculine singular; `first`: before the noun."""

    english: str
    french: dict[tuple[str, int], str]
    before_vowel: str
    first: bool
    kinds: tuple[str, ...]


def nouns(kind: str, written: str) -> list[Noun]:
    """The nouns of one kind, from their written entries."""
    found = []
    for entry in written.split(","):
        english, french, gender = (part.split("|") for part in entry.strip().split("/"))
        found.append(
            Noun(
                (english[0], english[1] if len(english) > 1 else english_plural(english[0])),
                (french[0], french[1] if len(french) > 1 else french_plural(french[0])),
                gender[0],
                kind,
            )
        )
    return found


def adjectives(kinds: str, written: str, first: bool = False) -> list[Adjective]:
    """The adjectives that go with these kinds of nouns."""
    found = []
    for entry in written.split(","):
        english, french = entry.strip().split("/")
        masculine, *others = french.split("|")
        feminine = others[0] if others else feminine_of(masculine)
        forms = {
            ("m", 0): masculine, ("f", 0): feminine,
            ("m", 1): french_plural(masculine), ("f", 1): feminine + "s",
        }  # fmt: skip
        before_vowel = others[1] if len(others) > 1 else masculine
        found.append(Adjective(english, forms, before_vowel, first, tuple(kinds.split())))
    return found


def english_plural(word: str) -> str:
    """The regular plural."""
    if word[-1] == "y" and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")


def french_plural(word: str) -> str:
    """The regular plural of a noun or a masculine adjective."""
    if word[-1] in "sxz":
        return word
    if word.endswith("al"):
        return word[:-2] + "aux"
    return word + ("x" if word.endswith(("eau", "eu")) and word != "bleu" else "s")


def feminine_of(masculine: str) -> str:
    """The regular feminine of an adjective."""
    for end, becomes in (("e", "e"), ("eux", "euse"), ("f", "ve"), ("er", "ère")):
        if masculine.endswith(end):
            return masculine[: -len(end)] + becomes
    return masculine + "e"


NOUNS = (
    nouns("person",
        "man|men/homme/m, woman|women/femme/f, boy/garçon/m, girl/fille/f, child|children/enfant/m,"
        "teacher/professeur/m, student/étudiant/m, doctor/médecin/m, nurse/infirmière/f, king/roi/m, queen/reine/f,"
        "neighbor/voisin/m, friend/ami/m, brother/frère/m, sister/soeur/f, mother/mère/f, father/père/m, "
        "uncle/oncle/m, aunt/tante/f, baker/boulanger/m, lawyer/avocat/m, singer/chanteuse/f, actress/actrice/f,"
        "farmer/fermier/m, soldier/soldat/m,"
        "writer/écrivain/m, princess/princesse/f, thief|thieves/voleur/m, dancer/danseuse/f, judge/juge/m")
    + nouns("animal",
        "cat/chat/m, dog/chien/m, horse/cheval/m, bird/oiseau/m, cow/vache/f, lamb/agneau/m, mouse|mice/souris/f,"
        "rabbit/lapin/m, wolf|wolves/loup/m, bear/ours/m, fox/renard/m, hen/poule/f, goat/chèvre/f, lion/lion/m,"
        "monkey/singe/m, duck/canard/m, frog/grenouille/f, bee/abeille/f, pig/cochon/m, tortoise/tortue/f")
    + nouns("food",
        "apple/pomme/f, orange/orange/f, pear/poire/f, cake/gâteau/m, egg/oeuf/m, tomato|tomatoes/tomate/f,"
        "carrot/carotte/f, strawberry/fraise/f, lemon/citron/m, cherry/cerise/f, onion/oignon/m,"
        "potato|potatoes/patate/f, biscuit/biscuit/m, sandwich/sandwich/m, peach/pêche/f")
    + nouns("drink",
        "water/eau/f, milk/lait/m, wine/vin/m, soup/soupe/f, coffee/café/m, tea/thé/m, beer/bière/f")
    + nouns("mass",
        "bread/pain/m, cheese/fromage/m, meat/viande/f, rice/riz/m, chocolate/chocolat/m, butter/beurre/m,"
        "salad/salade/f, honey/miel/m, salt/sel/m")
    + nouns("thing",
        "book/livre/m, car/voiture/f, table/table/f, chair/chaise/f, letter/lettre/f, key/clé/f, hat/chapeau/m,"
        "shirt/chemise/f, dress/robe/f, bicycle/vélo/m, boat/bateau/m, flower/fleur/f, tree/arbre/m, bag/sac/m,"
        "box/boîte/f, lamp/lampe/f, clock/horloge/f, mirror/miroir/m, computer/ordinateur/m, phone/téléphone/m,"
        "photo/photo/f, newspaper/journal/m, window/fenêtre/f, door/porte/f, bed/lit/m, knife|knives/couteau/m,"
        "plate/assiette/f, glass/verre/m, bottle/bouteille/f, coat/manteau/m, ring/bague/f, watch/montre/f,"
        "pencil/crayon/m, painting/tableau/m, umbrella/parapluie/m, shoe/chaussure/f, scarf|scarves/écharpe/f,"
        "guitar/guitare/f, piano/piano/m, ball/ballon/m, map/carte/f, gift/cadeau/m, basket/panier/m, candle/bougie/f")
    + nouns("place",
        "house/maison/f, garden/jardin/m, school/école/f, church/église/f, street/rue/f, city/ville/f,"
        "village/village/m, forest/forêt/f, river/rivière/f, lake/lac/m, mountain/montagne/f, beach/plage/f,"
        "hotel/hôtel/m, kitchen/cuisine/f, bedroom/chambre/f, office/bureau/m, station/gare/f, market/marché/m,"
        "museum/musée/m, hospital/hôpital/m, library/bibliothèque/f, castle/château/m, farm/ferme/f, bridge/pont/m,"
        "park/parc/m, island/île/f, shop/magasin/m, restaurant/restaurant/m, field/champ/m, airport/aéroport/m")
)  # fmt: skip

ADJECTIVES = (
    adjectives("animal thing place", "big/grand, small/petit, beautiful/beau|belle|bel, old/vieux|vieille|vieil,"
               "new/nouveau|nouvelle|nouvel", first=True)
    + adjectives("person", "old/vieux|vieille|vieil, young/jeune, good/bon|bonne, pretty/joli", first=True)
    + adjectives("food drink mass thing", "good/bon|bonne, bad/mauvais", first=True)
    + adjectives("thing place animal", "pretty/joli", first=True)
    + adjectives("animal thing food", "red/rouge, green/vert, yellow/jaune, blue/bleu, black/noir, white/blanc|blanche,"
                 "gray/gris, pink/rose, brown/brun, golden/doré")
    + adjectives("person", "happy/heureux, sad/triste, tired/fatigué, angry/fâché, clever/intelligent, rich/riche,"
                 "poor/pauvre, famous/célèbre, shy/timide, brave/courageux, polite/poli, curious/curieux,"
                 "lazy/paresseux, jealous/jaloux|jalouse, patient/patient, nervous/nerveux, generous/généreux,"
                 "honest/honnête, blond/blond, sick/malade")
    + adjectives("animal", "wild/sauvage, fast/rapide, slow/lent, dangerous/dangereux, hungry/affamé, dead/mort,"
                 "fat/gras|grasse")
    + adjectives("food drink mass", "cold/froid, hot/chaud, fresh/frais|fraîche, sweet/sucré, salty/salé,"
                 "delicious/délicieux, rotten/pourri")
    + adjectives("thing", "expensive/cher, broken/cassé, heavy/lourd, light/léger, empty/vide, full/plein, dirty/sale,"
                 "clean/propre, strange/étrange, modern/moderne, precious/précieux, round/rond, wet/mouillé,"
                 "useful/utile, open/ouvert, closed/fermé")
    + adjectives("place", "quiet/calme, dark/sombre, dirty/sale, noisy/bruyant, modern/moderne, ancient/antique,"
                 "huge/immense, deserted/désert, empty/vide, closed/fermé")
)  # fmt: skip

OF_KIND = {kind: [each for each in NOUNS if each.kind == kind] for kind in {noun.kind for noun in NOUNS}}
FITTING = {kind: [each for each in ADJECTIVES if kind in each.kinds] for kind in OF_KIND}
UNCOUNTED = ("drink", "mass")

WOMEN = ("Marie", "Anna", "Claire", "Sophie", "Julie", "Emma", "Alice", "Louise", "Nina", "Sarah")
MEN = ("Paul", "Pierre", "Luc", "Marc", "Thomas", "Hugo", "Jean", "Louis", "Victor", "Simon", "Adam", "Oscar")
NAMES = [(name, "f") for name in WOMEN] + [(name, "m") for name in MEN]

NUMBERS = (
    ("two", "deux"),
    ("three", "trois"),
    ("four", "quatre"),
    ("five", "cinq"),
    ("six", "six"),
    ("ten", "dix"),
)
OFTEN = (("often", "souvent"), ("always", "toujours"), ("sometimes", "parfois"), ("already", "déjà"),
         ("still", "encore"), ("rarely", "rarement"))  # fmt: skip
WHEN = {"present": (("now", "maintenant"),), "past": (("yesterday", "hier"),),
        "future": (("tomorrow", "demain"), ("soon", "bientôt"))}  # fmt: skip
WHERE = (("in", "dans", "place"), ("behind", "derrière", "place"), ("in front of", "devant", "place"),
         ("near", "près de", "place"), ("far from", "loin de", "place"), ("on", "sur", "thing"),
         ("under", "sous", "thing"))  # fmt: skip
DEGREES = (("very", "très"), ("too", "trop"), ("quite", "assez"))


def held_out(noun: Noun, adjective: Adjective) -> bool:
    """Whether the two stand together in no sentence of the training set: one pair in eight, by a fixed hash."""
    name = f"{noun.english[0]}|{adjective.english}"
    return int(hashlib.md5(name.encode()).hexdigest(), 16) % 8 == 0

"""Words of our own for keys and names. RULER takes its keys from wonderwords; any list of plain words will do."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ADJECTIVES = _words(
    """
    able amber ample azure bold brave breezy brief bright brisk calm candid careful cheerful chilly civil clean
    clear clever cloudy cosy crisp curious damp daring deep dense distant dry dusky dusty eager early easy elegant
    empty even faint fair famous fancy fast fierce fine firm flat fond fragile frank free fresh frosty gentle giant
    glad golden grand grateful green handy happy hardy harsh hidden hollow honest humble icy idle jolly keen kind
    large late lazy lean level light little lively lonely long loud loyal lucky mellow merry mild modest narrow neat
    nimble noble odd old open orderly pale patient plain polite proud pure quick quiet rapid rare ready restless
    rich ripe robust rough round rustic salty scarce serene sharp shiny short shy silent silver simple sleepy
    slender slow smart smooth snowy soft solid spare steady stern still stout strange sturdy subtle sunny sweet
    swift tall tame tender thick thin tidy timid tiny tough tranquil useful vast velvet vivid warm wary wide wild
    windy wise witty wooden young zesty
    """
)

NOUNS = _words(
    """
    acorn anchor anvil apple apron arrow badge bakery balcony banner barley barn barrel basin basket beacon bell
    bench bicycle blanket boat bottle bridge broom bucket button cabin cactus camera candle canoe canvas carpet
    castle cedar cellar chalk chapel cherry chimney cinema circle clock cloud clover coast cobbler comet compass
    copper coral cottage cotton cradle crane cricket crystal curtain dairy desert diamond dolphin donkey drawer drum
    dune dynamo eagle easel ember engine falcon farmer feather fern ferry fiddle field finch flame flute forest
    fountain fox garden garlic gate ginger glacier glove goose grape gravel guitar hammer harbour harvest hat hazel
    hedge helmet heron hill hinge honey horizon island ivory jacket jar jigsaw juniper kettle kitchen kite ladder
    lagoon lake lamp lantern lark lemon lentil library lighthouse linen lizard lobster loom magnet mango map maple
    marble market meadow melon mill mirror mitten moss mountain needle nest nutmeg oak oasis olive onion orchard
    otter oven paddle palace paper parcel parrot pasture pebble pencil pepper piano pigeon pillow pine planet plough
    plum pocket pond poppy potter prairie puffin pulley quarry quill rabbit raft rake raven reed ribbon river robin
    rocket roof saddle saffron sail salmon sandal satchel scarf school shelf shovel sparrow spoon spruce stable
    stone stove summit swan table teapot temple thimble thistle ticket tiger timber torch tower tractor trail tulip
    tunnel turnip umbrella valley vessel village vineyard violin wagon walnut walrus whistle willow window winter
    zebra
    """
)

GIVEN_NAMES = _words(
    """
    Ada Alan Amara Anders Anika Arjun Astrid Bao Beatriz Bilal Bruno Camille Chidi Clara Dana Daniel Devi Diego Dora
    Edgar Elif Elena Emeka Esther Farah Felix Fiona Georg Greta Hana Hugo Ines Ivan Jamal Jana Jonas Kaito Karin
    Kofi Lars Leila Lena Luca Maja Marco Mei Milan Mina Nadia Nils Nora Olga Omar Oscar Paula Pedro Petra Priya
    Rafael Rania Rosa Ruben Samir Sara Selma Simon Sofia Soren Tara Tomas Uma Vera Viktor Wanda Yara Yusuf Zoe
    """
)

FAMILY_NAMES = _words(
    """
    Abbott Acosta Adeyemi Alvarez Andersen Baker Banerjee Bauer Bennett Berg Bianchi Brandt Carter Castillo Chen
    Cohen Costa Dahl Delgado Diallo Dubois Eriksen Fischer Fontaine Garcia Gupta Haas Hansen Haruki Hoffmann Hussain
    Ibrahim Ivanova Jansen Kaplan Keller Khan Kimura Kovacs Larsen Laurent Lindgren Lopez Mancini Marsh Mensah Meyer
    Moreau Murphy Nakamura Nielsen Novak Nwosu Okafor Olsen Ortega Papadakis Patel Pereira Quinn Rahman Reyes Rossi
    Sato Schmidt Silva Singh Sorensen Suzuki Takahashi Tanaka Torres Vargas Virtanen Weber Yamada Zhang Ziegler
    """
)

CITIES = _words(
    """
    Aarhus Bergen Bilbao Cork Dresden Ghent Graz Kaunas Leeds Lyon Malmo Nantes Porto Riga Split Tampere Trieste
    Utrecht Verona Zagreb
    """
)

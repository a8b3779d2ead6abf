"""The pack `taguchi`: `open` with dlib's network as trained by T. Taguchi on many East Asian faces.

The network is that of `open`; 47 % of its 6.5 million training faces are East Asian, as its author
says. Its publisher names no sha256, so whoever pulls it must.
"""

from dataclasses import replace

from matcher.packs.download import Download
from matcher.packs.manifest import Licence
from matcher.packs.open_pack import OPEN_PACK, build_embedder
from matcher.packs.pack import EMBEDDER
from matcher.packs.recipe import Ingredient

TAGUCHI_PACK = replace(
    OPEN_PACK,
    pack="taguchi",
    pack_id="taguchi-1",
    version=1,
    scores=replace(
        OPEN_PACK.scores,
        measured_on="nothing here: the figures of `open`, whose network it shares",
    ),
    licence=Licence("MIT", commercial=True),
    ingredients=(
        OPEN_PACK.ingredients[0],
        Ingredient(
            EMBEDDER,
            Download(
                url="https://github.com/davisking/dlib-models/raw/master/"
                "taguchi_face_recognition_resnet_model_v1.dat.bz2",
                sha256="",
                size=None,
                licence="MIT",
            ),
            build_embedder,
        ),
    ),
    weak_for=("people of African descent", "people under 18", "masked faces"),
    weak_reason="its author says that it lacks training data of them",
)

"""The top of a project: what describes and builds it, and where TVM and later steps start."""

from __future__ import annotations

from collections.abc import Iterator

from microtvm_boards.project.manifest import BOARD_FILE, MANIFEST
from microtvm_boards.project.plan.draft import Draft
from microtvm_boards.project.plan.parts.planned import copied, made, rendered
from microtvm_boards.project.plan.types import Origin, PlannedFile

POINTER = ".microtvm-boards"
API_SERVER = "microtvm_api_server.py"
GITIGNORE = ".gitignore"
FILES = ("gitignore", "CMakeLists.txt", "project.cmake.j2", "README.md.j2")
MORE_MODELS = "cmake/models.cmake"
SETTINGS = "project.cmake"


def project_files(draft: Draft) -> Iterator[PlannedFile]:
    yield made(MANIFEST, "manifest", "what later steps need to know")
    for number, library in enumerate(draft.libraries):
        reason = "the model library, as it came"
        yield PlannedFile(library.tar, Origin.LIBRARY, "", reason, library=number)
    yield made(BOARD_FILE, "board_file", "the board file, as it was used")
    yield made(POINTER, "pointer", "where microtvm_api_server.py finds microtvm_boards")
    yield made(API_SERVER, "api_server", "what TVM starts to build and run this")
    gitignore, cmake, settings, readme = FILES
    yield copied(gitignore, "keeps build/ out of version control", GITIGNORE)
    yield copied(cmake, "builds the firmware")
    if len(draft.libraries) > 1:
        yield copied(MORE_MODELS, "compiles further model libraries")
    yield rendered(settings, SETTINGS, "sources and settings of this project")
    yield rendered(readme, "README.md", "how to build it and where to look")

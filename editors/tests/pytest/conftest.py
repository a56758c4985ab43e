"""A copy of the project for each test, and a client that talks to the real server on its standard input and output."""

import json
import os
import shutil
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import converters, types
from pytest_lsp import ClientServerConfig, LanguageClient, make_test_lsp_client

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = os.environ["RUBRIC_PROGRAM"]


class Project:
    """A project that may be written, and the text of its files."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.promotion = folder / "policies/school/promotion.rubric"
        self.records = folder / "policies/school/records.rubric"

    @staticmethod
    def uri(path: Path) -> str:
        return path.as_uri()

    @staticmethod
    def position(path: Path, text: str, offset: int = 0) -> types.Position:
        """Where a text stands for the first time, in UTF-16 units, `offset` characters into it."""
        whole = path.read_text(encoding="utf-8")
        at = whole.index(text) + offset
        line_start = whole.rfind("\n", 0, at) + 1
        return types.Position(
            line=whole.count("\n", 0, at), character=len(whole[line_start:at].encode("utf-16-le")) // 2
        )

    def at(self, path: Path, text: str, offset: int = 0) -> dict:
        """The parameters that most requests have."""
        return {
            "text_document": types.TextDocumentIdentifier(self.uri(path)),
            "position": self.position(path, text, offset),
        }

    def open(self, client: LanguageClient, path: Path, text: str | None = None) -> None:
        shown = path.read_text(encoding="utf-8") if text is None else text
        client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(self.uri(path), "rubric", 1, shown))
        )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "é 50% project"
    shutil.copytree(ROOT / "editors/tests/project", folder)
    return Project(folder)


def capabilities_of(editor: str) -> types.ClientCapabilities:
    """What a recorded editor can do."""
    recorded = json.loads((ROOT / f"lsp/tests/initialize/{editor}.json").read_text(encoding="utf-8"))
    return converters.get_converter().structure(recorded["capabilities"], types.ClientCapabilities)


def make_client() -> LanguageClient:
    """A client that also answers what a server may ask of an editor."""
    client = make_test_lsp_client()
    client.registered = []

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(client: LanguageClient, params: types.RegistrationParams) -> None:
        client.registered.extend(registration.method for registration in params.registrations)

    for refresh in (
        types.WORKSPACE_CODE_LENS_REFRESH,
        types.WORKSPACE_INLAY_HINT_REFRESH,
        types.WORKSPACE_SEMANTIC_TOKENS_REFRESH,
    ):
        client.feature(refresh)(lambda client, params=None: None)
    return client


async def begin(client: LanguageClient, project: Project, editor: str) -> None:
    answer = await client.initialize_session(
        types.InitializeParams(
            capabilities=capabilities_of(editor),
            root_uri=project.uri(project.folder),
            workspace_folders=[types.WorkspaceFolder(project.uri(project.folder), "project")],
        )
    )
    client.advertised = answer.capabilities
    project.open(client, project.promotion)
    project.open(client, project.records)


CONFIGURATION = ClientServerConfig(server_command=[PROGRAM, "lsp"], client_factory=make_client)


@pytest_lsp.fixture(config=CONFIGURATION)
async def client(lsp_client: LanguageClient, project: Project):
    """The widest of the recorded clients, which also asks for diagnostics."""
    await begin(lsp_client, project, "vscode")
    yield
    await lsp_client.shutdown_session()


@pytest_lsp.fixture(config=CONFIGURATION)
async def listener(lsp_client: LanguageClient, project: Project):
    """One that is told of diagnostics."""
    await begin(lsp_client, project, "helix")
    yield
    await lsp_client.shutdown_session()

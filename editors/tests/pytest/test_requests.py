"""Every request that the server advertises, asked by a client in another language, with what it must answer.

A request that is not advertised is skipped and says so, or fails if RUBRIC_STRICT is set; one that is advertised and not
driven here is a failure.
"""

import asyncio
import os

import pytest
from lsprotocol import types

WAIT = 20
DRIVERS: dict = {}
# What Rubric has no use for, so far.
NOT_PLANNED = {"declaration_provider", "document_on_type_formatting_provider", "linked_editing_range_provider"}


def drives(*capabilities: str):
    """The test drives these; `textDocument.hover` is written as the server says it: `hoverProvider`."""

    def register(function):
        for capability in capabilities:
            DRIVERS[capability] = function
        return function

    return register


def advertised(capabilities: types.ServerCapabilities) -> set[str]:
    """The requests that capabilities stand for."""
    found = set()

    def options(name: str, value, *parts: str):
        if value is None or value is False:
            return
        found.add(name)
        for part in parts:
            if getattr(value, part, None):
                found.add(f"{name}.{part}")

    options("text_document_sync", capabilities.text_document_sync)
    options("completion_provider", capabilities.completion_provider, "resolve_provider")
    options("rename_provider", capabilities.rename_provider, "prepare_provider")
    options("code_action_provider", capabilities.code_action_provider, "resolve_provider")
    options("code_lens_provider", capabilities.code_lens_provider, "resolve_provider")
    options("inlay_hint_provider", capabilities.inlay_hint_provider, "resolve_provider")
    options("document_link_provider", capabilities.document_link_provider, "resolve_provider")
    options("workspace_symbol_provider", capabilities.workspace_symbol_provider, "resolve_provider")
    options("diagnostic_provider", capabilities.diagnostic_provider, "workspace_diagnostics")
    options("semantic_tokens_provider", capabilities.semantic_tokens_provider, "range", "full")
    full = getattr(capabilities.semantic_tokens_provider, "full", None)
    if getattr(full, "delta", None):
        found.add("semantic_tokens_provider.full.delta")
    if capabilities.workspace is not None:
        options("workspace.workspace_folders", capabilities.workspace.workspace_folders)
        operations = capabilities.workspace.file_operations
        for part in ("will_rename", "did_rename", "will_create", "did_create", "will_delete", "did_delete"):
            if getattr(operations, part, None):
                found.add(f"workspace.file_operations.{part}")
    nested = {name.split(".")[0] for name in found} | {"workspace", "position_encoding", "experimental"}
    for field in type(capabilities).__attrs_attrs__:
        if field.name not in nested:
            options(field.name, getattr(capabilities, field.name))
    return found


def need(client, capability: str) -> None:
    if capability not in advertised(client.advertised):
        missing = f"the server does not advertise {capability}"
        if os.environ.get("RUBRIC_STRICT") and capability not in NOT_PLANNED:
            pytest.fail(missing)
        pytest.skip(missing)


def text_of(hover_contents) -> str:
    return getattr(hover_contents, "value", None) or str(hover_contents)


def locations(answer) -> list[tuple[str, int]]:
    """File names and lines of locations and of links."""
    if answer is None:
        return []
    found = []
    for one in answer if isinstance(answer, (list, tuple)) else [answer]:
        uri = getattr(one, "target_uri", None) or one.uri
        place = getattr(one, "target_selection_range", None) or one.range
        found.append((uri.rsplit("/", 1)[-1], place.start.line))
    return sorted(found)


def changes(edit: types.WorkspaceEdit) -> dict[str, list[types.TextEdit]]:
    """The edits of each file, by its name."""
    found: dict[str, list[types.TextEdit]] = {}
    for uri, edits in (edit.changes or {}).items():
        found.setdefault(uri.rsplit("/", 1)[-1], []).extend(edits)
    for change in edit.document_changes or []:
        if isinstance(change, types.TextDocumentEdit):
            found.setdefault(change.text_document.uri.rsplit("/", 1)[-1], []).extend(change.edits)
    return found


def apply(text: str, edits) -> str:
    """A text with edits made, positions in UTF-16."""
    lines = text.split("\n")

    def offset(position: types.Position) -> int:
        before = sum(len(line) + 1 for line in lines[: position.line])
        line = (lines[position.line] if position.line < len(lines) else "").encode("utf-16-le")
        return before + len(line[: 2 * position.character].decode("utf-16-le"))

    for edit in sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text


async def ask_for_errors(client, uri: str) -> list[types.Diagnostic]:
    """The errors of a file, asked for where that is offered, else as they are told."""
    if client.advertised.diagnostic_provider is None:
        return errors(await wait_for_diagnostics(client, uri, errors))
    document = types.TextDocumentIdentifier(uri)
    answer = await client.text_document_diagnostic_async(types.DocumentDiagnosticParams(document))
    return errors(answer.items)


async def wait_for_diagnostics(client, uri: str, fits) -> list[types.Diagnostic]:
    end = asyncio.get_running_loop().time() + WAIT
    while asyncio.get_running_loop().time() < end:
        found = client.diagnostics.get(uri)
        if found is not None and fits(found):
            return list(found)
        await asyncio.sleep(0.02)
    raise AssertionError(f"nothing that fits was published: {client.diagnostics.get(uri)}")


def errors(found) -> list[types.Diagnostic]:
    return [one for one in found if one.severity == types.DiagnosticSeverity.Error]


def type_mistake(client, project, version: int = 2) -> None:
    """`reads_well` loses its last letter where the rule asks for it."""
    end = project.position(project.promotion, "when reads_well", len("when reads_well"))
    start = types.Position(end.line, end.character - 1)
    change(client, project.promotion, project, version, types.Range(start, end), "")


def change(client, path, project, version: int, where: types.Range, text: str) -> None:
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(version, project.uri(path)),
            [types.TextDocumentContentChangePartial(where, text)],
        )
    )


async def test_every_advertised_request_is_driven(client):
    unknown = advertised(client.advertised) - set(DRIVERS)
    assert not unknown, f"the server advertises what no test here drives: {sorted(unknown)}"


@drives("text_document_sync")
async def test_diagnostics_follow_what_is_typed(listener, project):
    client = listener
    uri = project.uri(project.promotion)
    await wait_for_diagnostics(client, uri, lambda found: not errors(found))
    type_mistake(client, project)
    found = errors(await wait_for_diagnostics(client, uri, errors))
    assert [one.code for one in found] == ["unknown-name"]
    assert found[0].range.start == project.position(project.promotion, "when reads_well", 5)
    assert "`reads_wel`" in found[0].message and found[0].source == "rubric"
    end = found[0].range.end
    change(client, project.promotion, project, 3, types.Range(end, end), "l")
    await wait_for_diagnostics(client, uri, lambda found: not errors(found))


@drives("diagnostic_provider")
async def test_pulled_diagnostics_are_those_that_are_pushed(client, project):
    need(client, "diagnostic_provider")
    type_mistake(client, project)
    document = types.TextDocumentIdentifier(project.uri(project.promotion))
    pulled = await client.text_document_diagnostic_async(types.DocumentDiagnosticParams(document))
    assert [one.code for one in errors(pulled.items)] == ["unknown-name"]


@drives("diagnostic_provider.workspace_diagnostics")
async def test_diagnostics_of_the_workspace(client, project):
    need(client, "diagnostic_provider.workspace_diagnostics")
    type_mistake(client, project)
    answer = await client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))
    found = {report.uri.rsplit("/", 1)[-1]: report.items for report in answer.items}
    assert [one.code for one in errors(found["promotion.rubric"])] == ["unknown-name"]


@drives("hover_provider")
async def test_hover(client, project):
    need(client, "hover_provider")
    at = project.at(project.promotion, ">= passing_level", 5)
    answer = await client.text_document_hover_async(types.HoverParams(**at))
    shown = text_of(answer.contents)
    assert "passing_level" in shown and "count" in shown and "The lowest reading level that passes." in shown
    keyword = project.at(project.promotion, "{\n  outcomes")
    assert await client.text_document_hover_async(types.HoverParams(**keyword)) is None


@drives("completion_provider", "completion_provider.resolve_provider")
async def test_completion(client, project):
    need(client, "completion_provider")
    at = project.at(project.promotion, "when english_learner", len("when english"))
    answer = await client.text_document_completion_async(types.CompletionParams(**at))
    items = getattr(answer, "items", answer)
    labels = [item.label for item in items]
    assert "english_learner" in labels and "reads_well" in labels
    if "completion_provider.resolve_provider" in advertised(client.advertised):
        item = next(item for item in items if item.label == "reads_well")
        resolved = await client.completion_item_resolve_async(item)
        assert "Whether the latest test passed." in text_of(resolved.documentation)


@drives("signature_help_provider")
async def test_signature_help(client, project):
    need(client, "signature_help_provider")
    text = project.promotion.read_text(encoding="utf-8").replace(
        "= reading_level >= passing_level", "= min(reading_level, 3) >= passing_level"
    )
    end = types.Position(text.count("\n") + 1, 0)
    change(client, project.promotion, project, 2, types.Range(types.Position(0, 0), end), text)
    line = next(number for number, line in enumerate(text.split("\n")) if "min(" in line)
    column = text.split("\n")[line].index(", 3") + 2
    answer = await client.text_document_signature_help_async(
        types.SignatureHelpParams(
            text_document=types.TextDocumentIdentifier(project.uri(project.promotion)),
            position=types.Position(line, column),
        )
    )
    assert answer.signatures and "min" in answer.signatures[0].label


@drives("definition_provider")
async def test_definition(client, project):
    need(client, "definition_provider")
    at = project.at(project.promotion, "= reading_level", 3)
    answer = await client.text_document_definition_async(types.DefinitionParams(**at))
    assert locations(answer) == [("records.rubric", project.position(project.records, "reading_level").line)]


@drives("declaration_provider")
async def test_declaration(client, project):
    need(client, "declaration_provider")
    at = project.at(project.promotion, "= reading_level", 3)
    answer = await client.text_document_declaration_async(types.DeclarationParams(**at))
    assert locations(answer) == [("records.rubric", project.position(project.records, "reading_level").line)]


@drives("type_definition_provider")
async def test_type_definition(client, project):
    need(client, "type_definition_provider")
    at = project.at(project.promotion, "where grade", 7)
    answer = await client.text_document_type_definition_async(types.TypeDefinitionParams(**at))
    assert locations(answer) == [("records.rubric", project.position(project.records, "ordered category").line)]


@drives("implementation_provider")
async def test_implementation(client, project):
    need(client, "implementation_provider")
    at = project.at(project.promotion, "rule reads_at_level", 6)
    answer = await client.text_document_implementation_async(types.ImplementationParams(**at))
    # Nothing amends it in this project.
    assert locations(answer) in ([], [("promotion.rubric", at["position"].line)])


@drives("references_provider")
async def test_references(client, project):
    need(client, "references_provider")
    at = project.at(project.records, "reading_level")
    answer = await client.text_document_references_async(
        types.ReferenceParams(**at, context=types.ReferenceContext(include_declaration=True))
    )
    found = locations(answer)
    wanted = project.promotion.read_text(encoding="utf-8").count("reading_level") + 1
    assert len(found) == wanted, found
    assert {file for file, _ in found} == {"promotion.rubric", "records.rubric"}


@drives("document_highlight_provider")
async def test_highlights(client, project):
    need(client, "document_highlight_provider")
    at = project.at(project.promotion, "rule reads_at_level", 6)
    answer = await client.text_document_document_highlight_async(types.DocumentHighlightParams(**at))
    assert len(answer) == project.promotion.read_text(encoding="utf-8").count("reads_at_level")


@drives("rename_provider", "rename_provider.prepare_provider")
async def test_rename(client, project):
    need(client, "rename_provider")
    at = project.at(project.promotion, "= reading_level", 3)
    if "rename_provider.prepare_provider" in advertised(client.advertised):
        prepared = await client.text_document_prepare_rename_async(types.PrepareRenameParams(**at))
        where = getattr(prepared, "range", prepared)
        assert where.start == project.position(project.promotion, "= reading_level", 2)
    edit = await client.text_document_rename_async(types.RenameParams(**at, new_name="level_read"))
    found = changes(edit)
    assert set(found) == {"promotion.rubric", "records.rubric"}
    for path in (project.promotion, project.records):
        before = path.read_text(encoding="utf-8")
        assert apply(before, found[path.name]) == before.replace("reading_level", "level_read")


@drives("document_symbol_provider")
async def test_document_symbols(client, project):
    need(client, "document_symbol_provider")
    document = types.TextDocumentIdentifier(project.uri(project.promotion))
    answer = await client.text_document_document_symbol_async(types.DocumentSymbolParams(document))

    def names(symbols):
        for symbol in symbols:
            yield symbol.name
            yield from names(getattr(symbol, "children", None) or [])

    assert {"passing_level", "reads_well", "promotion", "reads_at_level"} <= set(names(answer))


@drives("workspace_symbol_provider", "workspace_symbol_provider.resolve_provider")
async def test_workspace_symbols(client):
    need(client, "workspace_symbol_provider")
    answer = await client.workspace_symbol_async(types.WorkspaceSymbolParams("passing"))
    assert "passing_level" in [symbol.name for symbol in answer]


@drives("call_hierarchy_provider")
async def test_call_hierarchy(client, project):
    need(client, "call_hierarchy_provider")
    at = project.at(project.promotion, "define reads_well", 8)
    items = await client.text_document_prepare_call_hierarchy_async(types.CallHierarchyPrepareParams(**at))
    assert [item.name for item in items] == ["reads_well"]
    incoming = await client.call_hierarchy_incoming_calls_async(types.CallHierarchyIncomingCallsParams(items[0]))
    assert any("promotion" in call.from_.name or "reads_at_level" in call.from_.name for call in incoming)
    outgoing = await client.call_hierarchy_outgoing_calls_async(types.CallHierarchyOutgoingCallsParams(items[0]))
    assert outgoing is not None


@drives("document_formatting_provider")
async def test_formatting(client, project):
    need(client, "document_formatting_provider")
    start = project.position(project.promotion, "  rule reads_at_level")
    change(client, project.promotion, project, 2, types.Range(start, start), "    ")
    messy = project.promotion.read_text(encoding="utf-8").replace("  rule reads_at_level", "      rule reads_at_level", 1)
    document = types.TextDocumentIdentifier(project.uri(project.promotion))
    options = types.FormattingOptions(tab_size=2, insert_spaces=True)
    edits = await client.text_document_formatting_async(types.DocumentFormattingParams(document, options))
    assert apply(messy, edits) == project.promotion.read_text(encoding="utf-8")


@drives("document_range_formatting_provider")
async def test_range_formatting(client, project):
    need(client, "document_range_formatting_provider")
    start = project.position(project.promotion, "  rule reads_at_level")
    change(client, project.promotion, project, 2, types.Range(start, start), "    ")
    messy = project.promotion.read_text(encoding="utf-8").replace("  rule reads_at_level", "      rule reads_at_level", 1)
    edits = await client.text_document_range_formatting_async(
        types.DocumentRangeFormattingParams(
            text_document=types.TextDocumentIdentifier(project.uri(project.promotion)),
            range=types.Range(start, types.Position(start.line + 1, 0)),
            options=types.FormattingOptions(tab_size=2, insert_spaces=True),
        )
    )
    assert apply(messy, edits) == project.promotion.read_text(encoding="utf-8")


@drives("document_on_type_formatting_provider")
async def test_on_type_formatting(client, project):
    need(client, "document_on_type_formatting_provider")
    edits = await client.text_document_on_type_formatting_async(
        types.DocumentOnTypeFormattingParams(
            **project.at(project.promotion, "\n\nfixture", 1),
            ch="}",
            options=types.FormattingOptions(tab_size=2, insert_spaces=True),
        )
    )
    assert not edits, "the text is formatted"


@drives("code_action_provider", "code_action_provider.resolve_provider")
async def test_a_fix(client, project):
    need(client, "code_action_provider")
    type_mistake(client, project)
    uri = project.uri(project.promotion)
    found = await ask_for_errors(client, uri)
    actions = await client.text_document_code_action_async(
        types.CodeActionParams(
            types.TextDocumentIdentifier(uri), found[0].range, types.CodeActionContext(diagnostics=found)
        )
    )
    fixes = [action for action in actions if "reads_well" in action.title]
    assert fixes, [action.title for action in actions]
    fix = fixes[0]
    if fix.edit is None:
        fix = await client.code_action_resolve_async(fix)
    before = project.promotion.read_text(encoding="utf-8")
    mistaken = before.replace("when reads_well", "when reads_wel", 1)
    assert apply(mistaken, changes(fix.edit)["promotion.rubric"]) == before


@drives("code_lens_provider", "code_lens_provider.resolve_provider")
async def test_code_lenses(client, project):
    need(client, "code_lens_provider")
    document = types.TextDocumentIdentifier(project.uri(project.promotion))
    lenses = await client.text_document_code_lens_async(types.CodeLensParams(document))
    line = project.position(project.promotion, 'test "below').line
    mine = [lens for lens in lenses if lens.range.start.line == line]
    assert mine, "a lens on a test"
    for lens in mine:
        resolved = lens if lens.command else await client.code_lens_resolve_async(lens)
        assert resolved.command.title


async def test_what_the_sample_records_come_to(client, project):
    need(client, "code_lens_provider")
    document = types.TextDocumentIdentifier(project.uri(project.promotion))

    async def titles() -> set[str]:
        lenses = await client.text_document_code_lens_async(types.CodeLensParams(document))
        return {lens.command.title for lens in lenses}

    async def said(title: str) -> None:
        for _ in range(WAIT * 10):
            if title in await titles():
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{title}: {await titles()}")

    async def document_of(command: str) -> str:
        shown = await client.workspace_execute_command_async(
            types.ExecuteCommandParams(command, [project.uri(project.promotion), "promotion"])
        )
        return shown["markdown"] if isinstance(shown, dict) else shown.markdown

    await said("decides 1 of 3; 1 undetermined")
    assert "| reads\\_at\\_level | 1 | 1 |" in await document_of("rubric.showSample")
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(2, project.uri(project.promotion)),
            [
                types.TextDocumentContentChangeWholeDocument(
                    project.promotion.read_text(encoding="utf-8").replace("from 2020-07-01: 2", "from 2020-07-01: 1")
                )
            ],
        )
    )
    await said("this edit flips 1 record")
    text = await document_of("rubric.showFlips")
    assert "records/Student.csv:2" in text
    # Keys are private.
    assert "S-1" not in text


@drives("inlay_hint_provider", "inlay_hint_provider.resolve_provider")
async def test_inlay_hints(client, project):
    need(client, "inlay_hint_provider")
    whole = types.Range(types.Position(0, 0), types.Position(1000, 0))
    document = types.TextDocumentIdentifier(project.uri(project.promotion))
    hints = await client.text_document_inlay_hint_async(types.InlayHintParams(document, whole))
    assert hints, "a parameter in force is shown"


@drives(
    "semantic_tokens_provider",
    "semantic_tokens_provider.full",
    "semantic_tokens_provider.range",
    "semantic_tokens_provider.full.delta",
)
async def test_semantic_tokens(client, project):
    need(client, "semantic_tokens_provider")
    document = types.TextDocumentIdentifier(project.uri(project.promotion))
    full = await client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document))
    assert full.data and len(full.data) % 5 == 0
    names = advertised(client.advertised)
    if "semantic_tokens_provider.range" in names:
        first = types.Range(types.Position(0, 0), types.Position(8, 0))
        part = await client.text_document_semantic_tokens_range_async(types.SemanticTokensRangeParams(document, first))
        assert list(part.data) == list(full.data[: len(part.data)]) and part.data
    if "semantic_tokens_provider.full.delta" in names:
        start = project.position(project.promotion, "\nuse school")
        change(client, project.promotion, project, 2, types.Range(start, start), "\n")
        delta = await client.text_document_semantic_tokens_full_delta_async(
            types.SemanticTokensDeltaParams(document, full.result_id)
        )
        again = await client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(document))
        data = list(full.data)
        for edit in sorted(delta.edits, key=lambda edit: edit.start, reverse=True):
            data[edit.start : edit.start + edit.delete_count] = edit.data or []
        assert data == list(again.data)


@drives("folding_range_provider")
async def test_folding(client, project):
    need(client, "folding_range_provider")
    document = types.TextDocumentIdentifier(project.uri(project.promotion))
    answer = await client.text_document_folding_range_async(types.FoldingRangeParams(document))
    assert project.position(project.promotion, "decision promotion").line in [fold.start_line for fold in answer]


@drives("selection_range_provider")
async def test_selection_ranges(client, project):
    need(client, "selection_range_provider")
    answer = await client.text_document_selection_range_async(
        types.SelectionRangeParams(
            types.TextDocumentIdentifier(project.uri(project.promotion)),
            [project.position(project.promotion, "= reading_level", 4)],
        )
    )
    depth, inner = 0, answer[0]
    while inner.parent is not None:
        outer = inner.parent
        assert outer.range.start <= inner.range.start and inner.range.end <= outer.range.end
        depth, inner = depth + 1, outer
    assert depth >= 2


@drives("document_link_provider", "document_link_provider.resolve_provider")
async def test_links(client, project):
    need(client, "document_link_provider")
    document = types.TextDocumentIdentifier(project.uri(project.promotion))
    links = await client.text_document_document_link_async(types.DocumentLinkParams(document))
    line = project.position(project.promotion, "use school.records").line
    assert any(link.range.start.line == line and "records.rubric" in (link.target or "") for link in links)


@drives("linked_editing_range_provider")
async def test_linked_editing(client, project):
    need(client, "linked_editing_range_provider")
    at = project.at(project.promotion, "rule reads_at_level", 6)
    answer = await client.text_document_linked_editing_range_async(types.LinkedEditingRangeParams(**at))
    assert answer is None or len(answer.ranges) > 1


@drives("execute_command_provider")
async def test_commands_survive_wrong_arguments(client):
    need(client, "execute_command_provider")
    for command in client.advertised.execute_command_provider.commands:
        for arguments in ([], [{"nonsense": 1}], ["file:///nowhere.rubric", 99]):
            try:
                await client.workspace_execute_command_async(types.ExecuteCommandParams(command, arguments=arguments))
            except Exception as error:  # an answer that says what is wrong
                assert str(error), command
    answer = await client.workspace_symbol_async(types.WorkspaceSymbolParams("")) if (
        client.advertised.workspace_symbol_provider
    ) else []
    assert answer is not None, "the server is still there"


@drives("workspace.workspace_folders")
async def test_a_folder_that_is_added(client, project, tmp_path):
    need(client, "workspace.workspace_folders")
    other = tmp_path / "other"
    (other / "policies/b").mkdir(parents=True)
    (other / "rubric.toml").write_text('[project]\nname = "other"\npolicies = ["policies"]\n')
    wrong = other / "policies/b/c.rubric"
    wrong.write_text('policy b.c { title "T" cite "x" }\ndefine d: flag = nonsense\n')
    event = types.WorkspaceFoldersChangeEvent(
        added=[types.WorkspaceFolder(project.uri(other), "other")], removed=[]
    )
    client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
    end = asyncio.get_running_loop().time() + WAIT
    found = []
    while not found and asyncio.get_running_loop().time() < end:
        found = await ask_for_errors(client, project.uri(wrong))
    assert "unknown-name" in [one.code for one in found]


@drives("workspace.file_operations.will_rename")
async def test_a_file_that_is_renamed(client, project):
    need(client, "workspace.file_operations.will_rename")
    new = project.records.with_name("vocabulary.rubric")
    edit = await client.workspace_will_rename_files_async(
        types.RenameFilesParams([types.FileRename(project.uri(project.records), project.uri(new))])
    )
    found = changes(edit)
    before = project.promotion.read_text(encoding="utf-8")
    assert apply(before, found["promotion.rubric"]) == before.replace("use school.records", "use school.vocabulary")


@pytest.mark.parametrize("recorded", ["emacs", "helix", "neovim", "vscode"])
def test_recordings_are_complete(recorded):
    """The fixtures stay what the protocol allows: a client library in another language reads them whole."""
    import json

    from conftest import ROOT
    from lsprotocol import converters

    text = (ROOT / f"lsp/tests/initialize/{recorded}.json").read_text(encoding="utf-8")
    parameters = converters.get_converter().structure(json.loads(text), types.InitializeParams)
    assert parameters.client_info or recorded == "emacs"
    assert parameters.capabilities.text_document is not None


def test_the_languages_of_helix_are_what_they_should_be():
    import tomllib

    from conftest import ROOT

    languages = tomllib.loads((ROOT / "editors/helix/languages.toml").read_text(encoding="utf-8"))
    language = languages["language"][0]
    assert language["language-servers"] == list(languages["language-server"]) == ["rubric"]
    assert languages["language-server"]["rubric"] == {"command": "rubric", "args": ["lsp"]}
    assert language["grammar"] == languages["grammar"][0]["name"]
    assert (ROOT / languages["grammar"][0]["source"]["path"].replace("/path/to/rubric/", "") / "src/parser.c").is_file()

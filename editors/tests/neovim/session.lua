-- A writer's session, without a screen: opens a project, sees a mistake, fixes it, jumps, renames, formats.
--
-- RUBRIC_PROGRAM: the server; RUBRIC_PROJECT: a folder that may be written. Prints one line for each step and ends with a
-- status that is not 0 when one failed. A step whose request the server does not advertise is skipped and said to be, or
-- fails if RUBRIC_STRICT is set.

local project = assert(os.getenv("RUBRIC_PROJECT"), "RUBRIC_PROJECT names the project")
vim.g.rubric_program = assert(os.getenv("RUBRIC_PROGRAM"), "RUBRIC_PROGRAM names the server")
local WAIT = 20000
local promotion = project .. "/policies/school/promotion.rubric"
local records = project .. "/policies/school/records.rubric"
local passed, failed, skipped = 0, 0, 0

local function say(text)
  io.stdout:write(text .. "\n")
end

local function wait(what, condition)
  if not vim.wait(WAIT, condition, 20) then
    error("waited in vain: " .. what, 0)
  end
end

local function step(name, capability, run)
  local client = vim.lsp.get_active_clients()[1]
  if capability and not client.server_capabilities[capability] then
    local strict = (os.getenv("RUBRIC_STRICT") or "") ~= ""
    failed = failed + (strict and 1 or 0)
    skipped = skipped + (strict and 0 or 1)
    say(("%s: %s: the server does not advertise %s"):format(strict and "FAILED" or "skipped", name, capability))
    return
  end
  local ok, message = pcall(run, client)
  if ok then
    passed = passed + 1
    say("passed: " .. name)
  else
    failed = failed + 1
    say(("FAILED: %s: %s"):format(name, message))
  end
end

local function text(buffer)
  return table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
end

local function expect(condition, message)
  if not condition then
    error(message, 0)
  end
end

local function open(file)
  vim.cmd("edit " .. vim.fn.fnameescape(file))
end

-- Puts the cursor on the first place of a plain text.
local function go(to)
  for number, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, false)) do
    local column = line:find(to, 1, true)
    if column then
      vim.api.nvim_win_set_cursor(0, { number, column - 1 })
      return number, column - 1
    end
  end
  error("not in the text: " .. to, 0)
end

local function replace(from, to)
  local number, column = go(from)
  vim.api.nvim_buf_set_text(0, number - 1, column, number - 1, column + #from, vim.split(to, "\n"))
end

local function here()
  return vim.fn.resolve(vim.api.nvim_buf_get_name(0))
end

open(promotion)
local buffer = vim.api.nvim_get_current_buf()
wait("the server to attach", function()
  local client = vim.lsp.get_active_clients()[1]
  return client ~= nil and client.initialized and vim.lsp.buf_is_attached(buffer, client.id)
end)

step("the project is the folder with rubric.toml", nil, function(client)
  expect(vim.fn.resolve(client.config.root_dir) == vim.fn.resolve(project), tostring(client.config.root_dir))
end)

step("a mistake shows while it is typed, at its place", "textDocumentSync", function()
  replace("when reads_well", "when reads_wel")
  local number, column = go("when reads_wel")
  wait("a diagnostic", function()
    return #vim.diagnostic.get(buffer) > 0
  end)
  local found
  wait("the diagnostic of the name", function()
    for _, one in ipairs(vim.diagnostic.get(buffer)) do
      local code = one.code or (one.user_data and one.user_data.lsp and one.user_data.lsp.code)
      if code == "unknown-name" then
        found = one
        return true
      end
    end
  end)
  expect(found.lnum == number - 1 and found.col == column + 5, vim.inspect(found))
  expect(found.message:find("reads_wel", 1, true), found.message)
  expect(found.severity == vim.diagnostic.severity.ERROR, "an error")
end)

step("a fix is applied", "codeActionProvider", function()
  local number, column = go("when reads_wel")
  vim.api.nvim_win_set_cursor(0, { number, column + 5 })
  local offered = {}
  vim.ui.select = function(items, options, choose)
    for index, item in ipairs(items) do
      local shown = options.format_item and options.format_item(item) or tostring(item)
      table.insert(offered, shown)
      if shown:find("reads_well", 1, true) then
        choose(item, index)
        return
      end
    end
    choose(nil)
  end
  vim.lsp.buf.code_action()
  local ok = vim.wait(WAIT, function()
    return text(buffer):find("when reads_well\n", 1, true) ~= nil
  end, 20)
  expect(ok, "no fix made it reads_well; offered: " .. vim.inspect(offered))
end)

step("the mistake is gone when the text is right", nil, function()
  if not text(buffer):find("when reads_well\n", 1, true) then
    replace("when reads_wel", "when reads_well")
  end
  wait("no error", function()
    return #vim.diagnostic.get(buffer, { severity = vim.diagnostic.severity.ERROR }) == 0
  end)
end)

step("hover says what a name is", "hoverProvider", function()
  local number, column = go(">= passing_level")
  vim.api.nvim_win_set_cursor(0, { number, column + 5 })
  local answers = vim.lsp.buf_request_sync(0, "textDocument/hover", vim.lsp.util.make_position_params(), WAIT)
  local _, answer = next(answers or {})
  expect(answer and answer.result, vim.inspect(answers))
  local lines = table.concat(vim.lsp.util.convert_input_to_markdown_lines(answer.result.contents), "\n")
  expect(lines:find("passing_level", 1, true) and lines:find("count", 1, true), lines)
end)

step("a name leads to where it is declared, in another file", "definitionProvider", function()
  go("reading_level >= passing_level")
  vim.lsp.buf.definition()
  wait("the other file", function()
    return here() == vim.fn.resolve(records)
  end)
  local cursor = vim.api.nvim_win_get_cursor(0)
  local line = vim.api.nvim_get_current_line()
  expect(line:sub(cursor[2] + 1, cursor[2] + 13) == "reading_level", line)
  open(promotion)
end)

step("a field is renamed across files", "renameProvider", function()
  go("reading_level >= passing_level")
  vim.lsp.buf.rename("level_read")
  wait("the new name here", function()
    return text(buffer):find("level_read >= passing_level", 1, true) ~= nil
  end)
  local other = vim.fn.bufadd(records)
  vim.fn.bufload(other)
  wait("the new name in the other file", function()
    return text(other):find("level_read: count?", 1, true) ~= nil
  end)
  expect(not text(buffer):find("reading_level", 1, true), "the old name is left:\n" .. text(buffer))
  expect(text(buffer):find("{level_read} 😀", 1, true), "also inside a text that has 😀")
  -- Neovim holds back the changes of a buffer that is not asked about.
  vim.wait(500, function()
    return false
  end)
  wait("no error after it", function()
    return #vim.diagnostic.get(buffer, { severity = vim.diagnostic.severity.ERROR }) == 0
  end)
end)

step("a text is formatted", "documentFormattingProvider", function()
  local before = text(buffer)
  replace("  rule reads_at_level: promoted", "      rule   reads_at_level :   promoted")
  if vim.lsp.buf.format then
    vim.lsp.buf.format({ timeout_ms = WAIT })
  else
    vim.lsp.buf.formatting_sync(nil, WAIT)
  end
  expect(text(buffer) == before, text(buffer))
end)

step("symbols of the file are listed", "documentSymbolProvider", function()
  local parameters = { textDocument = vim.lsp.util.make_text_document_params() }
  local answers = vim.lsp.buf_request_sync(0, "textDocument/documentSymbol", parameters, WAIT)
  local _, answer = next(answers or {})
  local items = vim.lsp.util.symbols_to_items(assert(answer and answer.result, vim.inspect(answers)), 0)
  local names = vim.inspect(items)
  for _, name in ipairs({ "passing_level", "promotion", "reads_at_level" }) do
    expect(names:find(name, 1, true), names)
  end
end)

step("a lens explains a test in a window of its own", "codeLensProvider", function()
  local parameters = { textDocument = vim.lsp.util.make_text_document_params() }
  local answers = vim.lsp.buf_request_sync(0, "textDocument/codeLens", parameters, WAIT)
  local id, answer = next(answers or {})
  local command
  for _, lens in ipairs(assert(answer and answer.result, vim.inspect(answers))) do
    if lens.command and lens.command.command == "rubric.explain" then
      command = lens.command
    end
  end
  expect(command, vim.inspect(answer))
  vim.lsp.commands["rubric.explain"](command, { client_id = id, bufnr = buffer })
  wait("the explanation", function()
    return vim.bo.filetype == "markdown" and text(0):find("promotion", 1, true) ~= nil
  end)
  vim.cmd("close")
end)

if #vim.api.nvim_get_runtime_file("parser/rubric.so", false) > 0 then
  step("tree-sitter reads the text, and the queries are understood", nil, function()
    local root = vim.treesitter.get_parser(buffer, "rubric"):parse()[1]:root()
    expect(root:type() == "file" and not root:has_error(), root:sexpr())
    local get = vim.treesitter.query and vim.treesitter.query.get or vim.treesitter.get_query
    for _, name in ipairs({ "highlights", "folds", "indents", "locals" }) do
      local query = get("rubric", name)
      expect(query:iter_matches(root, buffer, 0, -1)() ~= nil, name .. " matches nothing")
    end
  end)
end

local client = vim.lsp.get_active_clients()[1]
client.stop()
step("the server ends", nil, function()
  wait("the end", function()
    return client.is_stopped()
  end)
end)

say(("%d passed, %d failed, %d skipped"):format(passed, failed, skipped))
vim.cmd(failed == 0 and passed > 3 and "qall!" or "cquit 1")

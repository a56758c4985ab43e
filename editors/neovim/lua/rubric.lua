-- The language server of Rubric in Neovim, from 0.7 on.
--
-- vim.g.rubric_program: the program, unless it is `rubric` on PATH
-- vim.g.rubric_lsp = false: start no server

local M = {}

-- The folder of the project, or of the file.
local function root(file)
  local folder = vim.fn.fnamemodify(file, ":p:h")
  local marker = vim.fn.findfile("rubric.toml", vim.fn.escape(folder, " ,;*?[]{}\\$") .. ";")
  if marker ~= "" then
    return vim.fn.fnamemodify(marker, ":p:h")
  end
  return folder
end

-- A text that the server wrote, in a window of its own.
local function show(view)
  vim.cmd("botright new")
  vim.bo.buftype = "nofile"
  vim.bo.bufhidden = "wipe"
  vim.bo.swapfile = false
  vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split(view.markdown, "\n"))
  vim.bo.filetype = "markdown"
  vim.bo.modifiable = false
end

-- What lenses name and Neovim does itself.
local function define_commands()
  local function ask(command, context)
    local client = vim.lsp.get_client_by_id(context.client_id)
    local parameters = { command = command.command, arguments = command.arguments }
    client.request("workspace/executeCommand", parameters, function(problem, answer)
      if problem then
        vim.notify(problem.message, vim.log.levels.ERROR)
      elseif type(answer) == "table" and answer.markdown then
        show(answer)
      end
    end, context.bufnr)
  end
  vim.lsp.commands["rubric.explain"] = ask
  vim.lsp.commands["rubric.showCheck"] = ask
  vim.lsp.commands["rubric.showSample"] = ask
  vim.lsp.commands["rubric.showFlips"] = ask
  vim.lsp.commands["rubric.showLocations"] = function(command, context)
    local client = vim.lsp.get_client_by_id(context.client_id)
    local items = vim.lsp.util.locations_to_items(command.arguments[3], client.offset_encoding)
    vim.fn.setqflist({}, " ", { title = command.title, items = items })
    vim.cmd("copen")
  end
end

local clients = {}

-- Neovim before 0.8 keeps no list of servers by folder.
local function start(config)
  if vim.lsp.start then
    return vim.lsp.start(config)
  end
  local id = clients[config.root_dir]
  if id == nil or vim.lsp.get_client_by_id(id) == nil then
    id = vim.lsp.start_client(config)
    clients[config.root_dir] = id
  end
  if id ~= nil then
    vim.lsp.buf_attach_client(0, id)
  end
  return id
end

-- Starts the server for a buffer, or attaches the one of its project.
function M.attach(buffer)
  if vim.g.rubric_lsp == false then
    return nil
  end
  local file = vim.api.nvim_buf_get_name(buffer)
  if file == "" or vim.bo[buffer].buftype ~= "" then
    return nil
  end
  local program = vim.g.rubric_program or "rubric"
  if vim.fn.executable(program) == 0 then
    vim.notify_once(
      ("rubric: `%s` is no program; build it with `cargo install --path .`, or name it in vim.g.rubric_program"):format(program),
      vim.log.levels.WARN
    )
    return nil
  end
  define_commands()
  return start({
    name = "rubric",
    cmd = { program, "lsp" },
    root_dir = root(file),
    capabilities = vim.g.rubric_capabilities or vim.lsp.protocol.make_client_capabilities(),
  })
end

return M

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
  return start({
    name = "rubric",
    cmd = { program, "lsp" },
    root_dir = root(file),
    capabilities = vim.g.rubric_capabilities or vim.lsp.protocol.make_client_capabilities(),
  })
end

return M

-- For Neovim 0.11 and later, which finds this file: `vim.lsp.enable("rubric")`. Set `vim.g.rubric_lsp = false` with it, so
-- that the file type does not start a second server.
return {
  cmd = { vim.g.rubric_program or "rubric", "lsp" },
  filetypes = { "rubric" },
  root_markers = { "rubric.toml", ".git" },
}

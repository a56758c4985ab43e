-- Two blanks, `//` comments, and the language server.
vim.bo.expandtab = true
vim.bo.shiftwidth = 2
vim.bo.softtabstop = 2
vim.bo.commentstring = "// %s"
vim.bo.comments = ":///,://"
vim.opt_local.iskeyword:append("_")

if vim.treesitter.start and pcall(vim.treesitter.start, 0, "rubric") then
  vim.wo.foldexpr = "v:lua.vim.treesitter.foldexpr()"
end

require("rubric").attach(0)

;;; rubric-mode.el --- Rubric policies  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: languages
;; SPDX-License-Identifier: Apache-2.0

;;; Commentary:

;; A mode for `.rubric' files: colours, indentation by braces, comments, and Eglot with `rubric lsp'.

;;; Code:

(require 'cl-lib)
(require 'project)
(require 'rx)

(defgroup rubric nil
  "Rubric policies."
  :group 'languages)

(defcustom rubric-program "rubric"
  "The `rubric' program."
  :type 'string)

(defcustom rubric-indent-offset 2
  "How far a block is indented."
  :type 'integer
  :safe #'integerp)

(defvar rubric-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?/ ". 12" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?_ "w" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?` "$" table)
    table)
  "Words, texts and comments.")

(defvar rubric-font-lock-keywords
  `((,(rx bol (* blank) (? (or "amend" "extend" "ordered") (+ blank))
          (group (or "amount" "assert" "category" "decision" "define" "fixture" "group" "input" "parameter" "policy"
                     "record" "requirement" "test" "use" "waiver"))
          (+ blank) (group (+ (or word "."))))
     (1 font-lock-keyword-face)
     (2 font-lock-function-name-face))
    (,(rx bol (* blank) (or "amend" "extend" "ordered" "allow") symbol-end) . font-lock-keyword-face)
    (,(rx bol (* blank) (group (or "rule" "part" "must" "except" "line")) (+ blank) (group (+ word)) (or eol (not (any "("))))
     (1 font-lock-keyword-face)
     (2 font-lock-variable-name-face))
    (,(rx symbol-start (or "among" "and" "as" "between" "by" "case" "else" "if" "in" "is" "must" "no" "not"
                           "notwithstanding" "of" "or" "otherwise" "over" "per" "presumed" "rounded" "satisfy" "then"
                           "when" "where")
          symbol-end (not (any ":")))
     . font-lock-keyword-face)
    (,(rx symbol-start (or "because" "cite" "default" "effective" "expect" "from" "given" "id" "outcomes" "subject"
                           "through" "title" "until")
          symbol-end (+ blank) (not (any ":=<>")))
     . font-lock-keyword-face)
    (,(rx symbol-start upper (* word)) . font-lock-type-face)
    (,(rx symbol-start (or "yes" "no") symbol-end) . font-lock-constant-face)
    (,(rx (? "$") symbol-start digit (* (any digit ",.-")) (? "%")) . font-lock-constant-face))
  "Colours of `rubric-mode'.")

(defun rubric-indent-line ()
  "Indent the line by the braces that are open before it; a clause of a rule one step more."
  (interactive)
  (let* ((at (- (current-column) (current-indentation)))
         (wanted
          (save-excursion
            (back-to-indentation)
            (let ((closes (looking-at-p (rx (any "})"))))
                  (clause (looking-at-p (rx (or "when" "cite" "because" "subject" "notwithstanding" "waivable") symbol-end)))
                  (depth (car (syntax-ppss)))
                  (open (nth 1 (syntax-ppss))))
              (+ (* rubric-indent-offset (max 0 (if closes (1- depth) depth)))
                 (if (and clause open (rubric--inside-item-p open)) rubric-indent-offset 0))))))
    (indent-line-to wanted)
    (when (> at 0) (forward-char at))))

(defun rubric--inside-item-p (open)
  "Whether a rule, default, line, must or except stands between OPEN and point."
  (save-excursion
    (re-search-backward (rx bol (* blank) (or "rule" "default" "line" "must" "except") symbol-end) open t)))

;;;###autoload
(define-derived-mode rubric-mode prog-mode "Rubric"
  "Rubric policies."
  (setq-local comment-start "// "
              comment-end ""
              comment-start-skip "///?[ \t]*"
              indent-tabs-mode nil
              tab-width 2
              indent-line-function #'rubric-indent-line
              font-lock-defaults '(rubric-font-lock-keywords)))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.rubric\\'" . rubric-mode))

;; A project is the nearest folder with a `rubric.toml'.
(cl-defmethod project-root ((project (head rubric)))
  "The folder of PROJECT."
  (cdr project))

(defun rubric-find-project (folder)
  "The project that FOLDER is in."
  (let ((root (locate-dominating-file folder "rubric.toml")))
    (and root (cons 'rubric root))))

(add-hook 'project-find-functions #'rubric-find-project)

(defvar eglot-server-programs)
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               '(rubric-mode . (lambda (&rest _) (list rubric-program "lsp")))))

(provide 'rubric-mode)
;;; rubric-mode.el ends here

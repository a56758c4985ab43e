;;; session.el --- A writer's session in a batch Emacs  -*- lexical-binding: t; -*-

;; RUBRIC_PROGRAM: the server; RUBRIC_PROJECT: a folder that may be written.

;;; Code:

(require 'cl-lib)
(require 'eglot)
(require 'flymake)
(require 'rubric-mode)

(defvar session-project (file-name-as-directory (getenv "RUBRIC_PROJECT")))
(defvar session-passed 0)
(defvar session-failed 0)
(defvar session-skipped 0)
(setq rubric-program (getenv "RUBRIC_PROGRAM")
      eglot-sync-connect 20
      eglot-autoshutdown nil
      make-backup-files nil
      create-lockfiles nil)

(defun session-wait (what condition)
  "Wait until CONDITION holds, or fail naming WHAT."
  (let ((end (+ (float-time) 20)))
    (while (and (not (funcall condition)) (< (float-time) end))
      (accept-process-output nil 0.05))
    (unless (funcall condition) (error "Waited in vain: %s" what))))

(defun session-step (name capability run)
  "Do RUN, called NAME, if the server has CAPABILITY."
  (if (and capability (not (eglot--server-capable capability)))
      (let ((strict (not (member (getenv "RUBRIC_STRICT") '(nil "")))))
        (if strict (setq session-failed (1+ session-failed)) (setq session-skipped (1+ session-skipped)))
        (message "%s: %s: the server does not advertise %s" (if strict "FAILED" "skipped") name capability))
    (condition-case problem
        (progn (funcall run)
               (setq session-passed (1+ session-passed))
               (message "passed: %s" name))
      (error (setq session-failed (1+ session-failed))
             (message "FAILED: %s: %s" name (error-message-string problem))))))

(defun session-errors ()
  "The errors that Flymake shows."
  (seq-filter (lambda (found) (memq (flymake-diagnostic-type found) '(eglot-error :error))) (flymake-diagnostics)))

(defun session-expect (condition text)
  "Fail with TEXT unless CONDITION."
  (unless condition (error "%s" text)))

(defun session-go (text)
  "Put point at the first place of TEXT."
  (goto-char (point-min))
  (search-forward text)
  (goto-char (match-beginning 0)))

(find-file (concat session-project "policies/school/promotion.rubric"))
(session-expect (eq major-mode 'rubric-mode) "the mode is that of Rubric")
(apply #'eglot--connect (eglot--guess-contact))
(session-wait "the server" #'eglot-managed-p)

(session-step
 "the project is the folder with rubric.toml" nil
 (lambda ()
   (session-expect (file-equal-p (project-root (eglot--project (eglot-current-server))) session-project)
                   (format "%S" (eglot--project (eglot-current-server))))))

(session-step
 "a mistake shows while it is typed, at its place" :textDocumentSync
 (lambda ()
   (session-go "when reads_well")
   (search-forward "reads_well")
   (delete-char -1)
   (eglot--signal-textDocument/didChange)
   (session-wait "an error" (lambda () (flymake-start) (session-errors)))
   (let ((found (car (session-errors))))
     (session-expect (string-match-p "reads_wel" (flymake-diagnostic-text found)) (flymake-diagnostic-text found))
     (session-expect (equal (buffer-substring (flymake-diagnostic-beg found) (flymake-diagnostic-end found)) "reads_wel")
                     (format "%S" found)))))

(session-step
 "the mistake is gone when the text is right" nil
 (lambda ()
   (session-go "when reads_wel\n")
   (search-forward "reads_wel")
   (insert "l")
   (eglot--signal-textDocument/didChange)
   (session-wait "no error" (lambda () (flymake-start) (null (session-errors))))))

(session-step
 "a name leads to where it is declared, in another file" :definitionProvider
 (lambda ()
   (session-go "reading_level >= passing_level")
   (let ((found (xref-backend-definitions 'eglot "LSP identifier at point.")))
     (session-expect (string-match-p "records\\.rubric" (format "%s" (xref-location-group (xref-item-location (car found)))))
                     (format "%S" found)))))

(session-step
 "a text is formatted" :documentFormattingProvider
 (lambda ()
   (let ((before (buffer-string)))
     (session-go "  rule reads_at_level: promoted")
     (insert "    ")
     (eglot--signal-textDocument/didChange)
     (eglot-format-buffer)
     (session-expect (equal (buffer-string) before) (buffer-string)))))

(session-step
 "a field is renamed across files" :renameProvider
 (lambda ()
   ;; Eglot asks before it changes files that are not open.
   (cl-letf (((symbol-function 'y-or-n-p) (lambda (_) t)))
     ;; What changed is else told when Emacs is idle, which a batch never is.
     (eglot--signal-textDocument/didChange)
     (session-go "reading_level >= passing_level")
     (eglot-rename "level_read")
     (session-go "level_read >= passing_level")
     (with-current-buffer (find-file-noselect (concat session-project "policies/school/records.rubric"))
       (session-go "level_read: count?")))))

(session-step
 "the mode indents as the formatter does, and knows comments" nil
 (lambda ()
   (dolist (file '("promotion" "records"))
     (with-temp-buffer
       (insert-file-contents (concat session-project "policies/school/" file ".rubric"))
       (rubric-mode)
       (let ((before (buffer-string)))
         (indent-region (point-min) (point-max))
         (session-expect (equal before (buffer-string)) (buffer-string)))
       (font-lock-ensure)
       (session-go "policy school")
       (session-expect (eq (get-text-property (point) 'face) 'font-lock-keyword-face) "`policy' is a keyword")
       (session-go "/// ")
       (session-expect (nth 4 (syntax-ppss (+ (point) 4))) "a comment")))))

(session-step
 "the server ends" nil
 (lambda ()
   (eglot-shutdown (eglot-current-server))
   (session-expect (not (eglot-managed-p)) "it is still there")))

(message "%d passed, %d failed, %d skipped" session-passed session-failed session-skipped)
(kill-emacs (if (and (= session-failed 0) (> session-passed 4)) 0 1))
;;; session.el ends here

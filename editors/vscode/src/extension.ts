/** Starts `rubric lsp` and offers the commands of the extension. All knowledge of the language is in the server. */

import * as vscode from "vscode";
import { LanguageClient, type Location, type Position, RevealOutputChannelOn, State, TransportKind } from "vscode-languageclient/node";

import { locate } from "./locate";
import { thisMachine } from "./machine";
import { commandLine, type Subcommand } from "./tasks";
import { isView, Shelf, type View } from "./views";

/** The scheme of documents that the server wrote. */
const SCHEME = "rubric-view";
const shelf = new Shelf(50);
const shown = new vscode.EventEmitter<vscode.Uri>();

let running: LanguageClient | undefined;
/** Starts and stops follow one another: two at once would leave a server that nobody stops. */
let changes: Promise<void> = Promise.resolve();

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("Rubric", { log: true });
  const status = vscode.window.createStatusBarItem("rubric.status", vscode.StatusBarAlignment.Left);
  status.name = "Rubric";
  status.command = "rubric.showOutput";
  const restart = (): Promise<void> => inTurn(() => start(output, status));
  context.subscriptions.push(
    output,
    status,
    vscode.commands.registerCommand("rubric.restartServer", restart),
    vscode.commands.registerCommand("rubric.showOutput", () => { output.show(true); }),
    vscode.commands.registerCommand("rubric.openSettings", () =>
      vscode.commands.executeCommand("workbench.action.openSettings", "@ext:rubric.rubric"),
    ),
    vscode.commands.registerCommand("rubric.checkProject", () => run("check")),
    vscode.commands.registerCommand("rubric.testProject", () => run("test")),
    // Named by lenses of the server; what it means to show places is the editor's affair.
    vscode.commands.registerCommand("rubric.showLocations", showLocations),
    shown,
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
      onDidChange: shown.event,
      provideTextDocumentContent: (uri) => shelf.get(uri.path),
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("rubric.server")) void restart();
    }),
  );
  await restart();
}

export function deactivate(): Promise<void> {
  return inTurn(stop);
}

function inTurn(change: () => Promise<void>): Promise<void> {
  changes = changes.then(change, change);
  return changes;
}

async function stop(): Promise<void> {
  const client = running;
  running = undefined;
  await client?.dispose();
}

async function start(output: vscode.LogOutputChannel, status: vscode.StatusBarItem): Promise<void> {
  await stop();
  const program = find();
  if (program === undefined) {
    status.text = "$(warning) Rubric";
    status.tooltip = "the rubric program was not found";
    status.show();
    return;
  }
  const added = vscode.workspace.getConfiguration("rubric").get<Record<string, string>>("server.environment", {});
  const executable = {
    command: program,
    args: ["lsp"],
    transport: TransportKind.stdio,
    options: { env: { ...process.env, ...added } },
  };
  const client = new LanguageClient("rubric", "Rubric", executable, {
    documentSelector: [
      { language: "rubric", scheme: "file" },
      // A policy that was not saved yet is checked alone.
      { language: "rubric", scheme: "untitled" },
    ],
    outputChannel: output,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    middleware: {
      executeCommand: async (command, given, next): Promise<unknown> => {
        const answer: unknown = await next(command, given);
        if (isView(answer)) await show(answer);
        return answer;
      },
    },
  });
  client.onDidChangeState(({ newState }) => {
    const starting = newState === State.Starting;
    status.text = newState === State.Running ? "Rubric" : starting ? "$(sync~spin) Rubric" : "$(error) Rubric";
    status.tooltip = newState === State.Running ? program : starting ? `starting ${program}` : `${program} has stopped`;
    status.show();
  });
  running = client;
  try {
    await client.start();
  } catch (error) {
    output.error(`${program} lsp: ${error instanceof Error ? error.message : String(error)}`);
    void tell(`\`${program} lsp\` did not start; the output says why`, "Show Output", "rubric.showOutput");
  }
}

async function show(view: View): Promise<void> {
  const uri = vscode.Uri.from({ scheme: SCHEME, path: shelf.put(view) });
  shown.fire(uri);
  await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
}

async function showLocations(uri: string, position: Position, locations: Location[]): Promise<void> {
  const convert = running?.protocol2CodeConverter;
  if (convert === undefined) return;
  await vscode.commands.executeCommand(
    "editor.action.showReferences",
    convert.asUri(uri),
    convert.asPosition(position),
    locations.map((location) => convert.asLocation(location)),
  );
}

/** The program, or a message that says how to get it. */
function find(): string | undefined {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const setting = vscode.workspace.getConfiguration("rubric").get<string>("server.path", "");
  const located = locate(setting, folder, thisMachine);
  if (located.kind === "found") return located.program;
  void tell(located.message, "Open Settings", "rubric.openSettings");
  return undefined;
}

async function tell(message: string, action: string, command: string): Promise<void> {
  const chosen = await vscode.window.showErrorMessage(`Rubric: ${message}`, action);
  if (chosen === action) await vscode.commands.executeCommand(command);
}

/** Runs a subcommand on the project of the open file, else of the first folder. */
async function run(subcommand: Subcommand): Promise<void> {
  const program = find();
  if (program === undefined) return;
  const open = vscode.window.activeTextEditor?.document.uri;
  const folder =
    (open === undefined ? undefined : vscode.workspace.getWorkspaceFolder(open)) ?? vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined) {
    void vscode.window.showErrorMessage("Rubric: no folder is open; open the folder that has the `rubric.toml`");
    return;
  }
  const task = new vscode.Task(
    { type: "rubric", subcommand },
    folder,
    subcommand,
    "rubric",
    new vscode.ProcessExecution(program, [...commandLine(subcommand)], { cwd: folder.uri.fsPath }),
    subcommand === "check" ? "$rubric" : [],
  );
  await vscode.tasks.executeTask(task);
}

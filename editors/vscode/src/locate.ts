/** Where the `rubric` program is. Nothing here knows VS Code, so that it can be tested without it. */

import * as path from "node:path";

/** What is asked of the machine. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** Variables of the environment, `PATH` among them. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  isProgram(file: string): boolean;
}

export type Located =
  | { readonly kind: "found"; readonly program: string; readonly from: "setting" | "path" | "cargo" }
  | { readonly kind: "missing"; readonly message: string };

/** How the program is got, said wherever it is missing. */
export const HOW_TO_GET = "build it from the Rubric sources with `cargo install --path .`, which puts it into ~/.cargo/bin";

/** The program that the setting names, else the first on `PATH`, else the one that cargo installed. */
export function locate(setting: string, folder: string | undefined, machine: Machine): Located {
  const paths = machine.platform === "win32" ? path.win32 : path.posix;
  const wanted = setting.trim();
  if (wanted !== "") {
    const program = expand(wanted, folder, machine);
    if (!paths.isAbsolute(program) && !/[\\/]/.test(program)) {
      const found = onPath(program, machine);
      if (found !== undefined) return { kind: "found", program: found, from: "setting" };
      return {
        kind: "missing",
        message: `\`${wanted}\`, which the setting rubric.server.path names, is not on PATH; correct the setting, or empty it to have the program looked for`,
      };
    }
    const absolute = paths.isAbsolute(program) || folder === undefined ? program : paths.join(folder, program);
    if (machine.isProgram(absolute)) return { kind: "found", program: absolute, from: "setting" };
    return {
      kind: "missing",
      message: `the setting rubric.server.path names \`${absolute}\`, which is no program; correct the setting, or empty it to have the program looked for`,
    };
  }
  const found = onPath("rubric", machine);
  if (found !== undefined) return { kind: "found", program: found, from: "path" };
  const cargo = paths.join(machine.home, ".cargo", "bin", executable("rubric", machine));
  if (machine.isProgram(cargo)) return { kind: "found", program: cargo, from: "cargo" };
  return {
    kind: "missing",
    message: `the program \`rubric\` is neither on PATH nor in ~/.cargo/bin; ${HOW_TO_GET}, or name it in the setting rubric.server.path`,
  };
}

function expand(setting: string, folder: string | undefined, machine: Machine): string {
  const paths = machine.platform === "win32" ? path.win32 : path.posix;
  const home = /^~(?=$|[\\/])/;
  const expanded = home.test(setting) ? paths.join(machine.home, setting.slice(1)) : setting;
  return expanded.replaceAll("${workspaceFolder}", () => folder ?? "").replaceAll("${userHome}", () => machine.home);
}

function onPath(name: string, machine: Machine): string | undefined {
  const windows = machine.platform === "win32";
  const paths = windows ? path.win32 : path.posix;
  // Windows writes it `Path`.
  const entry = Object.entries(machine.environment).find(([key]) => (windows ? key.toUpperCase() === "PATH" : key === "PATH"));
  for (const folder of (entry?.[1] ?? "").split(windows ? ";" : ":")) {
    // A relative entry would start whatever an opened folder holds under that name.
    if (!paths.isAbsolute(folder)) continue;
    const file = paths.join(folder, executable(name, machine));
    if (machine.isProgram(file)) return file;
  }
  return undefined;
}

function executable(name: string, machine: Machine): string {
  return machine.platform === "win32" && !name.toLowerCase().endsWith(".exe") ? `${name}.exe` : name;
}

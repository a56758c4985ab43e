/** The command lines that the commands of the extension run in a terminal. */

export type Subcommand = "check" | "test";

/**
 * The arguments of the program, which runs in the folder of the project; never a text for a shell. `check` prints one
 * line for each message, without colours, for the problem matcher.
 */
export function commandLine(subcommand: Subcommand): readonly string[] {
  return subcommand === "check" ? ["check", "--format", "concise", "--color", "never"] : ["test"];
}

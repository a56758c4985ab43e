/** What the server answers to be read: explanations and pages of the manual. Nothing here knows VS Code. */

/** A document that is shown and stands in no file. */
export interface View {
  readonly title: string;
  readonly markdown: string;
}

export function isView(answer: unknown): answer is View {
  if (typeof answer !== "object" || answer === null) return false;
  const view = answer as Partial<Record<keyof View, unknown>>;
  return typeof view.title === "string" && typeof view.markdown === "string";
}

/** The path of a view: its title as one name of a file, so that the tab shows it and a preview knows it for Markdown. */
export function pathOf(view: View): string {
  // The slash and the backslash would make folders of it, and a control character could not be shown.
  // eslint-disable-next-line no-control-regex
  const name = view.title.replaceAll(/[/\\\u0000-\u001f]+/g, " ").trim();
  return `/${name === "" ? "Rubric" : name}.md`;
}

/** The views by path; what was shown longest ago is forgotten. */
export class Shelf {
  readonly #views = new Map<string, string>();

  constructor(private readonly room: number) {}

  put(view: View): string {
    const path = pathOf(view);
    this.#views.delete(path);
    this.#views.set(path, view.markdown);
    for (const oldest of this.#views.keys()) {
      if (this.#views.size <= this.room) break;
      this.#views.delete(oldest);
    }
    return path;
  }

  get(path: string): string | undefined {
    return this.#views.get(path);
  }
}

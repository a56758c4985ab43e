/** The machine that the extension runs on. */

import * as fs from "node:fs";
import * as os from "node:os";

import type { Machine } from "./locate";

export const thisMachine: Machine = {
  platform: process.platform,
  home: os.homedir(),
  environment: process.env,
  isProgram(file) {
    try {
      if (!fs.statSync(file).isFile()) return false;
      fs.accessSync(file, fs.constants.X_OK);
      return true;
    } catch {
      return false;
    }
  },
};

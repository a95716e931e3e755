import { cpSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../tools/home";
import { type Family, lineAt, packageMissingIn, rebuildOf } from "./family";

/** Versions of mise's package for linux-x64 in npm's registry, with their checksums. */
export const miseVersions: readonly (readonly [version: string, integrity: string])[] = [
  ["2026.9.15", "sha512-ButPFGyztN0Rk/HOHvHuf+W80CkvQRAjbDWHvhGJc3PnL3e2KhCYZIOyjx8wPkhr9VJa/7sJZXpxtt5JLjsfaQ=="],
  ["2026.9.14", "sha512-nCb7Cc3Kj7MX/SHfrNGgkQxOMSqxXwuRjQtI3qYuJmCb3gNu57tr2OInEhWx5HosgGdqqtRmlnZkhHxgDy4vhQ=="],
  ["2026.9.12", "sha512-mO+e8dotFDTC1C4mfei147N6SdfrTHJVsDkuxLU0446dnxUi4Wejm/DcfxBrVpF5EQiLJNKkv3mvQ/xHpefhOw=="],
  ["2026.9.11", "sha512-GvGK0TwsVA2ovjJEGVXIphy8PD+PE1tOhwSRZa/W1ZuSWN7XJ14PQu5G9u9t5bsMp4ueewqvR24mAPSCJksK3Q=="],
  ["2026.9.9", "sha512-pCn9teELM6Ed0VtZ83ZxEMtP6B8jphTRbQaaWzHScw8zFtRS+4zfeKGgoGstiNAVMBRrFO0X1RyY82xv5RMUtQ=="],
  ["2026.9.7", "sha512-504sV6Xn4DpIqCbI/nbXiMUxkTNcjQKfLvJyDb9n9+8o8F1c77456bHUrevqQLjYlMkk/dy5WomjM1s6Yzej1A=="],
  ["2026.9.6", "sha512-NbEnJDRld7mgwrrHbdbMzQqXCcXW8xkxmS9yJJMucSRTV3xY5hyp6nTakKl2LuaUaT6Sb1lZC4v3o8pwhAZhcQ=="],
  ["2026.9.1", "sha512-SNkvd4q3svYlO8kRxC9zz7uSXngeoKbPVDeoITGN8IpVVl8FiNcLu4pAXatiMMSRIclnGA+LWzpnAQW/mVUpig=="],
  ["2026.9.0", "sha512-yqcigwieQA8KSPQH70YmlV9T3TOOQSJZ0O+BXjsZp9P9wzZYScpyWn1q/XYXJBiv4sOmPQy8EskgdwEIhZeGuw=="],
];

/** The chain in images/, as it is. */
export const sindri: Family = {
  name: "sindri",
  write: (project) => cpSync(join(root, "images"), join(project, "images"), { recursive: true }),
  changes: {
    app: { edits: [lineAt("images/app/etc/motd", "  News: %s")], reaches: ["app"] },
    configuration: { edits: [lineAt("images/tooling/sshd/strata.conf", "# %s")], reaches: ["tooling", "app"] },
    tool: {
      edits: ["package.json", "package-lock.json"].map((file) => ({
        path: `images/tools/mise/${file}`,
        edit: nextMise,
      })),
      reaches: ["tools", "tooling", "app"],
    },
    package: {
      edits: [{ path: "images/base/packages.lock", edit: (text) => `${text.trimEnd()}\n${packageMissingIn(text)}\n` }],
      reaches: ["base", "tools", "tooling", "app"],
    },
    rebuild: rebuildOf("base"),
  },
};

/** The version behind the one that a file of npm's names, the first behind the last. @throws Error for a file that names none */
export function nextMise(text: string): string {
  const at = miseVersions.findIndex(([version]) => text.includes(`"${version}"`));
  const [version, integrity] = miseVersions[at] ?? [];
  const [next, nextIntegrity] = miseVersions[(at + 1) % miseVersions.length] ?? [];
  if (!version || !integrity || !next || !nextIntegrity) {
    throw new Error("bench/families/sindri.ts: miseVersions lacks the version in images/tools/mise; add it there");
  }
  return text.replaceAll(`"${version}"`, `"${next}"`).replaceAll(integrity, nextIntegrity);
}
